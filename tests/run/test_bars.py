"""A progress bar shows its last values again whenever it is drawn."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from optcli.run.assemble import read
from optcli.run.curve import Run

EPOCHS = 12
LOSSES = [round(2 / (k + 1), 4) for k in range(EPOCHS * 4)]


def console(tmp_path: Path, text: str) -> Run:
    log = tmp_path / "log.txt"
    log.write_text(text)
    return read(str(log))[0]


def shown(values: dict[str, float]) -> str:
    return "".join(f", {name}={f'{x}.0' if math.isnan(x) else x}" for name, x in values.items())


def drawn(of: int, every: int, after: list[float], checks: int = 1, steps: bool = True) -> str:
    """What Lightning prints: each step twice, and validation with a bar of its own after every `checks` epochs."""
    text, values = "", dict[str, float]()
    losses = iter(LOSSES)

    def bar(epoch: int, done: int) -> str:
        percent = 100 * done // of
        return f"\rEpoch {epoch}: {percent:3}%|###| {done}/{of} [00:00<00:00, 334.75it/s, v_num=3{shown(values)}]"

    for epoch, x in enumerate(after):
        text += bar(epoch, 0)
        for done in range(every, of + 1, every):
            text += bar(epoch, done)
            values |= {"train_loss_step": next(losses)} if steps else {}
            text += bar(epoch, done)
        if (epoch + 1) % checks == 0:
            text += "\n\rValidation: | | 0/? [00:00<?, ?it/s]"
            text += "\n\rValidation DataLoader 0: 100%|##| 3/3 [00:00<00:00, 1087.64it/s]\n"
            values |= {"val_loss": x, "val_acc": 0.5}
            text += bar(epoch, of)
        values |= {"train_loss_epoch": round(1 / (epoch + 1), 4), "train_acc": round(epoch / 40, 4)}
        text += bar(epoch, of) + bar(epoch, 0)  # the latter again as the next one begins
    return text + "\n"


def test_each_value_of_lightnings_bar_counts_once(tmp_path: Path) -> None:
    after = [3 - k / 10 for k in range(EPOCHS)]
    run = console(tmp_path, drawn(20, 5, after))
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert run.curves["train/loss"].step.tolist() == [5 * k for k in range(1, 49)]
    ends = [20 * k for k in range(1, EPOCHS + 1)]
    assert run.curves["val/loss"].value.tolist() == after
    assert run.curves["val/loss"].step.tolist() == run.curves["val/accuracy"].step.tolist() == ends
    assert run.curves["train/accuracy"].value.tolist() == [round(k / 40, 4) for k in range(EPOCHS)]
    assert len(run.curves["train_loss_epoch"]) == EPOCHS


@pytest.mark.parametrize("same", [math.nan, 0.7])
def test_a_validation_that_gives_the_same_again_counts(tmp_path: Path, same: float) -> None:
    run = console(tmp_path, drawn(20, 5, [3.0] + [same] * (EPOCHS - 1), checks=2))
    assert len(run.curves["val/loss"]) == EPOCHS // 2
    assert repr(run.curves["val/loss"].value.tolist()) == repr([same] * (EPOCHS // 2))


def test_a_bar_may_tell_of_nothing_but_epochs(tmp_path: Path) -> None:
    after = [3 - k / 10 for k in range(EPOCHS)]
    run = console(tmp_path, drawn(20, 5, after, steps=False))
    assert run.curves["train/loss"].value.tolist() == [round(1 / (k + 1), 4) for k in range(EPOCHS)]
    assert run.curves["val/loss"].value.tolist() == after
    assert run.curves["val/loss"].step.tolist() == run.curves["train/loss"].step.tolist()


def test_a_bar_that_begins_in_the_middle(tmp_path: Path) -> None:
    text = drawn(20, 5, [3 - k / 10 for k in range(EPOCHS)])
    run = console(tmp_path, text[text.index("Epoch 3:  50%") :])
    assert len(run.curves["train_loss_epoch"]) == EPOCHS - 2
    assert len(run.curves["val/loss"]) == EPOCHS - 2


def test_bars_that_are_drawn_only_at_their_ends_count_epochs(tmp_path: Path) -> None:
    after = [3 - k / 10 for k in range(EPOCHS)]
    run = console(tmp_path, drawn(5, 5, after))
    assert run.axis == "epoch"
    assert run.curves["train/loss"].value.tolist() == LOSSES[:EPOCHS]
    assert run.curves["val/loss"].value.tolist() == after
    assert len(run.curves["train/accuracy"]) == EPOCHS


@pytest.mark.parametrize("value", ["nan", "0.6931"])
@pytest.mark.parametrize("names", ["loss={}", "loss={}, val_loss={}"])
def test_a_bar_that_is_drawn_once_a_step_says_something_each_time(tmp_path: Path, names: str, value: str) -> None:
    bar = "\r{p}%|##| {i}/40 [00:01<00:10, 4.5it/s, {said}]"
    text = "".join(bar.format(p=i, i=i, said=names.format(value, value)) for i in range(1, 21)) + "\n"
    run = console(tmp_path, text)
    assert {name: len(curve) for name, curve in run.curves.items()} == dict.fromkeys(run.curves, 20)


def test_an_old_validation_beside_new_losses(tmp_path: Path) -> None:
    bar = "\r{p}%|##| {i}/400 [00:01<00:10, 4.5it/s, loss={x}, val_loss={v}]"
    text = "".join(bar.format(p=i, i=i, x=x, v=3 - i // 8) for i, x in enumerate(LOSSES)) + "\n"
    run = console(tmp_path, text)
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert run.curves["val/loss"].value.tolist() == [3, 2, 1, 0, -1, -2]
    assert run.curves["val/loss"].step.tolist() == [0, 8, 16, 24, 32, 40]


def test_a_bar_that_is_drawn_again_after_another_line(tmp_path: Path) -> None:
    bar = "\rSteps: {p}%|##| {i}/100 [00:01<00:10, 4.5it/s, lr=0.1, step_loss={x}]"
    bars = [bar.format(p=i, i=i, x=x) for i, x in enumerate(LOSSES)]
    text = "".join(f"{one}\nepoch 0: saved\n{one}" for one in bars)
    run = console(tmp_path, text + "\n")
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert len(run.curves["lr"]) == len(LOSSES)
    assert "epoch step_loss" not in run.curves
