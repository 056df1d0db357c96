"""The devices of a run: scanner, algorithm, phantom."""

from aiqa_integration.fhir.codes import (
    ARTIFICIAL_INTELLIGENCE,
    BASE,
    PHANTOM_TYPE,
    SERIAL_NUMBER_TYPE,
    Element,
    concept,
    modality_coding,
    phantom_name,
)
from aiqa_integration.fhir.identity import ALGORITHM, PHANTOM, SCANNER, Identifier, Node
from aiqa_integration.model.identity import AIQA_MANUFACTURER, Device, identity, scanner_key
from aiqa_integration.model.report import QaReport


def printable(device: Device) -> Device:
    """Return a scanner's words without control characters (padding) and outer blanks, which FHIR strings forbid."""
    return Device(
        manufacturer=_printable(device.manufacturer),
        model=_printable(device.model),
        serial=_printable(device.serial),
        station=_printable(device.station),
        software_versions=tuple(_printable(version) for version in device.software_versions),
    )


def scanner_node(device: Device) -> Node | None:
    """Return the scanner; None where the images name nothing of it."""
    key = scanner_key(device)
    if key is None:
        return None
    return Node(resource_type="Device", key=Identifier(system=SCANNER, value=key), display=_scanner_display(device))


def scanner_device(node: Node, device: Device, modality: str) -> Element:
    """Return the scanner's Device; status, location and owner belong to asset management and are never set."""
    serial = {"type": SERIAL_NUMBER_TYPE, "system": f"{BASE}/sid/device-serial", "value": device.serial}
    names = [{"name": node.display, "type": "user-friendly-name"}]
    if device.model:
        names.append({"name": device.model, "type": "model-name"})
    unsure = "The images carry no serial number: scanners of one model and station name cannot be told apart."
    return {
        "resourceType": "Device",
        "meta": {"profile": [f"{BASE}/StructureDefinition/aiqa-scanner"]},
        "identifier": [node.key.element, *([serial] if device.serial else [])],
        **({"manufacturer": device.manufacturer} if device.manufacturer else {}),
        **({"serialNumber": device.serial} if device.serial else {}),
        **({"modelNumber": device.model} if device.model else {}),
        "deviceName": names,
        **({"type": concept(modality_coding(modality))} if modality else {}),
        **({} if device.serial else {"note": [{"text": unsure}]}),
    }


def algorithm_node(report: QaReport) -> Node:
    """Return the algorithm as released: one for each version of analysis, software, bundle and weights."""
    name = f"{report.analysis}-{report.analysis_version}-{report.provenance.software_version}"
    if report.bundle is not None:
        name += f"-{report.bundle.name}-{report.bundle.version}-{report.bundle.weights_sha256[:12]}"
    return Node(
        resource_type="Device",
        key=Identifier(system=ALGORITHM, value=name),
        display=f"AIQA {report.analysis} {report.analysis_version}",
    )


def algorithm_device(node: Node, report: QaReport) -> Element:
    """Return the algorithm's Device with every version that a result depends on."""
    versions = [
        ("software", report.provenance.software_version),
        ("analysis", report.analysis_version),
    ]
    if report.bundle is not None:
        versions.append((f"model {report.bundle.name}", report.bundle.version))
        versions.append(("model weights SHA-256", report.bundle.weights_sha256))
    return {
        "resourceType": "Device",
        "meta": {"profile": [f"{BASE}/StructureDefinition/aiqa-algorithm"]},
        "identifier": [node.key.element],
        "status": "active",
        "manufacturer": AIQA_MANUFACTURER,
        "deviceName": [{"name": node.display, "type": "user-friendly-name"}],
        "type": concept(ARTIFICIAL_INTELLIGENCE, text="Software: image quality assurance"),
        "version": [{"type": {"text": kind}, "value": value} for kind, value in versions if value],
    }


def phantom_node(report: QaReport, scanner: Node | None) -> Node | None:
    """Return the phantom as used at this scanner; None where none was recognised.

    DICOM images carry no phantom serial number, so the kind of phantom and the scanner are its identity.
    """
    if report.phantom is None:
        return None
    place = scanner.key.value if scanner else report.ref.study_instance_uid
    key = Identifier(system=PHANTOM, value=str(identity("phantom", report.phantom, place)))
    return Node(resource_type="Device", key=key, display=phantom_name(report.phantom).title)


def phantom_device(node: Node, phantom: str) -> Element:
    """Return the phantom's Device."""
    own = phantom_name(phantom).type_coding
    return {
        "resourceType": "Device",
        "meta": {"profile": [f"{BASE}/StructureDefinition/aiqa-phantom"]},
        "identifier": [node.key.element],
        "deviceName": [{"name": node.display, "type": "user-friendly-name"}],
        "type": concept(*([own] if own else []), PHANTOM_TYPE),
        "note": [{"text": "Recognised in the images; its serial number is not known to AIQA."}],
    }


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable()).strip()


def _scanner_display(device: Device) -> str:
    made = " ".join(part for part in (device.manufacturer, device.model) if part)
    name = device.station or device.serial
    return f"{made} ({name})" if made and name else made or name
