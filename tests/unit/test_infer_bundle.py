"""Bundles: trusted only when complete and unchanged, run as declared, and isolated from the worker."""

import json
import multiprocessing
import multiprocessing.queues
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from aiqa_integration.errors import BadMetadata, BundleError, HashMismatch, OutOfMemory, ShapeMismatch
from aiqa_integration.infer import isolate, run
from aiqa_integration.infer.bundle import (
    GOLDEN_OUTPUT,
    INFERENCE,
    METADATA,
    Bundle,
    check_files,
    find_bundles,
    read_inference,
    read_metadata,
    verify,
    write_manifest,
)
from aiqa_integration.infer.isolate import IsolatedInferencer
from aiqa_integration.infer.run import BundleRunner

NAME = "mri_phantom_scoring"


@pytest.fixture
def copy(tmp_path: Path) -> Bundle:
    """A copy of the shipped bundle that a test may break."""
    folder = tmp_path / NAME
    shutil.copytree(find_bundles()[NAME].folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return Bundle(name=NAME, folder=folder)


def edit(bundle: Bundle, name: str, **changes: object) -> None:
    path = bundle.folder / name
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    write_manifest(bundle)


def failed(bundle: Bundle) -> set[str]:
    return {check.name for check in verify(bundle) if not check.passed}


def test_the_shipped_bundle_passes_every_check() -> None:
    checks = verify(find_bundles()[NAME])
    assert len(checks) == 6
    assert not [check for check in checks if not check.passed]


def test_version_and_card_are_the_bundles_own() -> None:
    bundle = find_bundles()[NAME]
    version = BundleRunner(find_bundles()).version(NAME)
    assert version.name == NAME
    assert version.version == read_metadata(bundle)["version"]
    assert len(version.weights_sha256) == 64
    assert "Intended use" in bundle.card()


def test_bundles_are_looked_for_in_a_given_folder(tmp_path: Path, copy: Bundle) -> None:
    assert find_bundles(tmp_path) == {NAME: copy}
    assert find_bundles(tmp_path / "absent") == {}
    with pytest.raises(BundleError, match="no bundle absent; there are: mri_phantom_scoring"):
        BundleRunner(find_bundles(tmp_path)).run("absent", {})


def test_a_changed_an_unknown_and_a_missing_file_are_refused(copy: Bundle) -> None:
    (copy.folder / "LICENSE").write_text("other terms")
    with pytest.raises(HashMismatch, match="changed: LICENSE"):
        check_files(copy)
    write_manifest(copy)
    (copy.folder / "extra.py").write_text("")
    with pytest.raises(HashMismatch, match=r"unknown: extra\.py"):
        BundleRunner({NAME: copy}).run(NAME, {})
    (copy.folder / "extra.py").unlink()
    (copy.folder / "configs" / "train.json").unlink()
    with pytest.raises(HashMismatch, match=r"missing: configs/train\.json"):
        check_files(copy)
    (copy.folder / "models" / "model.pt").unlink()
    with pytest.raises(BundleError, match=r"missing models/model\.pt"):
        check_files(copy)


def test_metadata_that_breaks_the_schema_is_refused(copy: Bundle) -> None:
    edit(copy, METADATA, version="one")
    with pytest.raises(BadMetadata, match="version"):
        read_metadata(copy)
    assert "metadata" in failed(copy)
    (copy.folder / METADATA).write_text("{")
    with pytest.raises(BadMetadata, match="not JSON"):
        read_metadata(copy)


def test_an_expression_in_the_configuration_is_code_and_refused(copy: Bundle) -> None:
    edit(copy, INFERENCE, inferer={"_target_": "SimpleInferer", "device": "$print('x')"})
    with pytest.raises(BundleError, match="code"):
        read_inference(copy)


def test_a_network_that_differs_from_the_weights_or_is_unknown_is_refused(copy: Bundle) -> None:
    definition = json.loads((copy.folder / INFERENCE).read_text())["network_def"]
    edit(copy, INFERENCE, network_def=definition | {"channels": [8, 32, 48, 64, 96, 96]})
    assert failed(copy) == {"declared shapes", "golden output"}
    edit(copy, INFERENCE, network_def=definition | {"_target_": "os.system"})
    with pytest.raises(BadMetadata, match="is no network of MONAI"):
        BundleRunner({NAME: copy}).run(NAME, {})


def test_another_golden_output_is_noticed(copy: Bundle) -> None:
    with np.load(copy.folder / GOLDEN_OUTPUT) as golden:
        arrays = {name: golden[name] for name in golden.files}
    arrays["kind"] = arrays["kind"] + 0.01
    np.savez_compressed(copy.folder / GOLDEN_OUTPUT, **arrays)
    write_manifest(copy)
    assert failed(copy) == {"golden output"}


def test_a_card_that_leaves_something_out_is_noticed(copy: Bundle) -> None:
    (copy.folder / "docs" / "README.md").write_text("# Card\n\nIntended use: none.")
    write_manifest(copy)
    assert failed(copy) == {"model card"}


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((1, 1, 96, 95), np.float32),
        np.zeros((0, 1, 96, 96), np.float32),
        np.zeros((1, 1, 96, 96), np.float64),
        np.full((1, 1, 96, 96), np.nan, np.float32),
    ],
)
def test_inputs_of_another_shape_or_kind_are_refused(image: np.ndarray) -> None:
    with pytest.raises(ShapeMismatch):
        BundleRunner(find_bundles()).run(NAME, {"image": image})


def test_outputs_do_not_depend_on_the_batch() -> None:
    images = np.random.default_rng(0).random((run.BATCH + 3, 1, 96, 96)).astype(np.float32)
    runner = BundleRunner(find_bundles())
    whole, last = runner.run(NAME, {"image": images}), runner.run(NAME, {"image": images[-1:]})
    assert whole["heat"].shape == (run.BATCH + 3, 6, 96, 96)
    for name, values in last.items():
        assert np.allclose(whole[name][-1:], values, atol=1e-4)
    assert np.allclose(whole["kind"].sum(axis=1), 1, atol=1e-5)


@pytest.fixture(scope="module")
def isolated() -> Iterator[IsolatedInferencer]:
    with IsolatedInferencer(find_bundles(), deadline_s=120) as inferencer:
        yield inferencer


def test_the_child_answers_as_the_bundle_does_and_raises_its_errors(isolated: IsolatedInferencer) -> None:
    images = np.random.default_rng(0).random((2, 1, 96, 96)).astype(np.float32)
    expected = BundleRunner(find_bundles()).run(NAME, {"image": images})
    outputs = isolated.run(NAME, {"image": images})
    assert all(np.allclose(outputs[name], expected[name], atol=1e-5) for name in expected)
    with pytest.raises(ShapeMismatch, match="takes"):
        isolated.run(NAME, {"picture": images})
    assert isolated.version(NAME).name == NAME


def _ask_from_a_daemon(answers: "multiprocessing.queues.Queue[str]") -> None:
    with IsolatedInferencer(find_bundles(), deadline_s=120) as inferencer:
        answers.put(", ".join(inferencer.run(NAME, {"image": np.zeros((1, 1, 96, 96), np.float32)})))


def test_a_daemon_can_ask_as_the_workers_of_a_prefork_pool_do() -> None:
    context = multiprocessing.get_context("forkserver")
    answers = context.Queue()
    asking = context.Process(target=_ask_from_a_daemon, args=(answers,), daemon=True)
    asking.start()
    assert answers.get(timeout=120) == "heat, slice, kind"
    asking.join(20)
    assert asking.exitcode == 0
    answers.close()


def test_a_child_that_hangs_or_dies_is_a_typed_error_and_the_next_call_gets_a_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(isolate, "_CHILD", "tests.echo_child")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    with IsolatedInferencer({}, deadline_s=20) as inferencer:
        assert inferencer.run("fine", {})["name"].shape == (1,)
        with pytest.raises(BundleError, match="ended with code 3"):
            inferencer.run("exit", {})
        with pytest.raises(OutOfMemory):
            inferencer.run("kill", {})
        monkeypatch.setattr(inferencer, "_deadline_s", 0.2)
        with pytest.raises(BundleError, match=r"no answer within 0\.2 s"):
            inferencer.run("sleep", {})
        monkeypatch.setattr(inferencer, "_deadline_s", 20)
        assert inferencer.run("fine", {})["name"].shape == (1,)
