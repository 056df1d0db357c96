"""The OHIF viewer as its makers publish it: fetched once, checked, unpacked, configured for one DICOMweb server."""

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from aiqa_integration.errors import ConfigurationError

PACKAGE = "@ohif/app"
VERSION = "3.13.2"
SHA512 = "WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA=="
"""Digest of the package, base64, as the npm registry publishes it (MIT licence)."""

NO_TRACKING = """\
window.config.customizationService['measurement.promptHydrateStructuredReport'] = {
  $set: (services, context, event) =>
    Promise.resolve({
      userResponse: 0,
      displaySetInstanceUID: event.displaySetInstanceUID,
      srSeriesInstanceUID: event.SeriesInstanceUID,
      viewportId: event.viewportId,
    }),
};
"""
"""Shows measurements as they were stored: the viewer would ask whether to go on measuring with its own tools."""

CACHE = Path("var/ohif")
_FETCH_WITHIN_S = 300.0


def ohif_site(cache: Path = CACHE) -> Path:
    """Return the folder of the viewer's pages, fetching the package once; raises ConfigurationError."""
    site = cache / VERSION / "package" / "dist"
    if site.is_dir():
        return site
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        _unpack(_fetched(Path(folder)), Path(folder) / "unpacked")
        shutil.rmtree(cache / VERSION, ignore_errors=True)
        (Path(folder) / "unpacked").rename(cache / VERSION)
    return site


def _fetched(folder: Path) -> Path:
    """Return the package as npm's own client brings it from the registry that is set up here."""
    if shutil.which("npm") is None:
        raise ConfigurationError("viewer: npm is not installed (Debian: npm); it fetches the OHIF viewer")
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), f"{PACKAGE}@{VERSION}"]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_FETCH_WITHIN_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.stderr or "") if isinstance(error, subprocess.CalledProcessError) else "no answer"
        raise ConfigurationError(f"viewer: npm cannot fetch {PACKAGE} {VERSION}: {said.strip()[-300:]}") from error
    [package] = folder.glob("*.tgz")
    return package


def _unpack(package: Path, folder: Path) -> None:
    """Unpack all but the source maps, which are most of it and only for those who develop the viewer."""
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    if digest != SHA512:
        raise ConfigurationError(f"viewer: {PACKAGE} {VERSION} is not the package it should be (sha512 {digest})")
    with tarfile.open(package) as archive:
        members = [member for member in archive if not member.name.endswith(".map")]
        archive.extractall(folder, members, filter="data")


def configuration() -> str:
    """Return the viewer's configuration as the script that its page loads; docs/viewers.md explains it."""
    source = {
        "friendlyName": "AIQA viewer kit",
        "name": "kit",
        "qidoRoot": "/dicom-web",
        "wadoRoot": "/dicom-web",
        "qidoSupportsIncludeField": True,
        "imageRendering": "wadors",
        "thumbnailRendering": "wadors",
        "enableStudyLazyLoad": True,
        "supportsFuzzyMatching": False,
        "supportsWildcard": True,
        "supportsReject": False,
        "omitQuotationForMultipartRequest": True,
        "bulkDataURI": {"enabled": True, "relativeResolution": "studies"},
    }
    config = {
        "routerBasename": None,
        "extensions": [],
        "modes": [],
        "customizationService": {
            "ohif.tours": {"$set": []},
            "autoCineModalities": {"$set": ["US"]},
        },
        "showStudyList": True,
        "maxNumberOfWebWorkers": 2,
        "showWarningMessageForCrossOrigin": False,
        "showCPUFallbackMessage": False,
        "showLoadingIndicator": True,
        "investigationalUseDialog": {"option": "never"},
        "defaultDataSourceName": "kit",
        "dataSources": [
            {
                "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
                "sourceName": "kit",
                "configuration": source,
            }
        ],
    }
    return f"window.config = {json.dumps(config, indent=1)};\n{NO_TRACKING}"
