"""The FHIR R4 implementation guide of AIQA: FSH in ``input``, what it compiles to beside it."""
