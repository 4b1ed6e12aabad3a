"""Names and numbers in one line of console output."""

from __future__ import annotations

import pytest

from optcli.run.pairs import headline, nickname, pairs


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("loss: 0.5 lr=1e-3, gnorm 0.2", {"loss": 0.5, "lr": 1e-3, "gnorm": 0.2}),
        ("Loss (val) 0.5 bsz 64", {"Loss (val)": 0.5, "bsz": 64}),
        ("Accuracy: 9823/10000 batch: 3/10", {"Accuracy": 0.9823}),
        ("took 3 s, loaded 5 files", {"loaded": 5}),
        ("train.py:120 main.cpp:7] Jul 3 12:00", {}),
        ("acc: 4.2 --> 5.3", {}),
        ("tokens: 1,234,567", {"tokens": 1234567}),
        ("val 5 train: 3", {"train": 3}),
        ("loss: 1, time 243.1 samples/sec", {"loss": 1, "time samples/sec": 243.1}),
        ("Speed: 5.5 it/s, time: 3 s", {"Speed it/s": 5.5, "time": 3}),
        ("total loss is 4.5 , acc is 1, it is 3, Time is 5", {"total loss": 4.5, "acc": 1}),
        ("Accuracy of the net on 100 test images: 97 %, loss on train set = 3", {"test Accuracy": 97, "train loss": 3}),
        ("loss of D: 0.5, loss of G: 0.4", {"loss of D": 0.5, "loss of G": 0.4}),
        ("Dice: [0.88] loss=tensor([0.5], device='cuda:0') parts: [1, 2]", {"Dice": 0.88, "loss": 0.5}),
        (
            "Epoch: [3] [4/9] Loss [ 0.69] Avg Loss [0.68] Accuracy 0.5",
            {"Loss": 0.69, "Avg Loss": 0.68, "Accuracy": 0.5},
        ),
        ("epoch 1, phase train, step 10, loss_train, 0.833", {"loss_train": 0.833}),
        ("with loss, 3 of them", {}),
        ("训练损失: 0.5, 第 3 轮", {"训练损失": 0.5}),
    ],
)
def test_pairs_of_a_line(line: str, found: dict[str, float]) -> None:
    assert pairs(line).found == found


@pytest.mark.parametrize("value", ["nan", "NaN", "NAN", "inf", "-inf", "Infinity", "-nan"])
@pytest.mark.parametrize("layout", ["loss {} accuracy 0.1 val_loss {} val_acc 0.2", "train loss {} acc 0.1 lr {}"])
def test_nan_and_infinity_are_values_without_a_sign_too(layout: str, value: str) -> None:
    expected = pairs(layout.format(7.5, 7.5)).found
    found = pairs(layout.format(value, value)).found
    assert repr(found) == repr({k: float(value) if v == 7.5 else v for k, v in expected.items()})


@pytest.mark.parametrize("name", ["nan count", "inf grads", "skipped nan losses"])
def test_how_many_nans_there_were_is_a_count(name: str) -> None:
    assert pairs(f"loss: 0.5 | {name}: 3").found == {"loss": 0.5, name: 3}


def test_the_data_before_a_name_counts_as_part_of_it() -> None:
    assert set(pairs("[valid] loss=0.5 auc: 0.9 lr: 0.1").found) == {"valid loss", "valid auc", "lr"}
    assert set(pairs("loss=0.5", "test").found) == {"test loss"}


def test_bare_names() -> None:
    assert pairs("loss 0.5 acc: 0.1").bare == {"loss"}
    assert pairs("error 404").headlines() == []
    assert pairs("error: 404").headlines() == ["error"]
    assert pairs("error: 404 code 5").signed() == {"error": 404}


def test_what_may_stand_on_a_line_of_its_own() -> None:
    line = pairs("lr 0.1 grad norm: 2 time: 3 memory: 4 dice: 0.5 best auc: 1 val auc 0.7")
    assert line.telling(scores=False) == {"lr": 0.1, "grad norm": 2, "val auc": 0.7}
    assert line.telling(scores=True) == {"lr": 0.1, "grad norm": 2, "val auc": 0.7, "dice": 0.5}


def test_headlines() -> None:
    assert headline("val loss")
    assert not headline("best loss")
    assert not headline("lr")


def test_nicknames() -> None:
    assert all(map(nickname, ("closs", "val_closs", "L", "L_total", "valid L")))
    assert not any(map(nickname, ("loss", "gloss_scale", "l", "L1", "L_crf", "lr", "best closs", "HL")))
    assert pairs("L 5 closs: 1").nicknames() == ["closs"]
