import re
from pathlib import Path

import pytest

from aiqa_integration import errors
from aiqa_integration.console import phrases
from aiqa_integration.model import advice
from aiqa_integration.model.job import EffectState, JobEvent, JobState
from aiqa_integration.model.judgement import Verdict
from aiqa_integration.model.measurement import Reason

CSS = (Path(__file__).parents[2] / "aiqa_integration/console/static/console.css").read_text()
MARKS = (Path(__file__).parents[2] / "aiqa_integration/console/templates/marks.html").read_text()


def subclasses(root):
    return [root, *(found for child in root.__subclasses__() for found in subclasses(child))]


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (phrases.VERDICT_BADGES, Verdict),
        (advice.VERDICT_MEANINGS, Verdict),
        (phrases.STATE_BADGES, JobState),
        (phrases.STATE_WORDS, JobState),
        (phrases.STATE_ADVICE, JobState),
        (phrases.SHORT_STATE_WORDS, JobState),
        (phrases.REASON_WORDS, Reason),
        (phrases.EFFECT_BADGES, EffectState),
        (phrases.EVENT_WORDS, [None, *JobEvent]),
    ],
)
def test_there_are_words_for_everything(words, kinds):
    assert set(words) == set(kinds)


def test_there_is_advice_for_every_way_to_refuse_a_series():
    ways = [*subclasses(errors.InputError)[1:], *subclasses(errors.MeasurementError)[1:]]
    assert [way.code for way in ways if way.code not in advice.REFUSAL_ADVICE] == []
    known = {kind.code for kind in subclasses(errors.AiqaError)}
    assert set(advice.REFUSAL_ADVICE) <= known


def test_marks_of_different_words_differ_in_shape():
    results = [*phrases.VERDICT_BADGES.values(), phrases.REFUSED_BADGE]
    assert len({badge.look for badge in results}) == len(results)


def test_every_look_is_drawn_and_coloured():
    badges = [*phrases.VERDICT_BADGES.values(), *phrases.STATE_BADGES.values(), *phrases.EFFECT_BADGES.values()]
    for look in {badge.look for badge in badges} - {"open"}:
        assert f'look == "{look}"' in MARKS
    for look in {badge.look for badge in badges}:
        assert re.search(rf"\.{look}\b[^}}]*--look", CSS)


def colours(block):
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6});", block))


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_right():
    assert contrast("#ffffff", "#000000") == pytest.approx(21.0)  # WCAG 2.2, definition of contrast ratio


@pytest.mark.parametrize("block", re.findall(r":root \{(.*?)\}", CSS, re.DOTALL), ids=["light", "dark", "print"])
@pytest.mark.parametrize(
    "text", ["text", "quiet", "link", "pass", "tolerance", "action", "refused", "neutral", "simulated"]
)
def test_texts_have_contrast_in_light_dark_and_print(block, text):
    found = colours(block)
    assert contrast(found[text], found["ground"]) >= 4.5
    assert contrast(found[text], found["raised"]) >= 4.5


@pytest.mark.parametrize("block", re.findall(r":root \{(.*?)\}", CSS, re.DOTALL), ids=["light", "dark", "print"])
@pytest.mark.parametrize("ground", ["simulated", "action", "link"])
def test_texts_on_coloured_ground_have_contrast(block, ground):
    found = colours(block)
    assert contrast(found["on-mark"], found[ground]) >= 4.5
