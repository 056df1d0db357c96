"""The random sample of series that a person looks at although nothing was found: without it sensitivity is unknown."""

import hashlib

AUDIT_SHARE = 0.02


def in_audit_sample(series_instance_uid: str, share: float = AUDIT_SHARE) -> bool:
    """Return whether a series belongs to the sample: by its UID alone, so that a repeated analysis says the same."""
    digest = hashlib.sha256(b"aiqa-audit-sample\0" + series_instance_uid.encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
