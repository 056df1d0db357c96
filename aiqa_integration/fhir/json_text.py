"""FHIR as JSON text, with every digit of its decimals both ways (R4 json.html#decimal)."""

import json
import re
from decimal import Decimal
from uuid import uuid4

from aiqa_integration.errors import EncodingError
from aiqa_integration.fhir.codes import Element

_MARK = uuid4().hex
"""Stands before the digits of a decimal while ``json`` writes it as a string; never leaves ``json_bytes``."""

_MARKED = re.compile(f'"{_MARK}([-0-9.]+)"')


def json_bytes(resource: Element) -> bytes:
    """Return a resource as UTF-8 JSON with every digit of its decimals; raises EncodingError for NaN and strangers."""
    try:
        text = json.dumps(resource, default=_marked, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise EncodingError(f"not FHIR JSON: {error}") from error
    return _MARKED.sub(r"\1", text).encode()


def read_json(content: bytes) -> object:
    """Return what JSON says, numbers with a fraction as ``Decimal``; raises ValueError where it is none."""
    return json.loads(content, parse_float=Decimal)


def _marked(value: object) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return f"{_MARK}{value:f}"
    raise TypeError(f"{type(value).__name__} has no place in FHIR JSON")
