"""Laws of all log readers: the same training gives the same curves in every format, and damage costs little."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from optcli.run import readers
from optcli.run.assemble import read
from optcli.run.curve import Run

SCRIPTS = Path(__file__).parents[2] / "scripts"


def script(name: str) -> ModuleType:
    """A module of the scripts folder."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


logs = script("sample_logs")
TRAINING = logs.training()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One training in all formats."""
    folder = tmp_path_factory.mktemp("logs")
    return {name: write(folder / name, TRAINING) for name, write in logs.WRITERS.items()}


def one(path: Path) -> Run:
    runs = read(str(path))
    assert len(runs) == 1
    return runs[0]


@pytest.mark.parametrize("name", [n for n in logs.WRITERS if n in logs.STEPS])
def test_formats_with_steps_give_the_same_training_curve(written: dict[str, Path], name: str) -> None:
    curve = one(written[name]).curves["train/loss"]
    assert curve.step.tolist() == list(TRAINING.steps)
    np.testing.assert_allclose(curve.value, TRAINING.loss, rtol=2e-6)


@pytest.mark.parametrize("name", [n for n in logs.STEPS if n not in logs.WITHOUT_VALIDATION])
def test_formats_with_steps_give_the_same_validation_curve(written: dict[str, Path], name: str) -> None:
    curve = one(written[name]).curves["val/loss"]
    assert curve.step.tolist() == [(e + 1) * TRAINING.per_epoch for e in range(TRAINING.epochs)]
    np.testing.assert_allclose(curve.value, TRAINING.val_loss, rtol=2e-6)


@pytest.mark.parametrize("name", list(logs.EPOCHS))
def test_formats_with_epochs_give_the_same_curves(written: dict[str, Path], name: str) -> None:
    run = one(written[name])
    np.testing.assert_allclose(run.curves["train/loss"].value, [TRAINING.mean(e) for e in range(TRAINING.epochs)], 2e-6)
    if name not in logs.WITHOUT_VALIDATION:
        np.testing.assert_allclose(run.curves["val/loss"].value, TRAINING.val_loss, rtol=2e-6)
    assert set(np.diff(run.curves["train/loss"].step)) == {1.0}


def test_a_console_without_steps_counts_epochs(written: dict[str, Path]) -> None:
    run = one(written["hf_console"])
    np.testing.assert_allclose(run.curves["train/loss"].value, TRAINING.loss)
    assert len(run.epoch_steps) == TRAINING.epochs


@pytest.mark.parametrize("name", list(logs.WRITERS))
def test_one_reader_is_surest(written: dict[str, Path], name: str) -> None:
    path = written[name]
    file = path if path.is_file() else max((p for p in path.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    head = file.read_bytes()[: 1 << 16]
    scores = sorted((readers.load(n).sniff(head, file.name) for n in readers.names()), reverse=True)
    assert 0 < scores[0] <= 1
    assert scores[0] > scores[1]


@pytest.mark.parametrize("name", readers.names())
def test_a_reader_is_no_believer(name: str) -> None:
    sniff = readers.load(name).sniff
    for head in (
        b"",
        b"\n",
        b"hello\n",
        bytes(4096),
        b"\xff" * 4096,
        b"{",
        b"[",
        b"a,b\n",
        b"\x89PNG\r\n\x1a\n" + bytes(99),
    ):
        assert 0.0 <= sniff(head, "x") <= 0.4


@pytest.mark.parametrize("name", list(logs.WRITERS))
def test_arrays_are_read_only_and_ascending(written: dict[str, Path], name: str) -> None:
    for curve in one(written[name]).curves.values():
        assert not curve.step.flags.writeable
        assert not curve.value.flags.writeable
        assert (np.diff(curve.step) > 0).all()


def test_mutants_are_survived(tmp_path: Path) -> None:
    fuzz = script("fuzz_readers")
    assert fuzz.campaign(600, 1, fuzz.written(tmp_path, list(fuzz.WRITERS))) == []


def test_a_folder_of_logs_can_be_damaged(tmp_path: Path) -> None:
    fuzz, logs = script("fuzz_readers"), tmp_path / "logs"
    (logs / "deep").mkdir(parents=True)
    (logs / "deep" / "log.csv").write_text("step,loss\n1,2\n2,1.5\n3,1.2\n")
    (tmp_path / "here").mkdir()
    made = fuzz.copied(logs, tmp_path / "here")
    assert list(made) == ["deep/log.csv"]
    assert fuzz.campaign(60, 2, made) == []


@pytest.mark.parametrize(
    "name", ["csv", "jsonl", "journal", "lightning", "tfevents", "mlflow", "wandb", "step_console"]
)
def test_a_log_cut_anywhere_holds_nothing_that_the_whole_one_lacks(tmp_path: Path, name: str) -> None:
    assert script("fuzz_readers").prefixes(name, tmp_path, 60, seed=2) == []
