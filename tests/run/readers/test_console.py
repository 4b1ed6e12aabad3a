"""How programs put names and numbers on a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optcli.run.assemble import Unreadable, read
from optcli.run.curve import Run

LOSSES = [round(2 / (k + 1), 4) for k in range(12)]


def console(tmp_path: Path, text: str) -> Run:
    path = tmp_path / "out.txt"
    path.write_text(text)
    return read(str(path))[0]


@pytest.mark.parametrize("end", [" ", ": "])
def test_epoch_and_batch_in_a_bracket(tmp_path: Path, end: str) -> None:
    text = ""
    for e in range(1, 5):
        text += "".join(f"[{e}, {100 * b:5}]{end}loss: {LOSSES[3 * e + b - 4]} , acc: 9{b}.5 %\n" for b in (1, 2, 3))
        text += f"[{e} / 4]: Accuracy on the test set: 9{e}.0 % \n"
    run = console(tmp_path, text)
    assert run.roles == {"train/loss": "loss", "train/accuracy": "acc", "val/accuracy": "test Accuracy"}
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert run.curves["train/loss"].step.tolist() == [100 * i for i in range(1, 13)]
    assert run.curves["val/accuracy"].step.tolist() == [300, 600, 900, 1200]
    assert run.planned == 1200


@pytest.mark.parametrize("total", [[50] * 12, [50] * 6 + [25] * 6])
def test_bars_of_which_only_the_end_is_left_count_no_steps(tmp_path: Path, total: list[int]) -> None:
    text = "".join(
        f"Epoch: {e} - LR: 0.1\nLoss: {x + 1}: 100%|###| {total[e]}/{total[e]} [1:02<00:00, 2.80it/s]\nTest loss: {x}\n"
        for e, x in enumerate(LOSSES)
    )
    run = console(tmp_path, text)
    assert run.axis == "epoch"
    assert set(run.curves) == {"train/loss", "val/loss", "lr"}
    assert run.curves["val/loss"].step.tolist() == list(range(12))
    assert not run.notes


def test_bars_that_say_nothing_count_no_steps(tmp_path: Path) -> None:
    text = "".join(
        f"Epoch {e} of 20\n 0%| | 0/8 [00:00<?, ?it/s]\r100%|#| 8/8 [00:01<00:00, 9.1it/s]\nTrain Loss: {x}\n"
        for e, x in enumerate(LOSSES)
    )
    run = console(tmp_path, text)
    assert (run.axis, run.roles) == ("epoch", {"train/loss": "Train Loss"})
    assert set(run.curves) == {"train/loss"}


def test_the_mean_of_an_epoch_goes_before_its_last_batch(tmp_path: Path) -> None:
    bar = "153.0s - loss: 9.5 - acc: 80.5: 100%|###| 540/540 [01:02<00:00, 4it/s]\n"
    line = "train loss: {x} - train acc: 82.0 - val loss: {x} - val acc: 95.6\n"
    run = console(tmp_path, "".join(f"Epoch: {i}/20\n{bar}" + line.format(x=x) for i, x in enumerate(LOSSES)))
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert run.roles["train/accuracy"] == "train acc"
    assert set(run.curves["loss"].value) == {9.5}


def test_what_stands_right_behind_a_bar_is_not_its_own(tmp_path: Path) -> None:
    bar = "Training (epoch 0 / 20):   1%|#  | {i}/157 [00:15<41:21, 15.91s/it, loss={x}, lr=0.02]"
    text = "".join(bar.format(i=i, x=x) + f"Forward: 5.{i}\nBackward: 10.2\n" for i, x in enumerate(LOSSES))
    run = console(tmp_path, text)
    assert set(run.curves) - {"epoch"} == {"train/loss", "lr"}
    assert run.curves["train/loss"].value.tolist() == LOSSES
    text = "".join(f"Now: 9%|#| {i}/157 [00:15<41:21, 1.1it/s]step loss: {x}\n" for i, x in enumerate(LOSSES))
    assert console(tmp_path, text).curves["train/loss"].value.tolist() == LOSSES


def test_a_name_is_a_value(tmp_path: Path) -> None:
    line = "epoch 0, total_step {i}, total loss is {x} , reg_loss is 0.09, training accuracy is 0.000000\n"
    run = console(tmp_path, "".join(line.format(i=50 * i + 22050, x=x) for i, x in enumerate(LOSSES)))
    assert run.roles == {"train/loss": "total loss", "train/accuracy": "training accuracy"}
    assert run.curves["train/loss"].step.tolist() == [50 * i + 22050 for i in range(12)]
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert len(run.curves["reg_loss"]) == len(run.curves["train/accuracy"]) == 12
    assert set(run.curves) == {"epoch", "train/loss", "reg_loss", "train/accuracy"}


def test_a_sentence_with_is_gives_no_value(tmp_path: Path) -> None:
    text = "".join(f"step {i} loss: {x}\nThe answer is 42. Patience is 3, it is 5 pm\n" for i, x in enumerate(LOSSES))
    assert set(console(tmp_path, text).curves) == {"train/loss"}
    with pytest.raises(Unreadable):
        console(tmp_path, "The loss is 3 here.\nIn step 5 the accuracy is better.\n")


def test_precision_at_one_is_an_accuracy(tmp_path: Path) -> None:
    line = "Epoch: [5][{i}/3907]\tTime 0.5 (0.5)\tLoss {x} (6.9)\tPrec@1 {i}.000 (0.000)\tPrec@5 1.562 (1.562)\n"
    run = console(tmp_path, "".join(line.format(i=i, x=x) for i, x in enumerate(LOSSES)))
    assert run.roles["train/accuracy"] == "Prec@1"
    assert run.curves["train/accuracy"].value.tolist() == list(range(12))
    assert "Prec@5" in run.curves


@pytest.mark.parametrize(
    "value", ["[{x}]", "[[{x}]]", "tensor({x}, device='cuda:0', grad_fn=<NllLossBackward0>)", "array([{x}])"]
)
@pytest.mark.parametrize("sign", [": ", "="])
def test_a_list_of_one_number(tmp_path: Path, value: str, sign: str) -> None:
    text = "".join(f"epoch {i} loss{sign}{value.format(x=x)}, Dice{sign}[0.88]\n" for i, x in enumerate(LOSSES))
    run = console(tmp_path, text)
    assert set(run.curves) == {"train/loss", "Dice"}
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert set(run.curves["Dice"].value) == {0.88}


def test_a_list_of_several_numbers_is_no_value(tmp_path: Path) -> None:
    text = "".join(f"epoch {i} loss: {x} parts: [0.5, 0.6] sizes=[3, 4]\n" for i, x in enumerate(LOSSES))
    assert set(console(tmp_path, text).curves) == {"train/loss"}


def test_a_share_of_the_epochs_is_no_count(tmp_path: Path) -> None:
    bar = "\rEpochs: {p:3}%|###| {i}/12 [00:01<00:10, 4.5it/s, loss={x}]"
    run = console(tmp_path, "".join(bar.format(p=i * 100 // 12, i=i, x=x) for i, x in enumerate(LOSSES, 1)) + "\n")
    assert set(run.curves) == {"train/loss"}
    assert run.curves["train/loss"].step.tolist() == list(range(1, 13))


@pytest.mark.parametrize("nan", ["nan", "NaN", "-nan(ind)", "1.#QNAN", "-1.#IND00", "Nan"])
def test_no_nan_is_dropped(tmp_path: Path, nan: str) -> None:
    """Not the one without a digit on its line either."""
    texts = (
        f"Epoch    :  1\nLOSS     :  2.5\nEpoch    :  2\nLOSS     :  1.5\nEpoch    :  3\nLOSS     :  {nan}\n",
        f"Epoch[ 1]: ce loss = 2.5 * 500\nEpoch[ 2]: ce loss = 1.5 * 500\nEpoch[ 3]: ce loss = {nan} * 500\n",
        f"epoch,loss\n1,2.5\n2,1.5\n3,{nan}\n",
        f'{{"epoch": 1, "loss": 2.5}}\n{{"epoch": 2, "loss": 1.5}}\n{{"epoch": 3, "loss": {nan}}}\n',
    )
    for text in texts:
        values = console(tmp_path, text).curves["train/loss"].value
        assert values[:2].tolist() == [2.5, 1.5]
        assert len(values) == 3
        assert np.isnan(values[2])


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Training loss (for one batch) at step {}: {}", "Training loss"),
        ("Average loss at step  {} :  {}", "Average loss"),
        ("The loss at step {} is {}", "loss"),
        ("10:02:11 [main] INFO Minibatch loss at iteration {} = {}", "Minibatch loss"),
        ("loss after epoch {}: {}", "loss"),
    ],
)
def test_a_count_between_a_name_and_its_value(tmp_path: Path, line: str, name: str) -> None:
    run = console(tmp_path, "".join(line.format(10 * i, x) + "\n" for i, x in enumerate(LOSSES)))
    assert run.roles == {"train/loss": name}
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert run.curves["train/loss"].step.tolist() == [10 * i for i in range(12)]


def test_the_split_before_a_hyphen_belongs_to_the_name(tmp_path: Path) -> None:
    lines = (
        f"Epoch[{e}] Train-cross-entropy={x}\nEpoch[{e}] Train-accuracy=0.5{e}\n"
        f"Epoch[{e}] Validation-cross-entropy={x + 1}\n"
        for e, x in enumerate(LOSSES)
    )
    run = console(tmp_path, "".join(lines))
    assert run.roles == {
        "train/loss": "Train-cross-entropy",
        "train/accuracy": "Train-accuracy",
        "val/loss": "Validation-cross-entropy",
    }
    assert run.curves["val/loss"].value.tolist() == [x + 1 for x in LOSSES]


def test_percent_behind_a_name(tmp_path: Path) -> None:
    run = console(tmp_path, "".join(f"Época: {i}  MSE: {x}  Acierto (%): 7{i}.5\n" for i, x in enumerate(LOSSES[:9])))
    assert run.roles == {"train/loss": "MSE", "train/accuracy": "Acierto (%)"}
    assert run.curves["train/accuracy"].value.tolist() == [70.5 + i for i in range(9)]


def test_three_counts_are_no_plan_and_the_worst_so_far_is_no_loss(tmp_path: Path) -> None:
    """Tesseract."""
    text = "".join(
        f"At iteration {i}4/{i}00/{i}00, Mean rms={x}%, delta=1.8%, char train=9{i}.5%, skip ratio=0%,  "
        f"New worst char error = 9{i}.5 wrote checkpoint.\n\n"
        for i, x in enumerate(LOSSES[:9], 1)
    )
    run = console(tmp_path, text)
    assert run.roles == {"train/loss": "Mean rms"}
    assert run.curves["train/loss"].value.tolist() == LOSSES[:9]
    assert run.planned is None
