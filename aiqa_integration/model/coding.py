"""Coded concepts: the same object feeds DICOM SR and FHIR."""

from dataclasses import dataclass

PRIVATE_SCHEME = "99AIQA"
"""Coding scheme designator of concepts for which PS3.16 has none."""

PRIVATE_SCHEME_UID = "2.25.213384237021484209190842339713268837121"
"""Coding Scheme UID (0008,010C) of 99AIQA."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A concept: value (SH, 16 characters at most), scheme designator, meaning (LO, 64 characters at most).

    Raises ValueError where PS3.3 section 8 forbids the lengths.
    """

    value: str
    scheme: str
    meaning: str

    def __post_init__(self) -> None:
        if not 0 < len(self.value) <= 16 or not 0 < len(self.scheme) <= 16 or not 0 < len(self.meaning) <= 64:
            raise ValueError(f"code breaks PS3.3 section 8 lengths: {self.value!r}, {self.scheme!r}, {self.meaning!r}")


def aiqa_code(value: str, meaning: str) -> Code:
    """Return a concept of the project's own scheme 99AIQA."""
    return Code(value=value, scheme=PRIVATE_SCHEME, meaning=meaning)


def dcm_code(value: str, meaning: str) -> Code:
    """Return a concept of the DICOM controlled terminology (PS3.16 annex D)."""
    return Code(value=value, scheme="DCM", meaning=meaning)
