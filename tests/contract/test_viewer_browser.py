"""What a radiologist sees of a result: OHIF in a real browser over a real archive, pixels compared with the objects.

Pictures of every step are left in var/screenshots.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from flask import Response, request
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset, dcmread
from scipy import ndimage

from aiqa_integration.bootstrap import make_adviser, make_analyst, open_scanner_record
from aiqa_integration.cli.analyze import analysed
from aiqa_integration.cli.demo import _trust_samples
from aiqa_integration.cli.samples import write_sample_studies
from aiqa_integration.console.server import serving
from aiqa_integration.dicom.encode import encode_objects
from aiqa_integration.dicom.files import group_files
from aiqa_integration.dicom.uids import Role
from aiqa_integration.dicom.web import DicomWebArchive
from aiqa_integration.errors import ConfigurationError
from aiqa_integration.ledger import schema
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.wording import judgement_text, summary_text
from aiqa_integration.pipeline.ports import LoadedSeries
from aiqa_integration.pipeline.recommend import CallHistory
from aiqa_integration.settings import load_settings
from tests.browser import WEBGL, Browser, missing_chromium
from tests.ohif import Ohif, Picture, image_on_canvas, on_canvas
from tests.unit.dicom_out_samples import judgements
from tests.unit.test_dicom_out_real import SHARED, loaded, patient_report, projection_of
from viewer_kit.ohif import ohif_site
from viewer_kit.site import THREADS, viewer_app

pytestmark = [
    pytest.mark.orthanc,
    pytest.mark.chromium,
    pytest.mark.timeout(600),
    pytest.mark.skipif(missing_chromium() is not None, reason=str(missing_chromium())),
]
SCREENSHOTS = Path("var/screenshots")
PARTS = {
    Role.REPORT_SR: "AI QA report:",
    Role.MEASUREMENT_SR: "AI QA measurements:",
    Role.SERIES_SR: "AI QA series values:",
    Role.SEG: "AI QA regions:",
    Role.OVERLAY: "AI QA overlay:",
}
"""What tells the series of a result apart in the viewer's list."""

CLOSE_PX = 3
"""Half a line's width, half a dash's gap and rounding, in pixels of the screen."""

MARGIN_PX = 60
"""How far from the edge the viewer writes dates, orientation and buttons over the image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A series with its report and the objects made of it."""

    series: LoadedSeries
    report: QaReport
    objects: Mapping[Role, bytes]

    @property
    def uid(self) -> str:
        return self.series.header.ref.study_instance_uid

    def read(self, role: Role) -> Dataset:
        return dcmread(BytesIO(self.objects[role]))


def demo_study(work: Path, name: str) -> Study:
    """Return a study of the demo, analysed with the scanner trusted as the demo has it."""
    (work / "images").mkdir()
    write_sample_studies(work / "images")
    settings = load_settings(data_folder=work / "ledger")
    (work / "ledger").mkdir()
    schema.upgrade(settings.database_url)
    _trust_samples(settings)
    [group] = group_files([work / "images" / name])
    with open_scanner_record(settings) as (record, clock), make_analyst(settings, clock, record) as analyst:
        report, series, _ = analysed(group, None, analyst)
        assert series is not None
        report = CallHistory().advise(report, series.header, make_adviser(settings), now=clock.now())
    return Study(series=series, report=report, objects=encode_objects(report, series))


def ct_study(_: Path) -> Study:
    """Return real slices with a report made for the purpose."""
    series = loaded("abdomen CT")
    slices, _rows, columns = series.stack.voxels.shape
    report = replace(patient_report(series), judgements=judgements(columns, slices - 1))
    return Study(series=series, report=report, objects=encode_objects(report, series))


def mammography_study(work: Path) -> Study:
    """Return a real mammogram with a report made for the purpose; the viewer's version knows no sigmoid grey scale."""
    image = dcmread(loaded("mammography").files[0])
    del image.VOILUTFunction
    image.save_as(work / "image.dcm")
    series = projection_of(work / "image.dcm")
    report = patient_report(series)
    return Study(series=series, report=report, objects=encode_objects(report, series))


STUDIES: Mapping[str, Callable[[Path], Study]] = {
    "mr-phantom": lambda work: demo_study(work, "demo-faulty-1"),
    "mr-patient": lambda work: demo_study(work, "demo-head-wrapped"),
    "ct": ct_study,
    "mammography": mammography_study,
}
REAL = [pytest.mark.shared_data, pytest.mark.skipif(not SHARED.is_dir(), reason="no real DICOM in ../shared/data")]


@dataclass(frozen=True, slots=True)
class Kit:
    """The viewer, its archive, and the answers that were refusals."""

    ohif: Ohif
    archive: DicomWebArchive
    refusals: list[str] = field(default_factory=list)

    def keep(self, name: str, window: Picture) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        Image.fromarray(window.astype(np.uint8)).save(SCREENSHOTS / f"{name}.png")


@pytest.fixture(scope="module")
def kit(tmp_path_factory, orthanc) -> Iterator[Kit]:
    try:
        pages = ohif_site()
    except ConfigurationError as error:
        pytest.skip(str(error))
    refusals: list[str] = []
    app = viewer_app(pages, orthanc.url)

    @app.after_request
    def _note(response: Response) -> Response:
        if response.status_code >= 400:
            refusals.append(f"{response.status_code} {request.full_path}")
        return response

    with ExitStack() as stack:
        address = stack.enter_context(serving(app, "127.0.0.1", 0, threads=THREADS))
        browser = stack.enter_context(Browser(tmp_path_factory.mktemp("profile"), WEBGL))
        archive = DicomWebArchive(orthanc.url)
        stack.callback(archive.close)
        yield Kit(Ohif(browser, address), archive, refusals)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=REAL if name in {"ct", "mammography"} else []) for name in STUDIES]
)
def test_a_result_is_seen_as_it_was_made(name: str, kit: Kit, tmp_path: Path) -> None:
    study = STUDIES[name](tmp_path)
    stored = kit.archive.store([path.read_bytes() for path in study.series.files], study.uid)
    assert not stored.refused
    assert not kit.archive.store(list(study.objects.values()), study.uid).refused
    kit.ohif.browser.complaints.clear()
    kit.refusals.clear()

    kit.ohif.open(study.uid, [PARTS[role] for role in study.objects])
    kit.keep(f"{name}-opened", kit.ohif.settled())
    check_report(kit, name, study)
    check_overlay(kit, name, study)
    check_measurements(kit, name, study)
    if Role.SEG in study.objects:
        check_regions(kit, name, study)

    assert "went wrong" not in kit.ohif.text()
    assert kit.ohif.complaints() == []
    assert kit.refusals == []


def check_report(kit: Kit, name: str, study: Study) -> None:
    """The report reads as text: summary, every value with limits and verdict or why there is none, findings."""
    kit.ohif.double_click(PARTS[Role.REPORT_SR])
    kit.ohif.browser.wait_until("document.body.innerText.includes('Intended use')", 60)
    kit.keep(f"{name}-report", kit.ohif.settled())
    text = " ".join(kit.ohif.text().split())
    assert summary_text(study.report) in text
    for judgement in study.report.judgements:
        assert judgement_text(judgement) in text
    for finding in study.report.findings:
        assert " ".join(finding.explanation.split()) in text


def check_overlay(kit: Kit, name: str, study: Study) -> None:
    """The picture is on the screen as it was drawn."""
    kit.ohif.double_click(PARTS[Role.OVERLAY])
    kit.ohif.browser.wait_until("document.querySelector('canvas.cornerstone-canvas') !== null", 60)
    window = kit.ohif.settled()
    kit.keep(f"{name}-overlay", window)
    shown = kit.ohif.canvas_of(window)
    drawn = image_on_canvas(study.read(Role.OVERLAY).pixel_array, shown.shape[:2])
    blurred = [ndimage.uniform_filter(one.astype(np.float32), (5, 5, 1)).ravel() for one in (shown, drawn)]
    assert np.corrcoef(*blurred)[0, 1] > 0.97


def check_measurements(kit: Kit, name: str, study: Study) -> None:
    """Every region of the image that the viewer turns to is drawn on its pixels, with its number beside it."""
    kit.ohif.double_click(PARTS[Role.MEASUREMENT_SR])
    kit.ohif.browser.wait_until("document.querySelector('svg g[data-annotation-uid] text') !== null", 60)
    window = kit.ohif.settled()
    kit.keep(f"{name}-measurements", window)
    canvas = kit.ohif.canvas_of(window)
    curves = curves_on(study, kit.ohif.shown_instance())
    assert curves
    image = study.series.stack.voxels.shape[1:]
    lines = annotation_coloured(canvas)
    for curve in curves:
        placed = on_canvas(curve, image, canvas.shape[:2])
        assert covered(lines, placed) > 0.9
        assert min(covered(lines, placed + shift) for shift in ((6 * CLOSE_PX, 0), (0, 6 * CLOSE_PX))) < 0.6
    labels = kit.ohif.browser.evaluate("[...document.querySelectorAll('svg text')].map(one => one.textContent)")
    assert len(labels) == len(curves)
    assert all(any(character.isdigit() for character in label) for label in labels)


def check_regions(kit: Kit, name: str, study: Study) -> None:
    """On every image the segments are coloured on their pixels, and nothing else is."""
    kit.ohif.double_click(PARTS[Role.SEG])
    kit.ohif.press("Yes")
    kit.keep(f"{name}-regions", kit.ohif.settled())
    with_segments = 0
    for number in range(len(study.series.stack.slices)):
        kit.ohif.turn_to(number)
        mask = segments_on(study, kit.ohif.shown_instance())
        if mask.any():
            with_segments += 1
            check_colours(kit.ohif.canvas_of(kit.ohif.settled()), mask)
    assert with_segments == len({group.PlanePositionSequence[0].ImagePositionPatient[2] for group in frames_of(study)})


def check_colours(canvas: Picture, mask: NDArray[np.bool_]) -> None:
    expected = image_on_canvas(mask.astype(np.uint8), canvas.shape[:2]) > 0
    coloured = canvas.max(axis=2) - canvas.min(axis=2) > 24
    inner = ndimage.binary_erosion(expected, iterations=CLOSE_PX)
    outer = ndimage.binary_dilation(expected, iterations=2 * CLOSE_PX)
    written_on = np.ones_like(expected)
    written_on[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX] = False
    assert coloured[inner if inner.any() else expected].mean() > 0.9
    assert coloured[~outer & ~written_on & in_image(mask.shape, canvas.shape[:2])].mean() < 0.002


def curves_on(study: Study, instance_uid: str) -> list[NDArray[np.float64]]:
    """Return the coordinates of the measurement SR on an image, dense ``(column, row)`` from the image's corner."""
    found = []
    for item in walk(study.read(Role.MEASUREMENT_SR)):
        if item.get("ValueType") != "SCOORD":
            continue
        [image] = item.ContentSequence
        if image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == instance_uid:
            points = np.reshape(item.GraphicData, (-1, 2)).astype(np.float64)
            found.append(circle_of(*points) if item.GraphicType == "CIRCLE" else polyline_of(points))
    return found


def walk(item: Dataset) -> Iterator[Dataset]:
    yield item
    for child in item.get("ContentSequence", ()):
        yield from walk(child)


def circle_of(centre: NDArray[np.float64], edge: NDArray[np.float64]) -> NDArray[np.float64]:
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    around = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    return np.asarray(centre + np.hypot(*(edge - centre)) * around, np.float64)


def polyline_of(points: NDArray[np.float64]) -> NDArray[np.float64]:
    steps = np.linspace(0, 1, 100, endpoint=False)[:, np.newaxis]
    return np.concatenate([one + steps * (other - one) for one, other in pairwise(points) if any(one != other)])


def annotation_coloured(canvas: Picture) -> NDArray[np.bool_]:
    """Return the pixels that are yellow or green, as annotations are, and those close to them."""
    green, blue = canvas[..., 1], canvas[..., 2]
    coloured = (green > 110) & (green - blue > 70)
    return np.asarray(ndimage.binary_dilation(coloured, iterations=CLOSE_PX), np.bool_)


def covered(mask: NDArray[np.bool_], points: NDArray[np.float64]) -> float:
    """Return the part of the points that lie on the mask."""
    x, y = np.floor(points).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < mask.shape[1]) & (y < mask.shape[0])
    return float(mask[y[inside], x[inside]].mean())


def frames_of(study: Study) -> Sequence[Dataset]:
    """Return the functional groups of the frames of the SEG."""
    groups: Sequence[Dataset] = study.read(Role.SEG).PerFrameFunctionalGroupsSequence
    return groups


def in_image(image: tuple[int, ...], canvas: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which pixels of the canvas the image covers."""
    return image_on_canvas(np.ones(image, dtype=np.uint8), canvas) > 0


def segments_on(study: Study, instance_uid: str) -> NDArray[np.bool_]:
    """Return the union of the segments on an image."""
    seg = study.read(Role.SEG)
    frames = seg.pixel_array.reshape(-1, seg.Rows, seg.Columns)
    groups = frames_of(study)
    on_image = [
        frame
        for frame, group in zip(frames, groups, strict=True)
        if group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID == instance_uid
    ]
    return np.any(np.asarray(on_image, dtype=bool), axis=0) if on_image else np.zeros(frames.shape[1:], dtype=bool)
