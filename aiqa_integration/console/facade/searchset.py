"""Bundles of type searchset, put together of resources as they are kept: every digit as it was written."""

import json
from collections.abc import Iterable
from urllib.parse import urlencode

from aiqa_integration.console.facade.asked import Asked, one_more, page_mark
from aiqa_integration.console.facade.outcomes import an_issue
from aiqa_integration.ledger.facade import SqlFacade
from aiqa_integration.ledger.facade_values import StoredResource


def searchset(asked: Asked, resources: SqlFacade, base: str) -> str:
    """Return the answer to a search as JSON."""
    address = f"{base}/{asked.query.resource_type}"
    links = [("self", _link(address, asked.used))]
    if asked.only_count:
        return _bundle(links, [], total=resources.count(asked.query))
    found = resources.search(one_more(asked))
    shown = found[: asked.query.limit]
    if len(found) > len(shown):
        mark = page_mark(asked.query.place(shown[-1]))
        rest = [(name, value) for name, value in asked.used if name != "_page"]
        links.append(("next", _link(address, [*rest, ("_page", mark)])))
    entries = [_entry(resource, base, "match") for resource in shown]
    entries += [_entry(resource, base, "include") for resource in _included(asked, shown, resources)]
    if asked.ignored:
        entries.append(_remark(f"not searched by: {', '.join(asked.ignored)}"))
    return _bundle(links, entries, total=resources.count(asked.query) if asked.total else None)


def _included(asked: Asked, shown: tuple[StoredResource, ...], resources: SqlFacade) -> Iterable[StoredResource]:
    numbers = [resource.number for resource in shown]
    if not numbers:
        return ()
    found = {
        resource.number: resource
        for include in asked.includes
        for resource in resources.referred(numbers, include.parameter, include.resource_type)
    }
    return (resource for number, resource in found.items() if number not in set(numbers))


def _bundle(links: list[tuple[str, str]], entries: list[str], *, total: int | None) -> str:
    told = json.dumps([{"relation": relation, "url": url} for relation, url in links])
    counted = "" if total is None else f'"total": {total}, '
    listed = f', "entry": [{", ".join(entries)}]' if entries else ""
    return f'{{"resourceType": "Bundle", "type": "searchset", {counted}"link": {told}{listed}}}'


def _entry(resource: StoredResource, base: str, mode: str) -> str:
    url = json.dumps(f"{base}/{resource.resource_type}/{resource.resource_id}")
    return f'{{"fullUrl": {url}, "resource": {resource.body}, "search": {{"mode": "{mode}"}}}}'


def _remark(text: str) -> str:
    outcome = {"resourceType": "OperationOutcome", "issue": [an_issue("warning", "not-supported", text)]}
    return json.dumps({"resource": outcome, "search": {"mode": "outcome"}})


def _link(address: str, parameters: Iterable[tuple[str, str]]) -> str:
    query = urlencode(list(parameters), safe=":/|,$")
    return f"{address}?{query}" if query else address
