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
from aiqa_integration.bootstrap.chores import chores, ehr_hook, probe_patients, probe_subscription, sends_patients
from aiqa_integration.bootstrap.clock import SystemClock
from aiqa_integration.bootstrap.connections import (
    fhir_client,
    key_folder,
    make_archive,
    probe_archive,
    probe_ehr,
    signing_keys,
)
from aiqa_integration.bootstrap.delivery import make_adviser, make_sinks, resource_style, summary_sinks
from aiqa_integration.bootstrap.opened import (
    books_of,
    desk,
    ledger_of,
    month_desk,
    open_ledger,
    open_scanner_record,
    open_tokens,
    review_parts,
)
from aiqa_integration.bootstrap.worker import Services, services

__all__ = [
    "Services",
    "SystemClock",
    "active_rules",
    "books_of",
    "bundle_named",
    "bundles",
    "chores",
    "desk",
    "ehr_hook",
    "encode_files",
    "fhir_client",
    "key_folder",
    "ledger_of",
    "limit_sets",
    "make_adviser",
    "make_analyst",
    "make_archive",
    "make_sinks",
    "month_desk",
    "open_ledger",
    "open_scanner_record",
    "open_tokens",
    "probe_archive",
    "probe_ehr",
    "probe_patients",
    "probe_subscription",
    "resource_style",
    "review_parts",
    "rules_of",
    "sends_patients",
    "services",
    "signing_keys",
    "summary_sinks",
    "verify_bundles",
]
