"""Shows DICOM files as a radiologist sees them: an Orthanc of its own, OHIF over it, nothing outside loopback."""
