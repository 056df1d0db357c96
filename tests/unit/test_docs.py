import re
from pathlib import Path

from aiqa_integration import errors
from aiqa_integration.dicom.profiles import PROFILES
from aiqa_integration.dicom.stow import STATUSES
from aiqa_integration.settings import describe

ROOT = Path(__file__).parents[2]


def error_classes(root=errors.AiqaError):
    return [root, *(cls for child in root.__subclasses__() for cls in error_classes(child))]


def test_every_error_code_is_documented_once():
    documented = re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs/errors.md").read_text(), flags=re.MULTILINE)
    assert sorted(documented) == sorted({cls.code for cls in error_classes()})


def test_error_codes_are_unique_and_the_tree_is_drawn():
    codes = [cls.code for cls in error_classes()]
    assert len(codes) == len(set(codes))
    assert errors.__doc__ is not None
    assert all(cls.__name__ in errors.__doc__ for cls in error_classes())


def test_every_setting_is_documented():
    page = (ROOT / "docs/deployment.md").read_text()
    assert [name for name, _, description in describe() if f"| `{name}` |" not in page or description not in page] == []


def test_every_archive_profile_is_documented():
    documented = re.findall(r"^\| `([a-z0-9]+)` \|", (ROOT / "docs/deployment.md").read_text(), flags=re.MULTILINE)
    assert set(PROFILES) <= set(documented)


def test_every_status_of_a_store_is_documented():
    page = (ROOT / "docs/errors.md").read_text().partition("## What became")[2]
    assert [status for status in STATUSES if status >= 400 and str(status) not in page] == []


def test_links_of_the_readme_lead_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text())
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_tests_that_the_fhir_page_names_are_there():
    table = (ROOT / "docs/fhir.md").read_text().partition("### Each promise")[2].partition("\n## ")[0]
    defined = [
        name for path in (ROOT / "tests").rglob("*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
    ]
    named = re.findall(r"`(test_\w+)…?`", table)
    assert len(named) > 30
    assert [name for name in named if not any(found.startswith(name) for found in defined)] == []
    files = re.findall(r"\b([ucf]\w*)/(test_\w+)", table)
    folders = {"u": "unit", "c": "contract", "flow": "flow"}
    assert [f"{of}/{name}" for of, name in files if not (ROOT / "tests" / folders[of] / f"{name}.py").is_file()] == []
