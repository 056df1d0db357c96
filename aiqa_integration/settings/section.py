"""A section of the settings: a table of the file."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Values that do not change, and no others than those that are named."""

    model_config = ConfigDict(frozen=True, extra="forbid")
