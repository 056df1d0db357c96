# Two commands do everything: `make demo` runs the system on embedded defaults, `make test` passes all tests.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check
VIEWER_PACKAGES := orthanc orthanc-dicomweb

.PHONY: demo test lint tests console viewer clean fhir-profiles fhir-package

demo: $(VENV)/.demo-installed
	$(BIN)/aiqa demo --once

console: $(VENV)/.demo-installed
	$(BIN)/aiqa demo

viewer: $(VENV)/.demo-installed
	scripts/system-packages $(VIEWER_PACKAGES)
	$(BIN)/aiqa demo --once --folder var/viewer
	$(BIN)/python -m viewer_kit var/viewer/archive

test: $(VENV)/.test-installed
	scripts/system-packages
	$(BIN)/python -m fhir_profiles.tools
	$(MAKE) --no-print-directory lint tests

lint: $(VENV)/.test-installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

tests: $(VENV)/.test-installed
	$(BIN)/pytest

# FSH -> JSON and pages, and the guide as a FHIR package in dist/.
fhir-profiles: $(VENV)/.test-installed
	$(BIN)/python -m fhir_profiles.tools
	$(BIN)/python -m fhir_profiles.terminology
	$(BIN)/python -m fhir_profiles.build compile

fhir-package: $(VENV)/.demo-installed
	$(BIN)/python -m fhir_profiles.build pack

$(VENV)/.venv-made:
	scripts/make-venv "$(PYTHON)" "$(VENV)"
	touch $@

$(VENV)/.demo-installed: $(VENV)/.venv-made pyproject.toml constraints.txt
	$(PIP) install --quiet --constraint constraints.txt torch
	$(PIP) install --quiet --constraint constraints.txt --editable '.[demo]'
	touch $@

$(VENV)/.test-installed: $(VENV)/.demo-installed
	$(PIP) install --quiet --constraint constraints.txt --editable '.[demo,dev,pdf,postgres,redis,server,train]'
	touch $@

clean:
	rm -rf $(VENV) var out
