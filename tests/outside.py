"""PACS and EHR as a stranger sees them, and the series that a scanner would send: nothing here asks AIQA."""

import json
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import pydicom
import requests
from dicomweb_client import DICOMwebClient
from pydicom.dataset import Dataset

from aiqa_integration.dicom.sample_study import SampleSeries, write_series
from aiqa_integration.model.identity import AIQA_MANUFACTURER, Device, SeriesRef
from aiqa_integration.model.image import ImageStack
from aiqa_integration.simulate.acr_mri import Scan, simulate_series
from tests.servers import OrthancServer

OBJECTS_A_SERIES = 5
SLICES = 11
MATRIX = 256
FIELD_OF_VIEW_MM = 250.0
RESOURCE_TYPES = ("Observation", "DiagnosticReport", "Provenance", "ImagingStudy", "Device")
SCANNER = Device(manufacturer="AIQA simulator", model="Simulated MR", serial="SIM-9", station="SIMMR9")

Resource = dict[str, Any]


@cache
def _drawn() -> ImageStack:
    scan = Scan(matrix=(MATRIX, MATRIX), pixel_mm=(FIELD_OF_VIEW_MM / MATRIX, FIELD_OF_VIEW_MM / MATRIX))
    return simulate_series("acr-mri-large", rng=np.random.default_rng(5), scan=scan).stack


def make_series(folder: Path, study_key: str, number: int = 1) -> tuple[SeriesRef, list[Dataset]]:
    """Write an axial series of the large phantom, upright and centred; return its UIDs and its instances."""
    sample = SampleSeries(
        study_key=study_key,
        description="ACR axial T1",
        device=SCANNER,
        field_strength_t=1.5,
        thickness_mm=5.0,
        phase_encoding="COLUMN",
        series_number=number,
    )
    place = folder / f"{study_key}-{number}"
    ref = write_series(_drawn(), place, sample)
    return ref, [pydicom.dcmread(file) for file in sorted(place.glob("*.dcm"))]


class Pacs:
    """An archive as a stranger sees it: plain STOW, QIDO and WADO, none of AIQA's own code; a context manager."""

    def __init__(self, server: OrthancServer) -> None:
        self._server = server
        self._session = requests.Session()
        self._client = DICOMwebClient(server.url, session=self._session)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def store(self, instances: Sequence[Dataset]) -> None:
        """STOW; raises where one is not taken."""
        answer = self._client.store_instances(instances)
        failed = answer.get("FailedSOPSequence", [])
        if failed:
            raise AssertionError(f"{len(failed)} instances were not stored")

    def results(self, study_instance_uid: str) -> list[Dataset]:
        """Return the metadata of every object that AIQA made in a study, as QIDO and WADO show them."""
        found = self._client.search_for_series(study_instance_uid, fields=["Manufacturer"])
        rows = [Dataset.from_json(row) for row in found]
        return [
            Dataset.from_json(instance, bulk_data_uri_handler=lambda _uri: b"")
            for row in rows
            if row.get("Manufacturer") == AIQA_MANUFACTURER
            for instance in self._client.retrieve_series_metadata(study_instance_uid, row.SeriesInstanceUID)
        ]

    def is_listed(self, study_instance_uid: str, sop_class_uid: str) -> bool:
        """Return whether QIDO finds an object of a class in a study."""
        found = self._client.search_for_instances(study_instance_uid, search_filters={"SOPClassUID": sop_class_uid})
        return bool(found)

    def instance_count(self) -> int:
        """Return how many instances the archive holds in all, by Orthanc's own count."""
        answer = self._session.get(f"{self._server.root}/statistics", timeout=30)
        return int(answer.json()["CountInstances"])


def sources(result: Dataset) -> set[str]:
    """Return every series and instance UID that an object names."""
    return {str(element.value) for element in result.iterall() if element.VR == "UI"}


class Ehr:
    """A FHIR server as a stranger sees it; a context manager."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session = requests.Session()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def all(self, resource_type: str) -> list[Resource]:
        """Return every resource of a type, page by page."""
        url: str | None = f"{self._base_url}/{resource_type}?_count=100"
        found: list[Resource] = []
        while url is not None:
            answer = self._session.get(url, timeout=30)
            answer.raise_for_status()
            bundle = answer.json()
            found += [entry["resource"] for entry in bundle.get("entry", [])]
            url = next((link["url"] for link in bundle.get("link", []) if link["relation"] == "next"), None)
        return found

    def about(self, ref: SeriesRef) -> dict[str, list[Resource]]:
        """Return by type what the server has about a series."""
        observations = [found for found in self.all("Observation") if ref.series_instance_uid in json.dumps(found)]
        places = {f"Observation/{found['id']}" for found in observations}
        reports = [found for found in self.all("DiagnosticReport") if _references(found.get("result", [])) & places]
        provenances = [found for found in self.all("Provenance") if _references(found["target"]) & places]
        studies = [
            found
            for found in self.all("ImagingStudy")
            if f"urn:oid:{ref.study_instance_uid}" in {name["value"] for name in found["identifier"]}
        ]
        return {
            "Observation": observations,
            "DiagnosticReport": reports,
            "Provenance": provenances,
            "ImagingStudy": studies,
        }

    def counts(self) -> dict[str, int]:
        """Return how many resources of each type there are."""
        return {resource_type: len(self.all(resource_type)) for resource_type in RESOURCE_TYPES}

    def shared_names(self) -> set[str]:
        """Return the identifiers that more than one resource of a type carries: each is something written twice."""
        shared = set()
        for resource_type in RESOURCE_TYPES:
            names = Counter(name for found in self.all(resource_type) for name in _own_names(found))
            shared |= {f"{resource_type} {name}" for name, times in names.items() if times > 1}
        return shared


def _references(elements: Sequence[Resource]) -> set[str]:
    return {element.get("reference", "") for element in elements}


def _own_names(resource: Resource) -> set[str]:
    """Return a resource's identifiers and tags of AIQA's own; a serial number may be shared by right."""
    identifiers = [name for name in resource.get("identifier", []) if "device-serial" not in name["system"]]
    tags = [tag for tag in resource["meta"].get("tag", []) if tag["system"].endswith("/sid/provenance")]
    return {f"{name['system']}|{name.get('value', name.get('code'))}" for name in identifiers + tags}
