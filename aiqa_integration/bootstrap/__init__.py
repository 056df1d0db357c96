"""The one place where adapters meet the core: settings in, working services out."""

from aiqa_integration.bootstrap.analysis import (
    active_rules,
    bundle_named,
    bundles,
    encode_files,
    limit_sets,
    make_analyst,
    rules_of,
    verify_bundles,
)
from aiqa_integration.bootstrap.chores import EHR_MONTHS, EHR_TASKS, ehr_chores, ehr_hook
from aiqa_integration.bootstrap.clock import SystemClock
from aiqa_integration.bootstrap.connections import (
    fhir_client,
    key_folder,
    make_archive,
    probe_archive,
    probe_ehr,
    signing_keys,
)
from aiqa_integration.bootstrap.delivery import make_adviser, make_sinks, resource_style
from aiqa_integration.bootstrap.opened import (
    books_of,
    console_parts,
    desk,
    open_ledger,
    open_scanner_record,
    open_tokens,
)
from aiqa_integration.bootstrap.worker import Services, services

__all__ = [
    "EHR_MONTHS",
    "EHR_TASKS",
    "Services",
    "SystemClock",
    "active_rules",
    "books_of",
    "bundle_named",
    "bundles",
    "console_parts",
    "desk",
    "ehr_chores",
    "ehr_hook",
    "encode_files",
    "fhir_client",
    "key_folder",
    "limit_sets",
    "make_adviser",
    "make_analyst",
    "make_archive",
    "make_sinks",
    "open_ledger",
    "open_scanner_record",
    "open_tokens",
    "probe_archive",
    "probe_ehr",
    "resource_style",
    "rules_of",
    "services",
    "signing_keys",
    "verify_bundles",
]
