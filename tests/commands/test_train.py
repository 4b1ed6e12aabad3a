"""`optcli train` from the command line: words in, exit status out."""

import pytest

from optcli import parts
from optcli.cli import main
from optcli.train.update import Update

RECIPE = """
name: small
data: {name: digits, batch_size: 120}
model: {name: linear}
loss: cross_entropy
metrics: [accuracy]
optimizer: {name: sgd, lr: 0.1}
train: {epochs: 2, threads: 1, device: cpu}
"""


@pytest.fixture
def optcli(tmp_path, monkeypatch, capsys):
    """`optcli("train", ...)`: exit status and what was said, in a folder with `small.yaml`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(RECIPE)

    def call(*words):
        with pytest.raises(SystemExit) as left:
            main(list(words))
        said = capsys.readouterr()
        return left.value.code, said.out, said.err

    yield call
    parts.forget()


def test_a_recipe_is_trained_in_a_new_directory(optcli, tmp_path):
    status, out, said = optcli("train", "small.yaml", "optimizer.lr=0.2")
    assert (status, out) == (0, "")
    assert "finished: 22 steps" in said
    assert "lr: 0.2" in (tmp_path / "runs" / "small" / "latest" / "recipe.yaml").read_text()


def test_the_recipe_may_stand_behind_its_changes(optcli):
    status, out, _ = optcli("train", "optimizer.lr=0.2", "small.yaml", "--dry-run")
    assert (status, out.startswith("name")) == (0, True)
    assert ["optimizer.lr", "0.2", "override"] in [line.split() for line in out.splitlines()]


def test_resuming_needs_no_recipe(optcli, tmp_path):
    assert optcli("train", "small.yaml", "--run-dir", "r")[0] == 0
    assert optcli("train", "small.yaml", "--run-dir", "r")[0] == 73
    status, _, said = optcli("train", "--resume", "--run-dir", "r")
    assert (status, "finished: 22 steps" in said) == (0, True)
    status, _, said = optcli("train", "train.epochs=3", "--resume", "--run-dir", "r")
    assert (status, "finished: 33 steps" in said) == (0, True)


def test_mistakes_are_told_in_words(optcli, tmp_path):
    for words in (
        ("train",),
        ("train", "optimizer.lr=1"),
        ("train", "missing.yaml"),
        ("train", "small.yaml", "optimzer.lr=1"),
        ("train", "small.yaml", "--resume"),
        ("train", "--resume", "--run-dir", "nothing"),
        ("train", "small.yaml", "--device", "cuda:63"),
    ):
        status, out, said = optcli(*words)
        assert (status, out) == (2, ""), words
        assert "error: " in said
        assert "Traceback" not in said


def test_own_parts_come_by_import(optcli, tmp_path):
    (tmp_path / "mine.py").write_text(
        "import optcli\nfrom torch import nn\n\n@optcli.model\ndef mine(facts, scale: float = 1.0):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10 if scale > 0 else 3))\n"
    )
    words = ("train", "small.yaml", "model.name=mine", "--import", "mine.py", "train.epochs=1")
    assert optcli(*words)[0] == 0
    environment = (tmp_path / "runs" / "small" / "latest" / "environment.json").read_text()
    assert "mine.py" in environment
    status, _, said = optcli(*words, "model.scale=-1")
    assert (status, "loss cross_entropy failed" in said) == (2, True)


def test_a_dry_run_writes_nothing(optcli, tmp_path):
    status, out, _ = optcli("train", "small.yaml", "--dry-run")
    assert status == 0
    assert "model   650 parameters" in out
    assert [path.name for path in tmp_path.iterdir()] == ["small.yaml"]


@pytest.fixture
def poisoned(monkeypatch):
    """The inputs of step 16 are infinite."""
    plain = Update.__call__

    def call(self, step, batches, factor):
        plain(self, step, [(x / (step != 15), y) for x, y in batches], factor)

    monkeypatch.setattr(Update, "__call__", call)


def test_findings_fail_where_asked(optcli, poisoned):
    words = ("train", "small.yaml", "monitor.nonfinite=skip")
    assert optcli(*words)[0] == 0
    status, _, said = optcli(*words, "--fail-on", "error")
    assert (status, "diagnosis: ill" in said) == (1, True)


def test_a_non_finite_loss_is_status_3(optcli, poisoned):
    status, _, said = optcli("train", "small.yaml")
    assert status == 3
    assert "error: NUM301 non-finite loss at step 16" in said
    assert "step-11" in said


def test_a_signal_is_status_128_and_the_run_goes_on(optcli, monkeypatch):
    import signal

    plain = Update.__call__

    def call(self, step, *rest):
        plain(self, step, *rest)
        if step == 5:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(Update, "__call__", call)
        status, _, said = optcli("train", "small.yaml")
    assert (status, "go on with: optcli train --resume" in said) == (143, True)
    assert optcli("train", "small.yaml", "--resume")[0] == 0


def test_running_out_of_memory_is_told_with_help(optcli, monkeypatch):
    def call(self, *rest):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")

    monkeypatch.setattr(Update, "__call__", call)
    status, _, said = optcli("train", "small.yaml")
    assert status == 3
    assert "error: out of memory" in said
    assert "train.accumulate" in said
