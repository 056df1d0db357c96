"""The outside world as the pipeline sees it: protocols that adapters fulfil, and the values that cross them."""

from aiqa_integration.pipeline.ports.archive import Archive, RefusedInstance, SeriesListing, StoreOutcome, StudyListing
from aiqa_integration.pipeline.ports.artifacts import Artifacts
from aiqa_integration.pipeline.ports.clock import Clock
from aiqa_integration.pipeline.ports.effect import Effect, PlannedEffect, Receipt
from aiqa_integration.pipeline.ports.history import History, StudyHistory
from aiqa_integration.pipeline.ports.inference import Inferencer
from aiqa_integration.pipeline.ports.job import Job, JobResult, Sighting, Signature
from aiqa_integration.pipeline.ports.ledger import Ledger
from aiqa_integration.pipeline.ports.scanner_record import NoScannerRecord, ScannerRecord
from aiqa_integration.pipeline.ports.series import Draw, FileGroup, LoadedSeries, SeriesReader
from aiqa_integration.pipeline.ports.sink import RetractingSink, SignedSink, Sink, SummarySink

__all__ = [
    "Archive",
    "Artifacts",
    "Clock",
    "Draw",
    "Effect",
    "FileGroup",
    "History",
    "Inferencer",
    "Job",
    "JobResult",
    "Ledger",
    "LoadedSeries",
    "NoScannerRecord",
    "PlannedEffect",
    "Receipt",
    "RefusedInstance",
    "RetractingSink",
    "ScannerRecord",
    "SeriesListing",
    "SeriesReader",
    "Sighting",
    "Signature",
    "SignedSink",
    "Sink",
    "StoreOutcome",
    "StudyHistory",
    "StudyListing",
    "SummarySink",
]
