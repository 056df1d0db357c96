"""Measurement groups of TID 1500: a value, or why there is none, or a finding, with its place and what made it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from highdicom import sr
from pydicom.dataset import Dataset

from aiqa_integration.dicom.energy import anchor_region, finding_places
from aiqa_integration.dicom.result_object import concept
from aiqa_integration.dicom.uids import tracking_uid
from aiqa_integration.errors import EncodingError
from aiqa_integration.model import codes
from aiqa_integration.model.catalogue import catalogue
from aiqa_integration.model.coding import Code
from aiqa_integration.model.finding import Evidence, Finding
from aiqa_integration.model.image import SliceRef
from aiqa_integration.model.judgement import Judgement
from aiqa_integration.model.measurement import Measured, NotMeasured, Region
from aiqa_integration.model.quantity import PERCENT, Unit
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.wording import evidence_text, number_text
from aiqa_integration.pipeline.ports import LoadedSeries

HALF_PIXEL = 0.5
"""From our pixel centres at integers to SCOORD, whose 0\\0 is the corner of the first pixel (PS3.3 C.18.6.1.1)."""

LONGEST_DS = 16
"""Characters of a Decimal String (PS3.5 table 6.2-1)."""

MOST_SOURCES = 40
"""Images that a group without a place names; a finding on more of them is said to be one of the series."""

Group = sr.PlanarROIMeasurementsAndQualitativeEvaluations | sr.MeasurementsAndQualitativeEvaluations


def planar_groups(report: QaReport, series: LoadedSeries) -> list[Group]:
    """Return a TID 1410 group for every value and finding with a place on an image; raises EncodingError.

    A metric's further regions are segments of the SEG.
    """
    values = [judgement for judgement in report.judgements if _is_planar(judgement)]
    groups = [_value_group(report, series, judgement) for judgement in values]
    for name, finding in named_findings(report):
        region = anchor_region(finding, series.stack.voxels.shape[1:])
        if region is not None:
            groups.append(_finding_group(report, series, finding, name=name, region=region))
    return groups


def series_groups(report: QaReport, series: LoadedSeries) -> list[Group]:
    """Return a TID 1501 group for everything that has no group with a place: values, missing values, findings.

    Raises EncodingError.
    """
    values = [judgement for judgement in report.judgements if not _is_planar(judgement)]
    groups = [_value_group(report, series, judgement) for judgement in values]
    shape = series.stack.voxels.shape[1:]
    loose = ((name, found) for name, found in named_findings(report) if anchor_region(found, shape) is None)
    return groups + [_finding_group(report, series, finding, name=name, region=None) for name, finding in loose]


def named_findings(report: QaReport) -> Iterator[tuple[str, Finding]]:
    """Yield the findings with a name each: the artifact's, numbered from its second one on."""
    seen: Counter[str] = Counter()
    for finding in report.findings:
        seen[finding.artifact] += 1
        count = seen[finding.artifact]
        yield (finding.artifact if count == 1 else f"{finding.artifact} {count}"), finding


def image_region(region: Region, series: LoadedSeries) -> sr.ImageRegion:
    """Return a region as SCOORD on its image; raises EncodingError where it lies outside the stack or the image."""
    ref = _slice(series, region.slice_index, f"region {region.label!r}")
    points = [*region.points, region.points[0]] if region.shape == "polygon" else list(region.points)
    circle = region.shape == "circle"
    try:
        return sr.ImageRegion(
            graphic_type=sr.GraphicTypeValues.CIRCLE if circle else sr.GraphicTypeValues.POLYLINE,
            graphic_data=np.asarray(points, dtype=np.float64) + HALF_PIXEL,
            source_image=sr.SourceImageForRegion(**_reference(ref)),
        )
    except ValueError as error:
        raise EncodingError(f"region {region.label!r}: {error}") from error


def _is_planar(judgement: Judgement) -> bool:
    """Return whether a judgement goes among the groups with coordinates.

    A NUM without a value does not: readers of those groups (highdicom, viewers that draw) expect one.
    """
    return isinstance(judgement.measurement, Measured) and bool(judgement.measurement.regions)


def _value_group(report: QaReport, series: LoadedSeries, judgement: Judgement) -> Group:
    """Return the group of a metric: its number or why there is none, and the verdict."""
    measurement = judgement.measurement
    metric, missing = measurement.metric, None
    evaluations = [_coded(codes.VERDICT, codes.VERDICTS[judgement.verdict])]
    if judgement.verdict in codes.QUALITY_ASSESSMENTS:
        evaluations.append(_coded(codes.QUALITY_ASSESSMENT, codes.QUALITY_ASSESSMENTS[judgement.verdict]))
    if isinstance(measurement, NotMeasured):
        missing = measurement
        evaluations.append(_coded(codes.NOT_MEASURED_REASON, codes.REASONS[measurement.reason]))
        number = _number(metric.code, 0.0, metric.unit, "0")
    else:
        value = measurement.quantity.value
        number = _number(metric.code, value, metric.unit, number_text(value, metric, judgement.limits))
    group = _group(
        report,
        series,
        name=metric.id,
        regions=measurement.regions if _is_planar(judgement) else (),
        places=[place for place in range(len(series.stack.slices)) if place == measurement.slice_index],
        algorithm=_algorithm(report, f"metric={metric.id}/{metric.version}"),
        measurements=[number],
        evaluations=evaluations,
    )
    if missing is not None:
        _empty(group[0], missing)
    if remarks := [text for text in (measurement.detail, judgement.note) if text]:
        _comment(group[0], "; ".join(remarks))
    return group


def _finding_group(
    report: QaReport, series: LoadedSeries, finding: Finding, *, name: str, region: Region | None
) -> Group:
    """Return the group of a finding: what it is, how probable and how severe, what supports it, in words and codes."""
    percent = 100.0 * finding.probability
    numbers = [_number(codes.finding_probability(finding.artifact), percent, PERCENT, f"{percent:.1f}")]
    numbers += [number for evidence in finding.evidence if (number := _evidence_number(evidence)) is not None]
    group = _group(
        report,
        series,
        name=f"finding/{name}",
        regions=() if region is None else (region,),
        places=finding_places(finding),
        algorithm=_algorithm(report, f"finding={finding.artifact}"),
        measurements=numbers,
        evaluations=[
            _coded(codes.QUALITY_FINDING, codes.finding_code(finding.artifact)),
            _coded(codes.SEVERITY, codes.SEVERITIES[finding.severity]),
        ],
    )
    _comment(group[0], finding.explanation)
    for evidence in finding.evidence:
        _text(group[0], codes.EVIDENCE, evidence_text(evidence))
    return group


def _group(
    report: QaReport,
    series: LoadedSeries,
    *,
    name: str,
    regions: Sequence[Region],
    places: Sequence[int],
    algorithm: sr.AlgorithmIdentification,
    measurements: Sequence[sr.Measurement],
    evaluations: Sequence[sr.QualitativeEvaluation],
) -> Group:
    """Return a group on the first of the regions, or one of the series where there is none."""
    common: dict[str, Any] = {
        "tracking_identifier": sr.TrackingIdentifier(uid=tracking_uid(report, name), identifier=name),
        "finding_type": concept(codes.IMAGE_QUALITY_ANALYSIS),
        "algorithm_id": algorithm,
        "measurements": measurements,
        "qualitative_evaluations": evaluations,
    }
    if regions:
        region = image_region(regions[0], series)
        return sr.PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=region, **common)
    refs = [_slice(series, place, name) for place in places]
    refs = refs if len(refs) <= MOST_SOURCES else []
    images = [sr.SourceImageForMeasurementGroup(**_reference(ref)) for ref in refs]
    return sr.MeasurementsAndQualitativeEvaluations(source_images=images or None, **common)


def _slice(series: LoadedSeries, place: int, what: str) -> SliceRef:
    if not 0 <= place < len(series.stack.slices):
        raise EncodingError(f"{what} lies on slice {place}, outside the stack")
    return series.stack.slices[place]


def _reference(ref: SliceRef) -> dict[str, Any]:
    return {
        "referenced_sop_class_uid": ref.sop_class_uid,
        "referenced_sop_instance_uid": ref.sop_instance_uid,
        "referenced_frame_numbers": None if ref.frame_number is None else [ref.frame_number],
    }


def _number(name: Code, value: float, unit: Unit, shown: str) -> sr.Measurement:
    """Return a NUM, rounded for display and exact beside it."""
    number = sr.Measurement(concept(name), value=value, unit=concept(codes.unit_code(unit)))
    if len(shown) <= LONGEST_DS:  # else highdicom's own rendering stays
        number[0].MeasuredValueSequence[0].NumericValue = shown
    number[0].MeasuredValueSequence[0].FloatingPointValue = value
    return number


def _empty(group: Dataset, missing: NotMeasured) -> None:
    """Take the value out of a group's NUM and say why (PS3.3 C.18.1, CID 42): highdicom builds none without a value."""
    for item in group.ContentSequence:
        if item.ValueType == "NUM":
            item.MeasuredValueSequence = []
            item.NumericValueQualifierCodeSequence = [concept(codes.VALUE_QUALIFIERS[missing.reason])]


def _evidence_number(evidence: Evidence) -> sr.Measurement | None:
    """Return a number that supports a finding; None where the catalogue has no name for it (its text says it)."""
    row = catalogue().metrics.get(evidence.metric)
    quantity = evidence.quantity
    if row is None or row.unit != quantity.unit.ucum:
        return None
    return _number(row.code, quantity.value, quantity.unit, f"{quantity.value:.6g}")


def _comment(group: Dataset, text: str) -> None:
    _text(group, codes.COMMENT, text)


def _text(group: Dataset, name: Code, text: str) -> None:
    if text:  # an item without one is not valid
        group.ContentSequence.append(sr.TextContentItem(concept(name), text, sr.RelationshipTypeValues.CONTAINS))


def _coded(name: Code, value: Code) -> sr.QualitativeEvaluation:
    return sr.QualitativeEvaluation(concept(name), concept(value))


def _algorithm(report: QaReport, what: str) -> sr.AlgorithmIdentification:
    """Return TID 4019: what made the number, so that it can be made again; the rest stands in the report SR."""
    made, bundle = report.provenance, report.bundle
    parameters = [what]
    if made.limit_set:
        parameters.append(f"limit_set={made.limit_set}@{made.limit_set_revision}")
    if bundle is not None:
        parameters.append(f"bundle={bundle.name}/{bundle.version} weights_sha256={bundle.weights_sha256}")
    return sr.AlgorithmIdentification(name=report.analysis, version=report.analysis_version, parameters=parameters)
