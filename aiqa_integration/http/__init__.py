"""Talking HTTP to archives, FHIR servers and identity providers: one session class, one way to prove who we are.

Below the adapters, which do not know each other; what is particular to DICOMweb or FHIR stays with them.
"""
