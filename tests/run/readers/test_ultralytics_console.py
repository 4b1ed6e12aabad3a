"""The console of Ultralytics and of YOLOv5 and v7."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run.assemble import read
from optcli.run.curve import Run
from optcli.run.readers import load

HEAD = "      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size\n"
CLASS = "                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100%\n"
OLD = "     Epoch   gpu_mem       box       obj       cls     total    labels  img_size\n"
OLD_CLASS = "       Class      Images      Labels           P           R      mAP@.5  mAP@.5:.95: 100%\n"


def bar(epoch: int, box: float, done: int = 4, last: int = 9) -> str:
    return f"     {epoch}/{last}   1.19G  {box:>9}    3.009    1.465       2      640: {25 * done}% {done}/4\n"


def scores(right: float, name: str = "all") -> str:
    return f"                   {name}          7         14    0.00667          1      {right}      0.197\n"


def console(tmp_path: Path, text: str) -> Run:
    path = tmp_path / "nohup.out"
    path.write_text(text)
    return read(str(path))[0]


def epochs(n: int) -> str:
    return "\n".join(
        HEAD + bar(e, 9.5, 1) + bar(e, 1 / e) + CLASS + scores(0.1 * e) + scores(0.9, "cat") for e in range(1, n + 1)
    )


def test_the_last_state_of_a_bar_and_the_scores_of_all_classes(tmp_path: Path) -> None:
    run = console(tmp_path, "Starting training for 9 epochs...\n\n" + epochs(9))
    assert run.format == "ultralytics-console"
    assert run.roles["train/loss"] == "train/box_loss"
    assert run.curves["train/loss"].value.tolist() == [1 / e for e in range(1, 10)]
    assert run.curves["train/loss"].step.tolist() == list(range(1, 10))
    assert run.curves["val/map50_b"].value.tolist() == pytest.approx([0.1 * e for e in range(1, 10)])
    assert {"train/cls_loss", "train/dfl_loss", "metrics/precision(B)", "metrics/mAP50-95(B)"} <= set(run.curves)
    assert not run.notes


def test_the_best_weights_validated_once_more_are_no_epoch(tmp_path: Path) -> None:
    once_more = "\n9 epochs completed in 0.158 hours.\nValidating best.pt...\n" + CLASS + scores(0.77)
    run = console(tmp_path, epochs(9) + once_more)
    assert run.curves["val/map50_b"].value[-1] == pytest.approx(0.9)
    assert len(run.curves["val/map50_b"]) == 9


def test_without_validation(tmp_path: Path) -> None:
    run = console(tmp_path, "".join(HEAD + bar(e, 9.5, 1) + bar(e, 1 / e) for e in range(1, 8)))
    assert run.curves["train/loss"].value.tolist() == [1 / e for e in range(1, 8)]
    assert not any(name.startswith(("val/", "metrics/")) for name in run.curves)


def test_older_versions_count_from_0_and_name_the_sum(tmp_path: Path) -> None:
    row = "     {e}/5        0G    0.1031   0.03668   0.02818    {x}        16       640: 100%\n"
    text = "".join(OLD + row.format(e=e, x=0.5 - e / 20) + OLD_CLASS + scores(0.2) for e in range(6))
    run = console(tmp_path, text)
    assert run.roles["train/loss"] == "train/loss"
    assert run.curves["train/loss"].value.tolist() == [0.5 - e / 20 for e in range(6)]
    assert run.curves["train/loss"].step.tolist() == list(range(6))
    assert {"train/box_loss", "train/obj_loss", "metrics/recall", "metrics/mAP50-95"} <= set(run.curves)


def test_two_groups_of_scores(tmp_path: Path) -> None:
    heading = "     Class     Images  Instances      Box(P          R      mAP50)     Mask(P          R      mAP50)\n"
    row = "       all          7         14       0.1        0.2        0.3        0.4        0.5        {x}\n"
    run = console(tmp_path, "".join(HEAD + bar(e, 1 / e) + heading + row.format(x=e / 10) for e in range(1, 7)))
    assert set(run.curves["metrics/precision(B)"].value) == {0.1}
    assert run.curves["val/map50_m"].value.tolist() == [e / 10 for e in range(1, 7)]


def test_a_classifier_validates_its_accuracy(tmp_path: Path) -> None:
    heading = "      Epoch    GPU_mem       loss  Instances       Size\n"
    row = "        {e}/9         0G      {x}         20         32: 100% ━━━━ 6/6 0.3s\n"
    found = "        classes   top1_acc   top5_acc: 100% ━━━━ 1/1 0.0s\n            all      {y}          1\n"
    run = console(tmp_path, "".join(heading + row.format(e=e, x=2 / e) + found.format(y=e / 10) for e in range(1, 10)))
    assert run.roles["val/accuracy"] == "metrics/accuracy_top1"
    assert "train/accuracy" not in run.curves
    assert run.curves["val/accuracy"].value.tolist() == [e / 10 for e in range(1, 10)]


@pytest.mark.parametrize("text", [HEAD * 3, bar(1, 0.5) * 5, CLASS + scores(0.5)])
def test_pieces_that_are_no_epoch(text: str) -> None:
    assert load("ultralytics_console").sniff(text.encode(), "log.txt") == 0.0


def test_a_heading_that_a_warning_or_a_narrow_window_cuts(tmp_path: Path) -> None:
    cut = "                 Class     Images  Instances          P          R      mAP50   "
    text = "".join(HEAD + bar(e, 1 / e) + cut + "WARNING NMS time\n" + cut + "\n" + scores(e / 10) for e in range(1, 8))
    curves = console(tmp_path, text).curves
    assert curves["val/map50"].value.tolist() == [e / 10 for e in range(1, 8)]
    assert set(curves["metrics/precision"].value) == {0.00667}


def test_a_part_of_an_epoch_is_none(tmp_path: Path) -> None:
    assert console(tmp_path, epochs(5) + HEAD + bar(6, 9.5, 1)).curves["train/loss"].step.tolist() == [1, 2, 3, 4, 5]
    assert console(tmp_path, epochs(5) + HEAD + bar(6, 0.1)).curves["train/loss"].value[-1] == 0.1
