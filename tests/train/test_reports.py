"""Every regularizer tells in the journal what it did, under the names that it promises."""

from __future__ import annotations

import json
import math

import pytest

from optcli.parts import bundled, find

SHORT = ("train.epochs=2", "train.eval_every=4", "train.checkpoint_every=3")
SPECIAL = {
    "augment": ("data={name: digits, batch_size: 64}", "train.epochs=1"),
    "cutmix": ("data={name: digits, batch_size: 64}", "train.epochs=1"),
    "drop_path": ("data={name: digits, batch_size: 256}", "model={name: resnet, blocks: 1, width: 4}"),
    "embedding_noise": (
        "data={name: shakespeare, batch_size: 8}",
        "model={name: rnn, width: 8}",
        "metrics=[]",
        "train.epochs=null",
        "train.steps=6",
    ),
    "early_stopping": ("train.epochs=2",),
    "l2": ("optimizer.weight_decay=0",),
    "swa": ("regularizers.swa.every=2",),
    "zclip": ("regularizers.zclip.warmup=2",),
}
"""Where the tiny task has no place for one, or a run so short would say nothing."""


def curves(folder):
    rows = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    found = {}
    for row in rows:
        for key, value in row.items():
            if "event" not in row and "/" in key:
                found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("name", bundled("regularizer"))
def test_tells_what_it_promises(run, tmp_path, name):
    promised = {f"{name}/{key}" for key in find("regularizer", name).REPORTS}
    promised |= {f"{key}_share" for key in promised if key.endswith("/penalty")}
    part = () if name in ("swa", "zclip") else (f"regularizers=[{name}]",)
    outcome = run(tmp_path / "r", *SHORT, *part, *SPECIAL.get(name, ()))
    found = {key: values for key, values in curves(tmp_path / "r").items() if key.startswith(f"{name}/")}
    assert set(found) == promised
    assert all(math.isfinite(value) for values in found.values() for value in values)
    assert set(outcome.summary["regularizers"]) == promised


def test_a_penalty_s_share_is_of_the_loss_that_it_is_part_of(run, tmp_path):
    run(tmp_path / "r", *SHORT, "optimizer.weight_decay=0", "regularizers.l2.strength=1")
    found = curves(tmp_path / "r")
    losses = found["train/loss"][3::4]
    for penalty, share, loss in zip(found["l2/penalty"], found["l2/penalty_share"], losses, strict=False):
        assert share == pytest.approx(penalty / loss)
        assert 0 < share < 1


def test_counts_survive_a_resume(run, journal, tmp_path):
    changes = (*SHORT, "regularizers=[swap_noise, mixup, sam]")
    run(tmp_path / "whole", *changes)
    run(tmp_path / "parts", *changes, stop=6)
    run(tmp_path / "parts", *changes, resume=True)
    assert journal(tmp_path / "parts") == journal(tmp_path / "whole")


def test_the_last_words_name_them(run, tmp_path, capsys):
    from optcli.train.verdict import tell

    outcome = run(tmp_path / "r", *SHORT, "regularizers=[clip_norm]")
    tell(outcome, "never")
    assert "regularizers: clip_norm/clipped_steps " in capsys.readouterr().err


def test_sharpness_is_the_rise_of_the_loss(run, tmp_path):
    """Of a step that is too small to matter: to first order, the radius times the gradient's norm."""
    run(tmp_path / "r", "train.epochs=1", "train.eval_every=1", "regularizers.sam.radius=1e-3", "optimizer.lr=1e-9")
    found = curves(tmp_path / "r")
    rows = [json.loads(line) for line in (tmp_path / "r" / "journal.jsonl").read_text().splitlines()]
    norms = [row["grad_norm"] for row in rows if "grad_norm" in row]
    for rise, norm in zip(found["sam/sharpness"], norms, strict=True):
        assert rise == pytest.approx(1e-3 * norm, rel=0.02)
