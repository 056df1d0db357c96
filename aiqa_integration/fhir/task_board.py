"""The Tasks of AIQA in an EHR: read by poll, ended under If-Match."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from aiqa_integration.errors import EhrRefused
from aiqa_integration.fhir import status_change
from aiqa_integration.fhir.client import FhirClient
from aiqa_integration.fhir.codes import MADE_BY_AIQA_TAG, SERIES_INSTANCE_UID, Element
from aiqa_integration.fhir.status_change import UNDECIDED, StatusChange
from aiqa_integration.fhir.task import REPEAT, TASK
from aiqa_integration.pipeline.follow_up import BEGUN_FOLLOWED_FOR, Ending, RemoteTask

ANSWERS: Mapping[str, Literal["accepted", "declined"]] = {
    "accepted": "accepted",
    "in-progress": "accepted",
    "completed": "accepted",
    "rejected": "declined",
    "cancelled": "declined",
    "failed": "declined",
    "entered-in-error": "declined",
}
"""What a Task's status (R4 task-status) says of its proposal."""

BEGUN = ("accepted", "in-progress")
UNFINISHED = (*UNDECIDED, *BEGUN)

_TASK_STATUS = {
    "accepted": "accepted",
    "done": "completed",
    "repeated": "completed",
    "declined": "rejected",
    "expired": "cancelled",
    "withdrawn": "cancelled",
}
_PROPOSAL_STATUS = {"repeated": "completed", "declined": "revoked", "expired": "revoked", "withdrawn": "revoked"}
_NOTES = {
    "accepted": "Accepted on AIQA's notice board.",
    "done": "Taken note of on AIQA's notice board.",
    "repeated": "The series was repeated.",
    "declined": "Declined on AIQA's notice board.",
    "expired": "Nobody decided in time; the patient is taken to have left.",
    "withdrawn": "A later result of the same series takes its place.",
}
_REASONS = frozenset({"declined", "expired", "withdrawn"})
_AT_A_TIME = 20


def task_change(key: str, ending: Ending, *, at: datetime) -> StatusChange:
    """Return how an ending is written into the Task of a key; a person's answer there is not changed."""
    return StatusChange(
        resource_type="Task",
        system=TASK,
        value=key,
        status=_TASK_STATUS[ending.word],
        only_from=UNFINISHED if ending.word == "repeated" else UNDECIDED,
        note=_NOTES[ending.word],
        author=ending.who,
        at=at.astimezone(UTC).isoformat(timespec="seconds"),
        reason=ending.word if ending.word in _REASONS else "",
        output=ending.repeated_by,
    )


class FhirTaskBoard:
    """Fulfils ``pipeline.follow_up.TaskBoard`` at a FHIR server that searches Task by ``_tag`` and ``status``."""

    def __init__(self, client: FhirClient) -> None:
        self._client = client

    def unfinished(self, *, now: datetime) -> tuple[RemoteTask, ...]:
        """Return every Task of AIQA that has not ended; raises EhrRefused where they cannot be told from others."""
        abilities = self._client.abilities()
        if "Task" not in abilities.types:
            return ()
        missing = [name for name in ("_tag", "status") if not abilities.searches("Task", name)]
        if missing:
            raise EhrRefused(f"the server does not search Task by {' and '.join(missing)}")
        tag = f"{MADE_BY_AIQA_TAG['system']}|{MADE_BY_AIQA_TAG['code']}"
        changed = (now - BEGUN_FOLLOWED_FOR).astimezone(UTC).isoformat(timespec="seconds")
        lately = {"_lastUpdated": f"ge{changed}"} if abilities.searches("Task", "_lastUpdated") else {}
        found = self._client.search_all("Task", {"_tag": tag, "status": ",".join(UNDECIDED)})
        found += self._client.search_all("Task", {"_tag": tag, "status": ",".join(BEGUN), **lately})
        return tuple(task for resource in found if (task := remote_task(resource)) and not task.ended)

    def named(self, keys: Sequence[str]) -> tuple[RemoteTask, ...]:
        """Return the Tasks of these keys that are there."""
        if not self._client.abilities().searches("Task", "identifier"):
            return ()
        found: list[RemoteTask] = []
        for start in range(0, len(keys), _AT_A_TIME):
            some = keys[start : start + _AT_A_TIME]
            tokens = ",".join(f"{TASK}|{key}" for key in some)
            tasks = map(remote_task, self._client.search_all("Task", {"identifier": tokens}))
            found += [task for task in tasks if task and task.key in some]
        return tuple(found)

    def end(self, task: RemoteTask, ending: Ending, *, at: datetime) -> None:
        """Write an ending into the Task, then into the proposal that it is about."""
        moment = at.astimezone(UTC).isoformat(timespec="seconds")
        place = status_change.apply(task_change(task.key, ending, at=at), self._client).place
        if place and ending.word in _PROPOSAL_STATUS:
            self._end_proposal(self._client.read(place), ending, moment)

    def _end_proposal(self, task: Element, ending: Ending, moment: str) -> None:
        reference = str(task.get("focus", {}).get("reference", ""))
        if not reference.startswith("ServiceRequest/"):
            return
        identifiers = self._client.read(reference.partition("/_history")[0]).get("identifier", [])
        for identifier in identifiers:
            if identifier.get("system") == REPEAT:
                change = StatusChange(
                    resource_type="ServiceRequest",
                    system=REPEAT,
                    value=identifier["value"],
                    status=_PROPOSAL_STATUS[ending.word],
                    only_from=("draft",),
                    note=_NOTES[ending.word],
                    at=moment,
                )
                status_change.apply(change, self._client)


def remote_task(resource: Element) -> RemoteTask | None:
    """Return what a Task says; None for one that is not ours."""
    keys = [str(listed["value"]) for listed in resource.get("identifier", []) if listed.get("system") == TASK]
    if not keys:
        return None
    status = str(resource.get("status", ""))
    end = resource.get("restriction", {}).get("period", {}).get("end")
    return RemoteTask(
        key=keys[0],
        series_instance_uid=_series(resource),
        answer=ANSWERS.get(status),
        ended=status not in UNFINISHED,
        who=_who(resource),
        until=datetime.fromisoformat(str(end)) if end and "T" in str(end) else None,
    )


def _series(resource: Element) -> str:
    wanted = SERIES_INSTANCE_UID["coding"][0]["code"]
    for item in resource.get("input", []):
        if any(coding.get("code") == wanted for coding in item.get("type", {}).get("coding", [])):
            return str(item.get("valueString", ""))
    return ""


def _who(resource: Element) -> str:
    """Return who answered, where the Task says so in words: its owner, else the last note's author."""
    authors = [str(note["authorString"]) for note in resource.get("note", []) if "authorString" in note]
    return str(resource.get("owner", {}).get("display", "")) or (authors[-1] if authors else "")
