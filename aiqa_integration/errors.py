"""The whole error tree of AIQA; each class has a stable ``code`` that logs, reports and docs/errors.md use.

AiqaError
├─ ConfigurationError            settings, rules or limits are wrong: message, exit code 2
├─ TransientError                try again later
│  ├─ ArchiveUnavailable         PACS cannot be reached or answers 408, 425, 429, 5xx
│  ├─ EhrUnavailable             FHIR server likewise
│  ├─ ReceiverUnavailable        a webhook's or mail server cannot be reached or asks to come back later
│  ├─ LeaseLost                  another worker owns the row now: write nothing
│  ├─ SeriesIncomplete           fewer instances arrived than the archive announces
│  ├─ OutOfMemory                the step needs more memory than the worker has
│  └─ Unforeseen                 an error that nobody thought of: tried a few times, then given up
└─ PermanentError                never again as is
   ├─ InputError                 the series cannot be used
   │  ├─ NotImageData            not DICOM, no pixels, or pixels that do not decode
   │  ├─ IncompleteSeries        identifying attributes, slices or instances are missing for good
   │  ├─ UnsupportedSeries       a kind of object that AIQA does not read
   │  ├─ MixedGeometry           slices that do not form one stack
│  └─ NoRule                  no rule wants the series
   ├─ MeasurementError           becomes NotMeasured
   │  ├─ PhantomNotFound         no known phantom in the images
   │  ├─ RoiOutsideImage         the region to measure leaves the image
   │  └─ TooFewSlices            the slices that a test needs are not there
   ├─ BundleError                a MONAI bundle cannot be trusted or run
   │  ├─ HashMismatch            a file differs from the signed manifest
   │  ├─ ShapeMismatch           the network's input or output has another shape than declared
   │  └─ BadMetadata             metadata.json breaks its schema
   ├─ EncodingError              a result object could not be built: our fault, fails loudly
   ├─ LedgerError                a state change that the transition table does not list
   └─ Refused                    the receiver said no, for good
      ├─ ArchiveRefused          STOW: status and failed instances
      ├─ EhrRefused              FHIR: status and OperationOutcome
      │  └─ EhrUnmatched         the EHR's patient, study or order of a result is missing or ambiguous
      └─ ReceiverRefused         a webhook's or mail server said no
"""

import traceback
from pathlib import Path
from typing import ClassVar


class AiqaError(Exception):
    """Any error that AIQA raises on purpose; ``fix`` says what a person can do about it, where that is known."""

    code: ClassVar[str] = "aiqa-error"
    fix: str = ""


class ConfigurationError(AiqaError):
    """Settings, rules or limits are wrong; the program does not start."""

    code = "configuration"


class TransientError(AiqaError):
    """Try again later.

    ``retry_after_s`` is the receiver's wish (HTTP Retry-After), when it gave one.
    """

    code = "transient"

    def __init__(self, message: str, *, retry_after_s: float | None = None, fix: str = "") -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.fix = fix


class ArchiveUnavailable(TransientError):
    """The PACS cannot be reached or asks to come back later."""

    code = "archive-unavailable"


class EhrUnavailable(TransientError):
    """The FHIR server cannot be reached or asks to come back later."""

    code = "ehr-unavailable"


class ReceiverUnavailable(TransientError):
    """The receiver of a webhook or mail cannot be reached or asks to come back later."""

    code = "receiver-unavailable"


class LeaseLost(TransientError):
    """Another worker owns the row now; nothing may be written."""

    code = "lease-lost"


class SeriesIncomplete(TransientError):
    """Fewer instances arrived than the archive announces."""

    code = "series-incomplete"


class OutOfMemory(TransientError):
    """The step needs more memory than the worker has."""

    code = "out-of-memory"


class Unforeseen(TransientError):
    """An error that nobody thought of: our fault; tried a few times, then given up."""

    code = "unforeseen"

    @classmethod
    def of(cls, error: Exception) -> "Unforeseen":
        """Return what may be logged of an error: its kind and place, not its message (it may quote a patient)."""
        frames = traceback.extract_tb(error.__traceback__)
        place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        return cls(f"{type(error).__name__}{place}")


class PermanentError(AiqaError):
    """The same input will fail the same way."""

    code = "permanent"


class InputError(PermanentError):
    """The series cannot be used."""

    code = "input"


class NotImageData(InputError):
    """Not DICOM, no pixels, or pixels that do not decode."""

    code = "not-image-data"


class IncompleteSeries(InputError):
    """Identifying attributes, slices or instances are missing for good."""

    code = "incomplete-series"


class UnsupportedSeries(InputError):
    """A kind of object that AIQA does not read."""

    code = "unsupported-series"


class MixedGeometry(InputError):
    """Slices that do not form one stack."""

    code = "mixed-geometry"


class NoRule(InputError):
    """No rule wants the series."""

    code = "no-rule"


class MeasurementError(PermanentError):
    """A quantity cannot be measured; becomes NotMeasured."""

    code = "measurement"


class PhantomNotFound(MeasurementError):
    """No known phantom in the images."""

    code = "phantom-not-found"


class RoiOutsideImage(MeasurementError):
    """The region to measure leaves the image."""

    code = "roi-outside-image"


class TooFewSlices(MeasurementError):
    """The slices that a test needs are not there."""

    code = "too-few-slices"


class BundleError(PermanentError):
    """A MONAI bundle cannot be trusted or run."""

    code = "bundle"


class HashMismatch(BundleError):
    """A file of the bundle differs from its manifest."""

    code = "hash-mismatch"


class ShapeMismatch(BundleError):
    """The network's input or output has another shape than declared."""

    code = "shape-mismatch"


class BadMetadata(BundleError):
    """metadata.json breaks its schema."""

    code = "bad-metadata"


class EncodingError(PermanentError):
    """A result object could not be built."""

    code = "encoding"


class LedgerError(PermanentError):
    """A state change that the transition table does not list."""

    code = "ledger"


class Refused(PermanentError):
    """The receiver said no, for good; ``status`` is its HTTP status, None where it sent none."""

    code = "refused"

    def __init__(self, message: str, *, status: int | None = None, fix: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.fix = fix


class ArchiveRefused(Refused):
    """The PACS refused objects.

    ``failed`` maps SOP Instance UID to the DICOM failure reason (0008,1197), None where it gave none.
    """

    code = "archive-refused"

    def __init__(
        self, message: str, *, status: int | None = None, fix: str = "", failed: dict[str, int | None] | None = None
    ) -> None:
        super().__init__(message, status=status, fix=fix)
        self.failed = failed or {}


class EhrRefused(Refused):
    """The FHIR server refused a transaction; ``outcome`` is the OperationOutcome it sent, as JSON text."""

    code = "ehr-refused"

    def __init__(self, message: str, *, status: int | None = None, fix: str = "", outcome: str | None = None) -> None:
        super().__init__(message, status=status, fix=fix)
        self.outcome = outcome


class EhrUnmatched(EhrRefused):
    """The patient, study or order that a result is about is not there in the EHR, or is not one; sent by a replay."""

    code = "ehr-unmatched"


class ReceiverRefused(Refused):
    """The receiver of a webhook or mail refused it."""

    code = "receiver-refused"
