"""What analyses a series: rules, limits, bundles, and the files that come of it."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from threadpoolctl import threadpool_limits

from aiqa_integration import __version__
from aiqa_integration.bootstrap.clock import SystemClock
from aiqa_integration.dicom.encode import encode_objects
from aiqa_integration.dicom.presentation import preview_png
from aiqa_integration.errors import ConfigurationError
from aiqa_integration.fhir.bundle import report_bundle_bytes
from aiqa_integration.infer.bundle import Bundle, Check, find_bundles, verify
from aiqa_integration.infer.isolate import IsolatedInferencer
from aiqa_integration.model.report import QaReport
from aiqa_integration.model.report_json import report_bytes
from aiqa_integration.pipeline.analyst import Analyst
from aiqa_integration.pipeline.ports import LoadedSeries, NoScannerRecord, ScannerRecord
from aiqa_integration.rules.schema import RuleSet, default_rules, parse_rules
from aiqa_integration.settings import Settings, load_settings
from aiqa_integration.tolerances.limits import LimitSet, shipped_limit_sets


@contextmanager
def make_analyst(settings: Settings, clock: SystemClock, record: ScannerRecord | None = None) -> Iterator[Analyst]:
    """Return rules, limits and bundles; the process that runs bundles ends with the block.

    Without a record of the scanners nothing is calibrated. Linear algebra gets one thread meanwhile: its arrays are
    small, and several threads take five times the processor time. Nor does the collector of garbage look again and
    again through what was imported: each parsed file makes it look.
    """
    gc.freeze()
    with (
        threadpool_limits(limits=1, user_api="blas"),
        IsolatedInferencer(bundles(settings), deadline_s=settings.worker.inference_deadline_s) as inferencer,
    ):
        yield Analyst(
            inferencer=inferencer,
            rules=active_rules(settings),
            limit_sets=limit_sets(),
            clock=clock,
            software_version=__version__,
            record=record or NoScannerRecord(),
        )


def encode_files(report: QaReport, series: LoadedSeries | None) -> dict[str, bytes]:
    """Return what ``aiqa analyze`` writes for a report, by file name; raises EncodingError."""
    slices = series.stack.slices if series else ()
    written = {"report.json": report_bytes(report, slices)}
    if report.subject == "phantom":
        written["fhir.json"] = report_bundle_bytes(report, series.header if series else None)
    if series is not None:
        written["preview.png"] = preview_png(report, series)
        written |= {f"{role}.dcm": content for role, content in encode_objects(report, series).items()}
    return written


def active_rules(settings: Settings | None = None) -> RuleSet:
    """Return the rules that the settings name, or those that ship with AIQA."""
    file = (settings or load_settings()).rules_file
    return rules_of(file) if file else default_rules()


def rules_of(file: Path) -> RuleSet:
    """Return the rules of a file; raises ConfigurationError."""
    try:
        return parse_rules(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"rule file: {error}") from error


def limit_sets() -> tuple[LimitSet, ...]:
    """Return the limit sets that ship with AIQA; raises ConfigurationError where one breaks its schema."""
    return shipped_limit_sets()


def bundles(settings: Settings | None = None) -> Mapping[str, Bundle]:
    """Return the bundles that can be found, by name."""
    return find_bundles((settings or load_settings()).bundles_folder)


def bundle_named(name: str, settings: Settings | None = None) -> Bundle:
    """Return a bundle; raises ConfigurationError where there is none of that name."""
    found = bundles(settings)
    if name not in found:
        raise ConfigurationError(f"no bundle '{name}'; known: {', '.join(found) or 'none'}")
    return found[name]


def verify_bundles(names: Sequence[str] = (), settings: Settings | None = None) -> Iterator[tuple[str, Check]]:
    """Yield what is right and wrong with bundles, of all where none is named."""
    for name in names or bundles(settings):
        for check in verify(bundle_named(name, settings)):
            yield name, check
