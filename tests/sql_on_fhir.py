"""A small runner of SQL-on-FHIR view definitions: where, select, forEach, column, constant; paths by fhirpathpy.

Source: SQL on FHIR 2.0.0; ``getResourceKey`` and ``getReferenceKey`` as its section "Additional functions" says.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import fhirpathpy
from fhirpathpy.models import models

Row = dict[str, object]
# Parsing takes most of the time, and `compile` cannot be told where an element stands.
vars(fhirpathpy)["parse"] = cache(vars(fhirpathpy)["parse"])
_REFERENCE_KEY = re.compile(r"\.getReferenceKey\((\w+)\)")


def rows(view: Mapping[str, Any], resource: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the rows that a view makes of a resource."""
    if resource["resourceType"] != view["resource"]:
        return
    constants = {each["name"]: each["valueString"] for each in view.get("constant", [])}
    wanted = [each["path"] for each in view.get("where", [])]
    if any(_at(resource, path, str(view["resource"]), constants) != [True] for path in wanted):
        return
    partial: list[Row] = [{}]
    for select in view["select"]:
        assert select.keys() <= {"forEach", "column"}, "the runner knows no more"
        found = list(_selected(select, resource, str(view["resource"]), constants))
        partial = [{**row, **columns} for row in partial for columns in found]
    yield from partial


def _selected(
    select: Mapping[str, Any], resource: Mapping[str, Any], kind: str, constants: Mapping[str, str]
) -> Iterator[Row]:
    if "forEach" not in select:
        yield {column["name"]: _value(column, resource, kind, constants) for column in select["column"]}
        return
    element = f"{kind}.{select['forEach'].partition('.')[0]}"
    for item in _at(resource, select["forEach"], kind, constants):
        yield {column["name"]: _value(column, item, element, constants) for column in select["column"]}


def _value(column: Mapping[str, Any], base: Any, kind: str, constants: Mapping[str, str]) -> object:
    path = column["path"].replace("getResourceKey()", "id")
    path = _REFERENCE_KEY.sub(r".reference.where(startsWith('\1/')).replace('\1/', '')", path)
    found = _at(base, path, kind, constants)
    assert len(found) <= 1, f"{column['name']} has {len(found)} values and is no collection"
    return Decimal(str(found[0])) if found and column["type"] == "decimal" else found[0] if found else None


def _at(base: Any, path: str, kind: str, constants: Mapping[str, str]) -> list[Any]:
    """Return what a path finds; an element has to be told where it stands, for the types of its choices."""
    expression = path if "." not in kind else {"base": kind, "expression": path}
    found: list[Any] = fhirpathpy.evaluate(base, expression, dict(constants), models["r4"])
    return found
