"""What a result means and what to do next: one wording for console, report SR and PDF."""

from dataclasses import dataclass

from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.report import QaReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a result means in one sentence, and what to do."""

    means: str
    advice: str


VERDICT_MEANINGS: dict[Verdict, Meaning] = {
    Verdict.PASS: Meaning(means="Every required value is within its limits.", advice="Nothing to do at the scanner."),
    Verdict.TOLERANCE: Meaning(
        means="At least one value is outside its tolerance; none is outside its action limits.",
        advice="Check how the test object lay and scan it once more. If it stays, tell the medical physicist.",
    ),
    Verdict.ACTION: Meaning(
        means="At least one value is outside its action limits.",
        advice="Check how the test object lay and scan it once more. If it stays, call the medical physicist, "
        "who decides about the scanner.",
    ),
    Verdict.NOT_ASSESSED: Meaning(
        means="Values were measured, but no limits apply to them.",
        advice="The medical physicist decides whether limits should be set.",
    ),
    Verdict.NOT_MEASURED: Meaning(
        means="At least one required value could not be measured, so this is no pass.",
        advice="The reason stands beside each missing value below. Mend it and scan once more.",
    ),
}

PATIENT_ADVICE: dict[Verdict, str] = {
    Verdict.PASS: "Nothing to do.",
    Verdict.TOLERANCE: "Look at the images before the patient leaves.",
    Verdict.ACTION: "Look at the images before the patient leaves; a person decides whether to repeat the scan.",
    Verdict.NOT_MEASURED: "Look at the images: the program could not judge all of them.",
}
"""What to do where the images are those of a patient; no word about a test object."""

_SEND_AGAIN = "Send the series again from the scanner. If it stays, scan once more."
_CHECK_BUNDLE = "Tell the administrator: 'aiqa bundle verify' says what is wrong with the bundle."

REFUSAL_ADVICE: dict[str, str] = {
    "not-image-data": _SEND_AGAIN,
    "incomplete-series": _SEND_AGAIN,
    "unsupported-series": "Nothing to do: AIQA does not read this kind of object.",
    "mixed-geometry": "Send each stack of slices as a series of its own.",
    "no-rule": "Nothing to do if no analysis was expected. If one was, change the rules.",
    "phantom-not-found": "Is this the right test object, whole and in the middle of the images? If so, scan once more; "
    "if not, nothing to do.",
    "roi-outside-image": "Scan once more with a larger field of view.",
    "too-few-slices": "Scan all slices that the guideline asks for.",
    "hash-mismatch": _CHECK_BUNDLE,
    "shape-mismatch": _CHECK_BUNDLE,
    "bad-metadata": _CHECK_BUNDLE,
    "bundle": _CHECK_BUNDLE,
}
"""What to do about a refused series, by the stable code of its error (docs/errors.md)."""

ANY_REFUSAL_ADVICE = "Look at the reason. If it stays when the series is sent again, tell the administrator."


def report_meaning(report: QaReport) -> Meaning:
    """Return what a report means and what to do."""
    if report.refused is not None:
        return refusal_meaning(report.refused.code, report.refused.detail)
    meaning = VERDICT_MEANINGS[report.verdict]
    if report.subject == "patient":
        return Meaning(means=meaning.means, advice=PATIENT_ADVICE.get(report.verdict, meaning.advice))
    return meaning


def refusal_meaning(code: str, detail: str) -> Meaning:
    """Return what a refusal means and what to do; ``code`` is the stable error code."""
    words = detail or code
    ended = words if words.endswith((".", "!", "?")) else f"{words}."
    advice = REFUSAL_ADVICE.get(code, ANY_REFUSAL_ADVICE)
    return Meaning(means=ended[:1].upper() + ended[1:], advice=advice)
