"""Console output: what the laws' one training doesn't show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optcli.run.assemble import Unreadable, read
from optcli.run.curve import Run


def console(tmp_path: Path, text: str) -> Run:
    path = tmp_path / "out.txt"
    path.write_text(text)
    return read(str(path))[0]


@pytest.mark.parametrize(
    ("line", "loss"),
    [
        ("Epoch: [{e}][{i:3}/5]\tTime  0.3 ( 1.2)\tData  0.1 ( .9)\tLoss {x:.4e} (7.0)\tAcc@1   1.56 (  1.2)", "Loss"),
        ("Train: {e} [{i:4}/5 (  4%)]  Loss: {x} (6.95)  Time: 0.5s, 100.1/s  LR: 1.0e-06  Data: 0.01", "Loss"),
        (
            "2024-01-01 - mmdet - INFO - Epoch [{e}][{i}/5]\tlr: 1.9e-03, eta: 1:00:01, time: 0.5, loss: {x}",
            "loss",
        ),
        ("epoch {e} batch {i} loss {x}", "loss"),
        ("Epoch {e}:  45%|####| {i}/5 [00:10<00:12, 4.5it/s, loss={x}, v_num=0]", "loss"),
    ],
)
def test_lines_of_well_known_loops(tmp_path: Path, line: str, loss: str) -> None:
    values = [round(2 / (k + 1), 4) for k in range(15)]
    text = "".join(line.format(e=k // 5 + 1, i=k % 5 + 1, x=x) + "\n" for k, x in enumerate(values))
    run = console(tmp_path, text)
    assert run.roles["train/loss"] == loss
    np.testing.assert_allclose(run.curves["train/loss"].value, values)
    assert (np.diff(run.curves["train/loss"].step) == 1).all()


def test_epoch_on_a_line_of_its_own(tmp_path: Path) -> None:
    text = "".join(f"Epoch {e}\n-------\ntrain loss: {1 / (e + 1)}\nval loss: {2 / (e + 1)}\n" for e in range(5))
    run = console(tmp_path, text)
    assert run.curves["train/loss"].step.tolist() == list(range(5))
    assert run.curves["val/loss"].value[1] == 1.0


def test_an_epochs_summary_is_another_series_than_its_steps(tmp_path: Path) -> None:
    text = ""
    for e in range(3):
        text += "".join(f"epoch {e} step {e * 4 + i} loss {9 - e}.{i}\n" for i in range(4))
        text += f"epoch {e} done, loss: 0.001, val_loss: 0.7\n"
    run = console(tmp_path, text)
    assert len(run.curves["train/loss"]) == 12
    assert run.curves["epoch loss"].value.tolist() == [0.001] * 3
    assert len(run.curves["val/loss"]) == 3


def test_colours_and_overwritten_lines(tmp_path: Path) -> None:
    text = "".join(f"\x1b[32mstep {i}\x1b[0m loss: 0.{i}\x1b[K\r" for i in range(1, 5)) + "\n"
    assert console(tmp_path, text).curves["train/loss"].value.tolist() == [0.1, 0.2, 0.3, 0.4]


def test_prose_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        console(tmp_path, "We train for 3 epochs.\nThe loss is about half.\nargs: lr=0.1 loss_weight=2.0 seed=3\n")


def test_a_long_preamble(tmp_path: Path) -> None:
    text = "cfg.option: some value here\n" * 5000
    text += "".join(
        f"[01/01 10:00:00 d2.utils.events]:  eta: 0:01  iter: {i}  total_loss: 0.{i}  lr: 0.1\n"
        for i in range(10, 3000)
    )
    run = console(tmp_path, text)
    assert run.format == "detectron2-console"
    assert len(run.curves["train/loss"]) == 2990


def test_sessions_in_one_file(tmp_path: Path) -> None:
    text = "".join(f"INFO step={i} loss=1.0\n" for i in range(30)) + "Training started\n"
    text += "".join(f"INFO step={i} loss=2.0\n" for i in range(20, 40))
    run = console(tmp_path, text)
    assert run.seams == (20.0,)
    assert run.curves["train/loss"].value.tolist() == [1.0] * 20 + [2.0] * 20


def test_nanogpt_without_iteration_lines(tmp_path: Path) -> None:
    run = console(tmp_path, "".join(f"step {i}: train loss {5 - i}.5, val loss {6 - i}.5\n" for i in range(4)))
    assert run.roles == {"train/loss": "train loss estimate", "val/loss": "val loss"}


def test_llmc_main_log(tmp_path: Path) -> None:
    run = console(tmp_path, "s:0 tel:11.0\n" + "".join(f"s:{i} trl:{9 - i}.0 lr:0.000300 norm:1.5\n" for i in range(4)))
    assert set(run.roles) == {"train/loss", "val/loss", "lr", "grad_norm"}


def test_megatron_nan(tmp_path: Path) -> None:
    line = " iteration {i:8d}/     100 | lm loss: {x} | grad norm: {x} | number of nan iterations: 1 |\n"
    run = console(tmp_path, "".join(line.format(i=i, x="nan" if i > 3 else "1.0E+01") for i in range(1, 7)))
    assert np.isnan(run.curves["train/loss"].value).sum() == 3
    assert run.planned == 100


def test_fairseq_json(tmp_path: Path) -> None:
    line = '2024 | INFO | train_inner | {"epoch": 1, "loss": "9.1", "num_updates": "%d", "gnorm": "2.5"}\n'
    run = console(tmp_path, "".join(line % i for i in range(100, 500, 100)))
    assert run.curves["train/loss"].step.tolist() == [100, 200, 300, 400]
    assert run.curves["grad_norm"].value.tolist() == [2.5] * 4


def test_keras_without_validation_of_the_running_epoch(tmp_path: Path) -> None:
    text = "Epoch 1/9\n10/10 - 1s - loss: 0.9 - val_loss: 0.8\nEpoch 2/9\n 3/10 [=>..] - ETA: 1s - loss: 0.1\n"
    assert console(tmp_path, text).curves["train/loss"].value.tolist() == [0.9]


def test_a_line_without_its_end_waits(tmp_path: Path) -> None:
    run = console(tmp_path, "step 1 loss 0.5\nstep 2 loss 0.4\nstep 3 loss 0.3\nstep 4 loss 0.21")
    assert run.curves["train/loss"].step.tolist() == [1, 2, 3]


LOSSES = [round(2 / (k + 1), 4) for k in range(12)]


def test_a_test_line_is_about_test_data(tmp_path: Path) -> None:
    text = ""
    for e in (1, 2, 3):
        text += "".join(f"Train Epoch: {e} [{b * 640}/60000 ({b}%)]\tLoss: {LOSSES[e * 3 + b - 3]}\n" for b in range(3))
        text += f"\nTest set: Average loss: 0.{e}, Accuracy: {9000 + e}/10000 ({90 + e}%)\n\n"
    run = console(tmp_path, text)
    assert run.curves["train/loss"].value.tolist() == LOSSES[:9]
    assert run.curves["train/loss"].step.tolist() == [e * 60000 + b * 640 for e in range(3) for b in range(3)]
    assert run.curves["val/loss"].value.tolist() == [0.1, 0.2, 0.3]
    assert run.curves["val/accuracy"].value.tolist() == [0.9001, 0.9002, 0.9003]


def test_a_heading_says_which_data_the_next_line_is_about(tmp_path: Path) -> None:
    text = "".join(
        f"Epoch {e}\n------\nloss: {x}  [   64/60000]\nTest Error: \n Accuracy: {50 + e}.0%, Avg loss: {x + 1} \n\n"
        for e, x in enumerate(LOSSES)
    )
    run = console(tmp_path, text)
    assert run.curves["val/loss"].value.tolist() == [x + 1 for x in LOSSES]
    assert run.curves["val/accuracy"].value[0] == 50


@pytest.mark.parametrize(
    "line",
    [
        "epoch {i} | train loss {x} | valid loss {y}",
        "Epoch {i}: Loss (train) {x}, Loss (val) {y}",
        "{i}epoch results: [train] time=0.1, loss={x}, acc=0.5, [valid] loss={y}, acc=0.4",
        "I0510 10:00:00.123456 140000 train.py:120] epoch: {i}, train_loss: {x}, test_loss: {y}",
    ],
)
def test_both_losses_of_a_line(tmp_path: Path, line: str) -> None:
    run = console(tmp_path, "".join(line.format(i=i, x=x, y=x + 1) + "\n" for i, x in enumerate(LOSSES)))
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert run.curves["val/loss"].value.tolist() == [x + 1 for x in LOSSES]
    assert "train.py" not in run.curves
    assert run.axis == "epoch"


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("[{e}, {b:5d}] loss: {x}", None),
        ("I0510 10:00:00.1 14 logging_writer.py:48] [{i}] accuracy=0.5, loss={x}", 1),
        ("completed step: {i}, seconds: 0.5, loss: {x}", 1),
        ("step: {i:2}  loss: {x}  grad_norm:  1.2  tps: 1,234  mfu: 40.12%", 1),
    ],
)
def test_steps_without_a_name(tmp_path: Path, line: str, step: int | None) -> None:
    text = "".join(line.format(i=i, e=i // 4 + 1, b=i % 4 * 500 + 500, x=x) + "\n" for i, x in enumerate(LOSSES))
    curves = console(tmp_path, text).curves
    assert curves["train/loss"].value.tolist() == LOSSES
    assert (np.diff(curves["train/loss"].step) == (step or 500)).all()
    assert "tps" not in curves or (curves["tps"].value == 1234).all()


@pytest.mark.parametrize(
    ("bar", "planned"),
    [
        ("\r{p}%|###  | {i}/2000 [00:01<00:10,  4.5it/s, loss={x:.4f}]", 2000),
        ("\r{i}it [00:01,  4.5it/s, loss={x:.4f}]", None),
        ("\rloss {x:.4f}:  {p}%|###  | {i}/2000 [00:01<00:10,  4.5it/s]", 2000),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r"])
def test_a_redirected_bar_is_one_long_line(tmp_path: Path, bar: str, planned: int | None, end: str) -> None:
    text = "".join(bar.format(p=i // 20, i=i, x=2 / (i + 1)) for i in range(1, 1500)) + end
    run = console(tmp_path, text)
    assert run.curves["train/loss"].step.tolist() == list(range(1, 1500))
    assert run.planned == planned


def test_a_plan_in_epochs_and_steps(tmp_path: Path) -> None:
    text = "".join(f"Epoch [{e}/5], Step [{b}/600], Loss: 0.{e}\n" for e in (1, 2, 3) for b in range(100, 700, 100))
    run = console(tmp_path, text)
    assert (run.planned, run.axis) == (3000, "step")
    assert run.curves["train/loss"].step[-1] == 1800


def test_a_keras_epoch_counts_when_its_bar_is_full(tmp_path: Path) -> None:
    bars = "".join(f"\r{i}/9 ---- 0s 1ms/step - loss: 0.{i}" for i in range(1, 10))
    run = console(tmp_path, f"Epoch 1/3\n{bars}\nEpoch 2/3\n{bars[:60]}\n")
    assert run.curves["train/loss"].value.tolist() == [0.9]


@pytest.mark.parametrize(("rising", "kind"), [(True, "score"), (False, "loss")])
def test_catboost_prints_a_loss_or_a_score_without_its_name(tmp_path: Path, rising: bool, kind: str) -> None:
    lines = ["Learning rate set to 0.12"]
    for i in range(12):
        value = 0.5 + 0.03 * i if rising else 0.7 - 0.03 * i
        lines.append(
            f"{i}:\tlearn: {value:.7f}\ttest: {value:.7f}\tbest: {value:.7f} ({i})\ttotal: 62.4ms\tremaining: 1s"
        )
    log = tmp_path / "log.txt"
    log.write_text("\n".join(lines) + "\n")
    assert read(str(log))[0].roles == {f"train/{kind}": "learn", f"val/{kind}": "test"}


def test_mmengine_counts_batches_inside_the_epoch(tmp_path: Path) -> None:
    lines = []
    for epoch in (1, 2, 3):
        for at in (4, 8):
            head = f"11/27 18:01:43 - mmengine - INFO - Epoch(train)  [{epoch}][ {at}/8]  lr: 1.0000e-01  eta: 0:00:01"
            lines.append(f"{head}  time: 0.0199  data_time: 0.0009  loss: {1 / epoch:.4f}")
        lines.append(
            f"11/27 18:01:43 - mmengine - INFO - Epoch(val) [{epoch}][4/4]    accuracy: {70 + epoch}.0  time: 0.1"
        )
    log = tmp_path / "log.txt"
    log.write_text("\n".join(lines) + "\n")
    run = read(str(log))[0]
    assert run.curves["train/loss"].step.tolist() == [4, 8, 12, 16, 20, 24]
    assert run.curves["val/accuracy"].step.tolist() == [8, 16, 24]
    assert run.curves["val/accuracy"].value.tolist() == [71, 72, 73]


def test_of_several_processes_the_first_is_heard(tmp_path: Path) -> None:
    lines = [
        f"[rank{r}]: step {i} loss {1 / (i + 1) + r:.4f}" for i in range(9) for r in ((0, 1, 2) if i % 2 else (0, 2, 1))
    ]
    log = tmp_path / "log.txt"
    log.write_text("\n".join(lines) + "\n")
    assert read(str(log))[0].curves["train/loss"].value.tolist() == [round(1 / (i + 1), 4) for i in range(9)]


def test_swin_counts_epochs_and_batches_in_two_brackets(tmp_path: Path) -> None:
    head = "[2022-01-01 12:00:00 swin] (main.py 180): INFO Train: "
    lines = [
        f"{head}[{e}/300][{b}/20]\teta 0:01:00 lr 0.000100\t loss {3 - e}.5 (3.1)" for e in (0, 1, 2) for b in (0, 10)
    ]
    log = tmp_path / "log.txt"
    log.write_text("\n".join(lines) + "\n")
    curve = read(str(log))[0].curves["train/loss"]
    assert len(curve) == 6
    assert (np.diff(curve.step) > 0).all()


def test_values_under_a_damaged_mark_are_not_the_last_marks(tmp_path: Path) -> None:
    composer = [f"[batch={i}/9]:\n Train LossName: {i}.5\n" for i in range(1, 9)]
    composer[3] = composer[3].replace("[batch", "[b?tch")
    generic = [f"12:00:0{i} step={i} loss={i}.5 lr=0.{i}\n" for i in range(1, 9)]
    generic[3] = generic[3].replace("step", "s?ep").replace("loss", "l?ss")
    for text, name in ((composer, "train/loss"), (generic, "lr")):
        path = tmp_path / "out.txt"
        path.write_text("".join(text))
        curve = read(str(path))[0].curves[name]
        assert curve.step.tolist() == [1, 2, 3, 5, 6, 7, 8]
        assert curve.value[2] == (3.5 if name == "train/loss" else 0.3)


@pytest.mark.parametrize("end", [".", ",", ")", "];", "..."])
def test_a_number_at_the_end_of_a_phrase(tmp_path: Path, end: str) -> None:
    text = "".join(f"Epoch {i}: val loss {x + 1}{end} train loss {x}{end}\n" for i, x in enumerate(LOSSES))
    run = console(tmp_path, text)
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert run.curves["val/loss"].value.tolist() == [x + 1 for x in LOSSES]


def test_a_version_is_no_number(tmp_path: Path) -> None:
    text = "".join(f"epoch {i}: loss {x} acc 1.2.3\n" for i, x in enumerate(LOSSES))
    assert set(console(tmp_path, text).curves) == {"train/loss"}


@pytest.mark.parametrize("head", ["Step {i:7} [0.12 sec/step, ", "iteration :      {i} | ", "Epoch{i:>12} "])
def test_a_padded_count(tmp_path: Path, head: str) -> None:
    text = "".join(head.format(i=i) + f"loss={x}]\n" for i, x in enumerate(LOSSES))
    curve = console(tmp_path, text).curves["train/loss"]
    assert curve.value.tolist() == LOSSES
    assert curve.step.tolist() == list(range(12))


def test_names_and_numbers_without_a_sign_between(tmp_path: Path) -> None:
    text = "".join(
        f"| epoch {i:03} | train loss {x} | train ppl 9.5 | words/s    1{i} | words/batch    838 | lr 0.{i + 1} |"
        f" clip 9% | gnorm 0.7{i}\n| epoch {i:03} | valid on 'v' subset | valid loss {x + 1}    \n"
        for i, x in enumerate(LOSSES, 1)
    )
    run = console(tmp_path, text)
    assert run.axis == "epoch"
    assert run.roles["grad_norm"] == "gnorm"
    assert run.curves["lr"].value.tolist() == [float(f"0.{i + 1}") for i in range(1, 13)]
    assert len(run.curves["throughput"]) == len(run.curves["val/loss"]) == 12
    assert run.curves["words/batch"].value[0] == 838


def test_numbers_in_sentences_and_dates_are_no_curves(tmp_path: Path) -> None:
    text = "".join(
        f"epoch {i} lr 0.1 loss {x}, saved after 3 tries to disk 5, Wed Jul  {i + 1} 17:13:58 2019 at line 7\n"
        for i, x in enumerate(LOSSES)
    )
    assert set(console(tmp_path, text).curves) == {"train/loss", "lr"}


def test_lines_between_two_epochs_are_one_record(tmp_path: Path) -> None:
    text = "".join(
        f"10:00:01.5: Epoch {i} \n10:00:02.5: Current learning rate: 0.{i + 1} \n10:00:03.5: train_loss {x} \n"
        f"10:00:03.6: val_loss {x + 1} \n10:00:03.7: val dice: 0.4 \n10:00:04.0: Epoch time: 35.1 s \n"
        for i, x in enumerate(LOSSES)
    )
    run = console(tmp_path, text)
    assert run.axis == "epoch"
    assert run.curves["lr"].step.tolist() == list(range(12))
    assert run.curves["lr"].value[:2].tolist() == [0.1, 0.2]
    assert len(run.curves["val/dice"]) == 12
    assert "step_time" not in run.curves


def test_what_is_said_before_a_step_without_a_loss_is_no_point(tmp_path: Path) -> None:
    head = "epochs: 35\nlearning_rate: 0.7\nstep 900: lr = 0.9\n"
    text = head + "".join(f"Epoch {i} lr = 0.1\nEpoch {i} loss = {x}\n" for i, x in enumerate(LOSSES))
    assert set(console(tmp_path, text).curves["lr"].value) == {0.1}


def test_each_quantity_on_a_line_of_its_own(tmp_path: Path) -> None:
    text = "".join(
        f"[Info] Iteration:{i}, training auc : 0.6\n[Info] Iteration:{i}, training logloss : {x}\n"
        f"[Info] Iteration:{i}, valid_1 auc : 0.5\n[Info] Iteration:{i}, valid_1 logloss : {x + 1}\n"
        f"[Info] 77.3 seconds elapsed, finished iteration {i}\n"
        for i, x in enumerate(LOSSES)
    )
    run = console(tmp_path, text)
    assert len(run.curves["val/auc"]) == len(run.curves["training auc"]) == len(run.curves["train/loss"]) == 12


def test_a_place_in_the_source_is_no_quantity(tmp_path: Path) -> None:
    text = "".join(
        f"I0515 11:05:31.87 37 solver.cpp:239] Iteration {i * 20} (1.02 iter/s, 19.4s/20 iters), loss = {x}\n"
        f"I0515 11:05:31.88 37 solver.cpp:258]     Train net output #0: loss = {x} (* 1 = {x} loss)\n"
        f"I0515 11:05:31.88 37 sgd.cpp:112] Iteration {i * 20}, lr = 0.01\n"
        for i, x in enumerate(LOSSES)
    )
    run = console(tmp_path, text)
    assert set(run.curves) == {"train/loss", "epoch loss", "lr"}
    assert run.curves["lr"].step.tolist() == [i * 20 for i in range(12)]


def test_what_a_value_was_is_no_value(tmp_path: Path) -> None:
    text = "".join(
        f"step {i} acc: 5.1 loss: {x}\nINFO Model is improving acc: 4.2 --> {5 + i}.\nbetter ppl: inf -> 5.1\n"
        for i, x in enumerate(LOSSES)
    )
    assert set(console(tmp_path, text).curves) == {"train/loss", "train/accuracy"}


def test_a_sentence_about_the_loss_is_no_record(tmp_path: Path) -> None:
    text = "".join(f"epoch {i} loss: {x}\nLoss better than 3.4 was\nreduce lr to 0.5\n" for i, x in enumerate(LOSSES))
    assert set(console(tmp_path, text).curves) == {"train/loss"}


@pytest.mark.parametrize("name", ["closs", "L", "L_total", "disc_xloss"])
@pytest.mark.parametrize(
    "line", ["[1:02] Epoch: [0]  [{i}/99]  lr: 0.1  {n}: {x} (1.3)", "Epoch {i}: {n} = {x} lr = 0.1"]
)
def test_a_loss_by_another_name(tmp_path: Path, name: str, line: str) -> None:
    run = console(tmp_path, "".join(line.format(i=i, x=x, n=name) + "\n" for i, x in enumerate(LOSSES)))
    assert run.roles == {"train/loss": name, "lr": "lr"}
    assert run.curves["train/loss"].value.tolist() == LOSSES


def test_of_two_other_names_the_plainer_one_is_the_loss(tmp_path: Path) -> None:
    bar = "\rcloss: 1.5, L: {x}, L_crf: 4.1, valid L: 2.5, epoch: 0/50::   0%|  | {i}/99 [00:03<1:18:31, 3.3s/it]"
    run = console(tmp_path, "".join(bar.format(i=i, x=x) for i, x in enumerate(LOSSES)) + "\n")
    assert run.roles == {"train/loss": "L", "val/loss": "valid L"}


def test_another_name_is_none_beside_a_loss(tmp_path: Path) -> None:
    text = "".join(f"step {i} L: 3.0\nstep {i} loss: {x} closs: 0.1\n" for i, x in enumerate(LOSSES))
    run = console(tmp_path, text)
    assert run.roles == {"train/loss": "loss"}
    assert set(run.curves["L"].value) == {3.0}


def test_another_name_must_repeat(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        console(tmp_path, "step 1 of the proof\nIn step 2 L: 3 holds.\nIn step 3 L: 4 does.\nL: 3\nL: 4\n")


@pytest.mark.parametrize("head", ["{i} | ", "  {i}/120: ", "{i:>5} | "])
def test_a_count_without_a_name(tmp_path: Path, head: str) -> None:
    text = "step 0: train loss 11.5, val loss 11.6\n"
    text += "".join(head.format(i=i * 10) + f"loss {x} | lr 3.0e-04 | 104.61ms\n" for i, x in enumerate(LOSSES))
    run = console(tmp_path, text + "3: the end of loss 0.1\n")
    assert run.format == "console"
    assert run.curves["train/loss"].step.tolist() == [i * 10 for i in range(12)]
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert run.curves["val/loss"].value.tolist() == [11.6]
    assert len(run.curves["lr"]) == 12


def test_the_number_of_a_process_is_no_count(tmp_path: Path) -> None:
    text = "".join(f"0: step {i} loss {x}\n0: mean loss 0.7\n" for i, x in enumerate(LOSSES, 5))
    assert console(tmp_path, text).curves["train/loss"].step.tolist() == list(range(5, 17))


def test_an_epoch_that_lost_its_name_is_no_count(tmp_path: Path) -> None:
    lines = [f"Epoch {i}/99 | train loss: {x}\n" for i, x in enumerate(LOSSES)]
    lines[5] = lines[5].replace("Epoch ", "")
    run = console(tmp_path, "".join(lines))
    assert run.axis == "epoch"
    assert set(run.curves) == {"train/loss"}


@pytest.mark.parametrize("line", ["Step 3 | loss:1.2 lr:2e-05", "2024 | INFO | train_inner | epoch 001: 1 loss=2"])
def test_a_reader_of_few_lines_gives_way(tmp_path: Path, line: str) -> None:
    text = f"{line}\n" + "".join(f"iteration {i} | loss {x}\n" for i, x in enumerate(LOSSES))
    run = console(tmp_path, text)
    assert run.format == "console"
    assert len(run.curves["train/loss"]) == 12


@pytest.mark.parametrize(("best", "kind"), [(0.89, "score"), (0.79, "loss")])
def test_catboosts_best_tells_a_score_from_a_loss(tmp_path: Path, best: float, kind: str) -> None:
    learn = range(9, 0, -1) if kind == "score" else range(1, 10)
    line = "{i}:\tlearn: 0.9{x}\ttest: 0.8{i}\tbest: {best} (1)\ttotal: 1s\n"
    run = console(tmp_path, "".join(line.format(i=i, x=x, best=best) for i, x in enumerate(learn)))
    assert run.roles == {f"train/{kind}": "learn", f"val/{kind}": "test"}
    assert "best" not in run.curves


def test_of_catboosts_test_sets_the_last_one_stops(tmp_path: Path) -> None:
    text = "".join(f"{i}:\tlearn: 0.{9 - i}\ttest: 0.6\ttest1: 0.5{i}\tbest: 0.50 (0)\ttotal: 1s\n" for i in range(9))
    assert console(tmp_path, text).roles == {"train/loss": "learn", "val/loss": "test1", "test/loss": "test"}


@pytest.mark.parametrize(
    ("head", "held"),
    [
        ("", 1),
        ("Will train until validation_0-logloss hasn't improved in 9 rounds.\n", 0),
        ("Will train until validation_1-auc hasn't improved in 9 rounds.\n", 1),
    ],
)
def test_of_several_validation_sets_the_one_that_stops(tmp_path: Path, head: str, held: int) -> None:
    line = "[{i}]\tvalidation_0-auc:0.5\tvalidation_0-logloss:{x}\tvalidation_1-auc:0.4\tvalidation_1-logloss:{x}\n"
    run = console(tmp_path, head + "".join(line.format(i=i, x=x) for i, x in enumerate(LOSSES)))
    trained = {"train/auc": "validation_0/auc", "train/loss": "validation_0/logloss"} if held else {}
    assert run.roles == trained | {"val/auc": f"validation_{held}/auc", "val/loss": f"validation_{held}/logloss"}


@pytest.mark.parametrize(
    "bar", ["[=>....] - ETA: 9:24 - loss: {x} - acc: 0.5 ", "\u2501\u2501 9s 2s/step - acc: 0.5 - loss: {x}"]
)
def test_bars_of_a_keras_epoch_that_has_not_ended(tmp_path: Path, bar: str) -> None:
    bar = "{k}/40 " + bar + "\n"
    run = console(tmp_path, "".join(bar.format(k=k, x=x) for k, x in enumerate(LOSSES, 1)))
    assert run.format == "keras-console"
    assert run.axis == "step"
    assert run.curves["train/loss"].step.tolist() == list(range(1, 13))
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert len(run.curves["train/accuracy"]) == 12
    with pytest.raises(Unreadable):
        console(tmp_path, "Epoch 1/9\n" + bar.format(k=1, x=0.5))


def test_keras_epochs_before_the_first_heading(tmp_path: Path) -> None:
    bar = "40/40 [====] - 9s - loss: {x} - val_loss: {x}\n"
    pieces = [f"Epoch {i}/30\n" * (i > 15) + bar.format(x=x) for i, x in enumerate(LOSSES, 14)]
    run = console(tmp_path, "".join(pieces))
    assert run.curves["train/loss"].step.tolist() == list(range(14, 26))
    assert run.curves["val/loss"].value.tolist() == LOSSES
    assert run.planned == 30


def test_keras_epochs_without_any_heading(tmp_path: Path) -> None:
    bar = "20/40 [=>..] - ETA: 9s - loss: 9.0\r40/40 [====] - 9s - loss: {x}\n"
    run = console(tmp_path, "".join(bar.format(x=x) for x in LOSSES))
    assert run.axis == "epoch"
    assert run.curves["train/loss"].step.tolist() == list(range(1, 13))
    assert run.curves["train/loss"].value.tolist() == LOSSES


def test_a_keras_log_that_starts_again(tmp_path: Path) -> None:
    bar = "40/40 [====] - 9s - loss: {x}\n"
    text = bar.format(x=9) + "".join(f"Epoch {i}/30\n" + bar.format(x=x) for i, x in enumerate(LOSSES, 1))
    assert console(tmp_path, text).curves["train/loss"].value.tolist() == LOSSES


@pytest.mark.parametrize(
    "line",
    [
        "iterations: {i}, loss: {x}",
        "Iterations = {i} loss = {x}",
        "updates: {i} | loss: {x}",
        "step\uff1a{i}\uff0closs\uff1a{x}",
        "\u8bad\u7ec3\u6b21\u6570\uff1a{i}, Loss\uff1a{x}",
    ],
)
def test_counts_in_the_plural_and_wide_colons(tmp_path: Path, line: str) -> None:
    run = console(tmp_path, "".join(line.format(i=100 * i, x=x) + "\n" for i, x in enumerate(LOSSES, 1)))
    assert set(run.curves) == {"train/loss"}
    assert run.curves["train/loss"].step.tolist() == [100.0 * i for i in range(1, 13)]
    assert run.curves["train/loss"].value.tolist() == LOSSES


@pytest.mark.parametrize("total", ["Total iterations: 900", "num_updates: 900", "Number of iterations: 900"])
def test_how_many_iterations_there_will_be_is_no_step(tmp_path: Path, total: str) -> None:
    run = console(tmp_path, total + "\n" + "".join(f"epoch {i} loss: {x}\n" for i, x in enumerate(LOSSES)))
    assert run.curves["train/loss"].step.tolist() == list(range(12))
    assert run.axis == "epoch"


def test_a_pattern_of_ones_own_sees_the_line_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("".join(f"> at {i}\uff1a{x}\nat {i}\uff1a9.0\n" for i, x in enumerate(LOSSES)))
    run = read(str(path), pattern=r"^> at (?P<step>\d+)\uff1a(?P<loss>\S+)")[0]
    assert run.curves["train/loss"].value.tolist() == LOSSES


def test_a_list_with_dashes_behind_a_count(tmp_path: Path) -> None:
    line = "{i:08}) perceptual - {x:.5f}; gen_gan - 0.5; disc_gan - 0.4\n"
    run = console(tmp_path, "".join(line.format(i=i, x=x) for i, x in enumerate(LOSSES)))
    assert run.curves["perceptual"].step.tolist() == list(range(12))
    assert run.curves["perceptual"].value.tolist() == LOSSES
    assert set(run.curves) == {"perceptual", "gen_gan", "disc_gan"}
    assert not run.roles


@pytest.mark.parametrize("line", ["{i}) loss - {x}\n", "{i}) a - b; c - {x}\n", "{i}) Train loss: {x}\n"])
def test_numbered_points_are_no_list_of_curves(tmp_path: Path, line: str) -> None:
    with pytest.raises(Unreadable):
        console(tmp_path, "".join(line.format(i=i, x=x) for i, x in enumerate(LOSSES)))


def test_kaldis_objective_is_a_curve_and_no_loss(tmp_path: Path) -> None:
    line = "[t.py:1] Process {i}/9000({p}%) global average objf: {x} over 64.0 frames, current batch average objf: -9\n"
    run = console(tmp_path, "".join(line.format(i=100 * i, p=i / 9, x=-x) for i, x in enumerate(LOSSES, 1)))
    assert set(run.curves) == {"global average objf", "average objf"}
    assert run.curves["global average objf"].step.tolist() == [100.0 * i for i in range(1, 13)]
    assert run.curves["global average objf"].value.tolist() == [-x for x in LOSSES]
    assert not run.roles


def test_scikit_learns_sgd_prints_the_norm_of_its_weights(tmp_path: Path) -> None:
    path = tmp_path / "out.log"
    line = "-- Epoch {i}\nNorm: 1.5{i}, NNZs: 60, Bias: -0.26, T: 1437, Avg. loss: 0.2{i}\nTotal training time: 0 s.\n"
    path.write_text("".join(line.format(i=i) for i in range(1, 7)))
    run = read(str(path))[0]
    assert run.roles == {"train/loss": "Avg. loss"}
    assert len(run.curves["Norm"]) == 6


def test_scikit_learns_validation_score(tmp_path: Path) -> None:
    path = tmp_path / "out.log"
    path.write_text("".join(f"Iteration {i}, loss = 0.{9 - i}\nValidation score: 0.{i}5\n" for i in range(1, 8)))
    run = read(str(path))[0]
    assert run.roles == {"train/loss": "loss", "val/score": "Validation score"}
    assert run.curves["val/score"].value.tolist() == [float(f"0.{i}5") for i in range(1, 8)]
    assert run.curves["val/score"].step.tolist() == list(range(1, 8))
