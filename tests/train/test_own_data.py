"""Training on own files: notes on the data are said, and a file too large for memory changes nothing."""

import numpy as np
import pytest
from torch import nn

import optcli
from optcli.exits import Failure
from optcli.parts import forget
from optcli.recipe import loads
from optcli.train.session import train
from optcli.train.world import World


def run(tmp_path, name, data, steps=6, resume=False):
    text = f"data: {data}\nmodel: linear\nseed: 3\ntrain: {{steps: {steps}, checkpoint_every: 3, device: cpu}}\n"
    return train(loads(text), run_dir=tmp_path / name, resume=resume).path


def weights(path, step):
    return (path / "checkpoints" / f"step-{step}" / "model.safetensors").read_bytes()


def test_notes_on_the_data_are_said(tmp_path, capsys):
    rows = [f"{i % 7},{'yes' if i % 3 else 'no'},{'a' if i % 3 else 'b'}" for i in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["x,told,y", *rows, ""]))
    run(tmp_path, "r", f"{{name: csv, file: '{tmp_path}/t.csv', batch_size: 8}}")
    assert "data: column `told` tells the target `y`" in capsys.readouterr().err


@pytest.mark.parametrize("kind", [np.uint8, np.float64])
def test_a_mapped_file_trains_and_resumes_bit_equal(tmp_path, monkeypatch, kind):
    random = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", (random.random((60, 8)) * 200).astype(kind))
    np.save(tmp_path / "y.npy", random.integers(0, 3, 60))
    data = f"{{name: arrays, file: '{tmp_path}/x.npy', target_file: '{tmp_path}/y.npy', split: tail, batch_size: 8}}"
    whole = run(tmp_path, "whole", data)
    monkeypatch.setattr(World, "free_bytes", lambda self: 1.0)
    run(tmp_path, "parts", data, steps=3)
    parts = run(tmp_path, "parts", data, resume=True)
    assert weights(parts, 6) == weights(whole, 6)


@pytest.mark.parametrize("kind", ["bytes", np.int16, np.int32, np.int64])
def test_mapped_tokens_train_and_resume_bit_equal(tmp_path, monkeypatch, kind):
    tokens = np.random.default_rng(0).integers(0, 200, 700)
    if kind == "bytes":
        (tmp_path / "t.bin").write_bytes(tokens.astype(np.uint8).tobytes())
        data = f"{{name: text, files: '{tmp_path}/t.bin', level: byte, context: 8, batch_size: 8}}"
    else:
        np.save(tmp_path / "x.npy", tokens[:640].reshape(80, 8).astype(kind))
        np.save(tmp_path / "y.npy", tokens[1:641].reshape(80, 8).astype(kind))
        files = f"file: '{tmp_path}/x.npy', target_file: '{tmp_path}/y.npy'"
        data = f"{{name: arrays, {files}, split: tail, classes: 200, batch_size: 8}}"
    recipe = f"data: {data}\nmodel: {{name: rnn, width: 4}}\ntrain: {{steps: 6, checkpoint_every: 3, device: cpu}}\n"
    whole = train(loads(recipe), run_dir=tmp_path / "whole").path
    monkeypatch.setattr(World, "free_bytes", lambda self: 1.0)
    train(loads(recipe, overrides=["train.steps=3"]), run_dir=tmp_path / "parts")
    parts = train(loads(recipe), run_dir=tmp_path / "parts", resume=True).path
    assert weights(parts, 6) == weights(whole, 6)


def test_one_number_a_sample_is_compared_with_its_own_target(tmp_path) -> None:
    """Outputs (N,) beside targets (N, 1) would make N x N differences, and nothing is learned."""
    x = np.linspace(-1, 1, 64)[:, None]
    optcli.data(task="regression", name="line")(lambda: (x, 3 * x[:, 0], x, 3 * x[:, 0]))

    class Flat(nn.Module):
        def __init__(self, facts):
            super().__init__()
            self.linear = nn.Linear(1, 1)

        def forward(self, x):
            return self.linear(x).squeeze(-1)

    optcli.model(name="flat")(Flat)
    optcli.loss(name="own")(lambda output, target: (output - target).square().mean())
    text = "data: {name: line, batch_size: 64}\nmodel: flat\nloss: own\noptimizer: {name: adam, lr: 0.1}\n"
    done = train(loads(text + "train: {steps: 200, device: cpu}\n"), run_dir=tmp_path / "run")
    assert done.summary["best"]["value"] > 0.99
    forget()


@pytest.mark.parametrize("name", ["l2", "elastic_net", "orthogonal", "spectral"])
def test_a_model_without_weights_has_nothing_to_penalize(tmp_path, name) -> None:
    ids = np.arange(40).reshape(20, 2) % 9
    optcli.data(task="regression", name="pairs")(lambda: (ids, np.ones(20) * np.arange(20), ids, np.arange(20.0)))

    class Dot(nn.Module):
        def __init__(self, facts):
            super().__init__()
            self.table = nn.Embedding(facts.tokens, 4)

        def forward(self, x):
            return self.table(x).prod(1).sum(1)

    optcli.model(name="dot")(Dot)
    text = (
        f"data: {{name: pairs, batch_size: 5}}\nmodel: dot\nregularizers: [{name}]\ntrain: {{steps: 2, device: cpu}}\n"
    )
    with pytest.raises(Failure, match=f"regularizer {name}: this model has no weights for it"):
        train(loads(text), run_dir=tmp_path / "run")
    forget()
