"""Imaging QA between PACS and EHR."""

__version__ = "0.1.0"
