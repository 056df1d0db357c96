"""The repeat rule: what it assumes of costs and chances, and when nobody is told."""

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import Field, field_validator

from aiqa_integration.settings.section import Section


class RecommendationSettings(Section):
    """When a repeat pays, and when nobody is told (docs/recommendations.md)."""

    time_zone: str | None = Field(
        None, description="Zone of the times in the images, such as Europe/Vienna; none = that of this machine."
    )
    scanner_hour_cost: float = Field(592.0, gt=0, description="Cost of an hour of scanner, in any currency.")
    repeat_minutes: float = Field(
        5.0, gt=0, description="Minutes that repeating a series takes where the images do not say."
    )
    recall_minutes: float = Field(30.0, gt=0, description="Minutes of scanner that calling a patient in again takes.")
    unreadable_if_clear: float = Field(
        0.4, ge=0, le=1, description="Chance that a series with a clear artifact (severity 2) cannot be read."
    )
    unreadable_if_severe: float = Field(
        0.9, ge=0, le=1, description="Chance that a series with a severe artifact (severity 3) cannot be read."
    )
    fixable: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        {}, description="Chance that a repeat is better, by artifact, where the site knows better than the catalogue."
    )
    on_table_minutes: float = Field(
        10.0, gt=0, description="Minutes after the last image in which a patient is taken to be on the table."
    )
    late_after_minutes: float = Field(
        60.0, gt=0, description="Minutes between acquisition and arrival after which nobody is told."
    )
    notice_budget_s: float = Field(
        30.0, gt=0, description="Seconds from image to notice; where over 5 % take longer, a reviewer looks instead."
    )
    service_after: int = Field(
        3, ge=2, description="Studies with the same fault of a scanner in 24 hours that call service."
    )
    alert_budget: float = Field(
        0.1,
        gt=0,
        le=1,
        description="Part of the studies that is told of on the table: the last 100 tell which are worth it most.",
    )
    acceptance_window: int = Field(50, ge=10, description="Last notices of which the followed ones are counted.")
    acceptance_floor: float = Field(
        0.3, ge=0, le=1, description="Part of them that must be followed; below it notices suspend themselves."
    )

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str | None) -> str | None:
        if name is not None and name not in available_timezones():
            raise ValueError("no such time zone")
        return name
