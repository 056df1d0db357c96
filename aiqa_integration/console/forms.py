"""What forms bring, checked."""

import uuid


def is_id(text: str) -> bool:
    """Return whether a text is an id as the ledger writes them."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
