"""A user's file with a data set and a model: it trains at once, and each mistake in it is told at its line."""

import re
import sys
from pathlib import Path

import pytest

from optcli import parts
from optcli.cli import main

FILE = Path(__file__).parent / "files" / "rings.py"
RECIPE = """
data: {name: rings, batch_size: 32}
model: {name: ring_net, width: 8}
optimizer: {name: adamw, lr: 1e-2}
train: {epochs: 5, device: cpu}
"""


@pytest.fixture
def optcli(tmp_path, monkeypatch, capsys):
    """`optcli(old, new)`: exit status and what was said, of training with the file in which `old` became `new`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "rings.yaml").write_text(RECIPE)

    def call(old="", new=""):
        text = FILE.read_text(encoding="utf-8")
        assert text.count(old) == 1 or not old
        (tmp_path / "mine.py").write_text(text.replace(old, new) if old else text)
        with pytest.raises(SystemExit) as left:
            main(["train", "rings.yaml", "--import", "mine.py", "--run-dir", "run"])
        return left.value.code, capsys.readouterr().err

    yield call
    parts.forget()


def line_of(text, among):
    return next(n for n, line in enumerate(among.splitlines(), 1) if text in line)


def test_it_trains_at_the_first_attempt(optcli):
    assert len(FILE.read_text(encoding="utf-8").splitlines()) <= 60
    status, said = optcli()
    assert status == 0
    accuracy = float(re.search(r"finished: .* best val/accuracy ([\d.]+)", said)[1])
    assert accuracy > 0.95
    assert "diagnosis: healthy" in said


HEAD = "        self.head = nn.Linear(width, outputs)"
MISTAKES = {
    "wrong shape inside": (
        "sizes = [inputs + 1,", "sizes = [inputs,",
        "x = torch.relu(layer(x))", "model ring_net failed: RuntimeError: mat1 and mat2 shapes cannot be multiplied",
    ),
    "wrong shape of the head": (
        HEAD, "        self.head = nn.Linear(width + 1, outputs)",
        "return self.head(x)", r"cannot be multiplied \(32x8 and 9x2\)",
    ),
    "no gradient": (
        "return self.head(x)", "return self.head(x).detach()",
        "        x = self.radial(x)", r"model ring_net failed in the backward pass: RuntimeError: element 0",
    ),
    "changed in place": (
        "x = torch.relu(layer(x))", "x = torch.sigmoid(layer(x)); x += 1",
        "x = torch.sigmoid(layer(x)); x += 1", "in the backward pass: RuntimeError: one of the variables needed",
    ),
    "a layer that comes late": (
        "        return self.head(x)", "        self.late = nn.Linear(2, 2)\n        return self.late(self.head(x))",
        "        x = self.radial(x)", "model ring_net makes `late.weight` in its forward pass",
    ),
    "too few outputs": (
        HEAD, "        self.head = nn.Linear(width, 1)",
        "        x = self.radial(x)", "failed on what model ring_net gave: IndexError: Target 1 is out of bounds",
    ),
    "labels out of range": (
        "return points, label", "return points, label - 1",
        "def rings(", "data rings failed: train_y must hold labels 0, 1, 2, ..., not -1",
    ),
    "labels that are words": (
        "return points, label", "return points, np.where(label, 'in', 'out')",
        "def rings(", "train_y must hold labels 0, 1, 2, ..., not the text 'out': number them",
    ),
    "exception in the constructor": (
        "self.radial = Radial()", "self.radial = Radial(3)",
        "self.radial = Radial(3)", "model ring_net failed: TypeError: Radial.__init__",
    ),
    "no call of the base class": (
        "        super().__init__()\n", "",
        "self.radial = Radial()", "AttributeError: cannot assign module before Module.__init__",
    ),
    "missing return in forward": (
        "        return self.head(x)", "        self.head(x)",
        "        x = self.radial(x)", "model ring_net failed: it gave nothing: is `return` missing",
    ),
    "missing return of the model": (
        "    return RingNet(", "    RingNet(",
        "def ring_net(", "model ring_net failed: it must return an nn.Module, not nothing",
    ),
    "missing return of the data": (
        "    return train_x, train_y, val_x, val_y", "    train_x",
        "def rings(", "data rings failed: it must return four arrays .*, not NoneType",
    ),
    "wrong type inside": (
        "torch.relu(layer(x))", "torch.relu(layer(x.double()))",
        "torch.relu(layer(x.double()))", "model ring_net failed: RuntimeError: mat1 and mat2 must have the same dtype",
    ),
    "wrong type of the output": (
        "return self.head(x)", "return self.head(x).argmax(1)",
        "        x = self.radial(x)", "loss cross_entropy failed on what model ring_net gave: RuntimeError",
    ),
    "mismatched lengths": (
        "return train_x, train_y, val_x, val_y", "return train_x, train_y[:-1], val_x, val_y",
        "def rings(", "data rings failed: it has 400 training inputs but 399 targets",
    ),
    "mismatched widths": (
        "return train_x, train_y, val_x, val_y", "return train_x, train_y, val_x[:, :1], val_y",
        "def rings(", r"a row of train_x has shape \(2,\), of val_x \(1,\): they must be the same",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_at_its_line(optcli, tmp_path, name):
    old, new, line, told = MISTAKES[name]
    status, said = optcli(old, new)
    assert status == 2
    assert "Traceback" not in said
    assert re.search(told, said), said
    text = (tmp_path / "mine.py").read_text()
    numbers = [int(n) for n in re.findall(r"mine\.py:(\d+)", said)]
    wanted = line_of(line, text)
    # A function is named at its first line: that of its decorator.
    assert numbers in ([wanted], [wanted - 1]), said
    assert not (tmp_path / "run" / "journal.jsonl").exists()


def test_what_only_validation_has_is_said(optcli):
    status, said = optcli("    return train_x,", "    val_x[:5], val_y[7] = train_x[:5], 2\n    return train_x,")
    assert status == 0
    assert "data: 5 of 100 validation inputs are training inputs too (validation sample 0 is training sample 0)" in said
    assert "data: no training sample is of class `2`, but 1 of 100 validation samples are" in said
