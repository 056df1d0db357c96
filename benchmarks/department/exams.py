"""A month of an MRI department: exams, series and what is truly wrong with them; drawn once, met by every policy.

Sources (docs/recommendations.md says which numbers are measured and which are assumed): significant motion in 7.5 % of
outpatients' and 29.4 % of inpatients' exams (Andre et al., JACR 2015); the rates of the other artifacts, the length of
exams and the number of series are assumptions.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from aiqa_integration.model.artifact import ArtifactId

START = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
INPATIENTS = 0.3
MOVES = {"outpatient": 0.075, "inpatient": 0.294}
MOVING_SERIES = 0.35
"""Part of the series that are spoilt where a patient moves."""

SEVERE = 0.4
"""Part of clear or severe artifacts that is severe."""

MINOR_SERIES = 0.15
"""Part of the series with a minor artifact, of any class."""

IMPLANTS = 0.03
CONTRAST_EXAMS = 0.35

RATES: dict[ArtifactId, float] = {
    ArtifactId.GHOST: 0.0020,
    ArtifactId.WRAP: 0.0025,
    ArtifactId.GIBBS: 0.0012,
    ArtifactId.SPIKE: 0.0006,
    ArtifactId.ZIPPER: 0.0006,
    ArtifactId.BIAS: 0.0012,
    ArtifactId.LOW_SNR: 0.0018,
    ArtifactId.FAT_SAT_FAILURE: 0.0018,
    ArtifactId.SLICE_DROPOUT: 0.0006,
}
"""Clear or severe artifact of a series, motion and metal apart; with them one exam in five has one, as often as exams
have a repeated series (19.8 %, Andre et al.)."""

UNREADABLE = {2: 0.4, 3: 0.9}
"""Chance that a series with a clear or severe artifact cannot be read."""

SPARE = 0.15
"""Part of the exams in which one series can stand in for another."""

STAYS_MINUTES = (2.0, 6.0)
"""How long a patient is still on the table after the last series."""

SHAPES = ("axial-t2", "axial-flair", "sagittal-t1", "axial-dwi", "coronal-t2", "axial-t1", "sagittal-t2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A series as it was taken: ``truth`` is the true severity of each artifact that it has."""

    uid: str
    protocol: str
    likeness: str
    minutes: float
    ends_at: datetime
    after_contrast: bool
    truth: dict[ArtifactId, int]
    unreadable: bool

    @property
    def worst(self) -> int:
        """The true severity of the worst artifact."""
        return max(self.truth.values(), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """A patient's exam; ``leaves_at`` is when the patient gets up if nothing is repeated."""

    uid: str
    scanner: str
    shots: tuple[Shot, ...]
    leaves_at: datetime


@dataclass(slots=True)
class Department:
    """Draws the month; ``broken`` is a scanner whose room leaks radio waves for a day."""

    rng: np.random.Generator
    scanners: int = 3
    days: int = 22
    exams_a_day: int = 13
    inpatients: float = INPATIENTS
    broken: tuple[str, int] = ("MR2", 9)
    exams: list[Exam] = field(default_factory=list)

    def draw(self) -> list[Exam]:
        """Return the exams in the order in which they end."""
        for day in range(self.days):
            for scanner in range(1, self.scanners + 1):
                self._day(f"MR{scanner}", day)
        return sorted(self.exams, key=lambda exam: exam.leaves_at)

    def _day(self, scanner: str, day: int) -> None:
        at = START + timedelta(days=day)
        for number in range(self.exams_a_day):
            exam = self._exam(f"{day}.{scanner}.{number}", scanner, at, zipper=(scanner, day) == self.broken)
            self.exams.append(exam)
            at = exam.leaves_at + timedelta(minutes=float(self.rng.uniform(4, 10)))

    def _exam(self, uid: str, scanner: str, at: datetime, *, zipper: bool) -> Exam:
        """Draw an exam that begins at a time: its series one after another, the truth of each."""
        rng = self.rng
        kind = "inpatient" if rng.random() < self.inpatients else "outpatient"
        moves, implant = rng.random() < MOVES[kind], rng.random() < IMPLANTS
        count, contrast = int(rng.integers(5, 8)), rng.random() < CONTRAST_EXAMS
        shapes = [str(shape) for shape in rng.choice(SHAPES, size=count, replace=False)]
        if rng.random() < SPARE:
            shapes[-1] = shapes[0]
        shots = []
        for number, shape in enumerate(shapes):
            minutes = float(rng.uniform(2.0, 7.0))
            at += timedelta(minutes=minutes + 0.5)
            after = contrast and number >= count - 2
            truth = self._truth(moves=moves, implant=implant, zipper=zipper)
            shots.append(
                Shot(
                    uid=f"{uid}.{number}",
                    protocol=f"{shape}-{number}",
                    likeness=f"{shape}{'+c' if after else ''}",
                    minutes=minutes,
                    ends_at=at,
                    after_contrast=after,
                    truth=truth,
                    unreadable=bool(rng.random() < UNREADABLE.get(max(truth.values(), default=0), 0.0)),
                )
            )
        leaves = at + timedelta(minutes=float(rng.uniform(*STAYS_MINUTES)))
        return Exam(uid=uid, scanner=scanner, shots=tuple(shots), leaves_at=leaves)

    def _truth(self, *, moves: bool, implant: bool, zipper: bool) -> dict[ArtifactId, int]:
        rng = self.rng
        truth: dict[ArtifactId, int] = {}
        if rng.random() < MINOR_SERIES:
            truth[ArtifactId(str(rng.choice([artifact.value for artifact in ArtifactId])))] = 1
        for artifact, rate in RATES.items():
            if rng.random() < rate:
                truth[artifact] = self._severity()
        if moves and rng.random() < MOVING_SERIES:
            truth[ArtifactId.MOTION] = self._severity()
        if implant and rng.random() < 0.5:
            truth[ArtifactId.SUSCEPTIBILITY] = self._severity()
        if zipper and rng.random() < 0.6:
            truth[ArtifactId.ZIPPER] = self._severity()
        return truth

    def _severity(self) -> int:
        return 3 if self.rng.random() < SEVERE else 2
