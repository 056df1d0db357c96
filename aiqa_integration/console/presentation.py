"""What templates may call: badges, words, times."""

from datetime import datetime, timedelta

from flask import Flask

from aiqa_integration.console import charts, phrases
from aiqa_integration.console.context import console
from aiqa_integration.ledger.views import Notice, QueueRow
from aiqa_integration.model.artifact import ARTIFACTS_BY_ID
from aiqa_integration.model.identity import Device
from aiqa_integration.model.judgement import Judgement
from aiqa_integration.model.measurement import Measured
from aiqa_integration.model.quantity import UNITS
from aiqa_integration.model.wording import PROPOSALS, limits_text, value_text


def install(app: Flask) -> None:
    """Give templates their words."""
    app.jinja_env.filters.update(
        moment=moment, ago=ago, value=value, bounds=bounds, capitalized=phrases.capitalized, clock=clock
    )
    app.jinja_env.filters.update(unit_words=unit_words)
    app.jinja_env.globals.update(
        action_meanings=phrases.ACTION_MEANINGS,
        action_words=phrases.ACTION_WORDS,
        answer_words=phrases.ANSWER_WORDS,
        artifact_title=lambda artifact: ARTIFACTS_BY_ID[artifact].title,
        badge=phrases.badge,
        calibration_badges=phrases.CALIBRATION_BADGES,
        deliveries=deliveries,
        effect_badges=phrases.EFFECT_BADGES,
        end_words=phrases.END_WORDS,
        event_words=phrases.EVENT_WORDS,
        family_words=phrases.family_words,
        gauge=charts.gauge,
        gauge_width=charts.WIDTH,
        is_measured=is_measured,
        maker=maker,
        minutes_left=minutes_left,
        notice_badges=phrases.NOTICE_BADGES,
        now=lambda: console().now(),
        open_notices=lambda: console().books.open_notice_count(console().now()),
        place=place,
        progress=phrases.progress,
        proposals=PROPOSALS,
        reason_words=phrases.REASON_WORDS,
        review_words=phrases.REVIEW_WORDS,
        reviewable=lambda: console().reviews is not None,
        scanner=scanner,
        severity_grades=phrases.SEVERITY_GRADES,
        severity_words=phrases.SEVERITY_WORDS,
        short_state_words=phrases.SHORT_STATE_WORDS,
        work_words=phrases.WORK_WORDS,
        state_advice=phrases.STATE_ADVICE,
        state_sentence=phrases.state_sentence,
        stuck=phrases.STUCK,
        verdict_badges=phrases.VERDICT_BADGES,
    )


def moment(at: datetime) -> str:
    """Return a time as the server's own zone tells it."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def unit_words(ucum: str) -> str:
    """Return a unit as a person reads it; empty for a plain number."""
    known = UNITS.get(ucum)
    return known.display if known else ucum


def clock(at: datetime) -> str:
    """Return the time of day as the server's own zone tells it."""
    return at.astimezone().strftime("%H:%M")


def ago(at: datetime) -> str:
    """Return how long ago a time was."""
    passed = max(console().now() - at, timedelta(0))
    minutes = int(passed.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days ago"


def value(judged: Judgement) -> str:
    """Return the value of a judgement; empty where it has none."""
    measurement = judged.measurement
    return value_text(measurement, judged.limits) if isinstance(measurement, Measured) else ""


def bounds(judged: Judgement) -> tuple[str, ...]:
    """Return the limits of a judgement, one text for each level."""
    if judged.limits is None:
        return ()
    return tuple(limits_text(judged.limits, judged.measurement.metric).split(", "))


def minutes_left(notice: Notice) -> int | None:
    """Return for how many minutes a notice is of use; None where it waits until somebody answers."""
    if notice.until is None:
        return None
    return max(int((notice.until - console().now()).total_seconds() // 60), 0)


def deliveries(row: QueueRow) -> str:
    """Return how many deliveries of a series are in which state."""
    counted = ((badge.word, row.deliveries.get(state, 0)) for state, badge in phrases.EFFECT_BADGES.items())
    return ", ".join(f"{count} {word}" for word, count in counted if count)


def maker(device: Device) -> str:
    """Return manufacturer and model of a scanner."""
    return " ".join(filter(None, (device.manufacturer, device.model)))


def place(device: Device) -> str:
    """Return which one it is of its kind."""
    parts = (f"station {device.station}" if device.station else "", f"serial {device.serial}" if device.serial else "")
    return ", ".join(filter(None, parts))


def scanner(device: Device) -> str:
    """Return which scanner made the images."""
    return ", ".join(filter(None, (maker(device), place(device)))) or "scanner not named"


def is_measured(judged: Judgement) -> bool:
    """Return whether a judgement has a value."""
    return isinstance(judged.measurement, Measured)
