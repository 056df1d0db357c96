"""Whether two transactions say the same."""

import hashlib
import json

VOLATILE = frozenset({"issued", "time", "recorded", "occurredDateTime", "authoredOn", "lastModified", "date"})
"""Elements that differ each time a result is made; one that differs in nothing else is not sent again."""


def content_digest(payload: bytes) -> str:
    """Return the SHA-256 of a transaction without what differs each time that it is made."""
    text = json.dumps(_settled(json.loads(payload)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _settled(value: object) -> object:
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items() if key not in VOLATILE}
    return [_settled(item) for item in value] if isinstance(value, list) else value
