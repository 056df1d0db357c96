"""DICOM in and out: archives (QIDO, WADO, STOW), series files to images, result objects."""

import logging

import pydicom.config

# Real files break value representations all the time, and pydicom's warnings quote the value: patient data in a log.
# What AIQA needs of a file it checks itself.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
logging.getLogger("pydicom").setLevel(logging.ERROR)
