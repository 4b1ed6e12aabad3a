"""Darknet's console."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from optcli.run.assemble import read
from optcli.run.curve import Run
from optcli.run.readers import load

LINE = " {i}: {x}, {y} avg loss, 0.001000 rate, 3.172139 seconds, 11136 images, 17.991696 hours left\n"
LAYER = "v3 (iou loss, Normalizer: (iou: 0.07, cls: 1.00) Region 139 Avg (IOU: 0.4), count: 1, class_loss = 0.5\n"
V2 = "Region Avg IOU: 0.08, Class: 0.02, Obj: 0.47, No Obj: 0.53, Avg Recall: 0.0, count: 23\n"


def darknet(tmp_path: Path, text: str) -> Run:
    path = tmp_path / "train.log"
    path.write_text(text)
    return read(str(path))[0]


def test_numbers_before_their_names(tmp_path: Path) -> None:
    run = darknet(tmp_path, "".join(LAYER * 90 + LINE.format(i=i, x=9.5, y=1 / i) for i in range(174, 190)))
    assert run.format == "darknet-console"
    assert run.roles == {"train/loss": "avg loss", "lr": "rate"}
    assert run.curves["train/loss"].step.tolist() == list(range(174, 190))
    assert run.curves["train/loss"].value.tolist() == [1 / i for i in range(174, 190)]
    assert set(run.curves["loss"].value) == {9.5}
    assert set(run.curves) == {"train/loss", "loss", "lr", "seconds", "images"}
    assert not run.notes


def test_nan(tmp_path: Path) -> None:
    values = ["590.9"] * 6 + ["-nan"] * 4
    curve = darknet(tmp_path, "".join(LINE.format(i=i, x=x, y=x) for i, x in enumerate(values))).curves["train/loss"]
    assert np.isnan(curve.value).sum() == 4


def test_of_the_first_versions_and_its_precision(tmp_path: Path) -> None:
    line = "{i}: 12.5, 7.{i} avg, 0.001000 rate, 3.1 seconds, {i} images\n"
    text = "".join(f"Loaded: 0.00001 seconds\n{V2}" + line.format(i=i) for i in range(1, 9))
    run = darknet(tmp_path, text + " mean_average_precision (mAP@0.50) = 0.512345 \n")
    assert run.curves["train/loss"].value.tolist() == [float(f"7.{i}") for i in range(1, 9)]
    assert run.curves["val/map"].step.tolist() == [8]
    assert run.curves["val/map"].value.tolist() == [0.512345]


def test_a_list_of_things_is_no_training() -> None:
    text = "".join(f"{i}: 3, 4 apples, 5 pears, 2 loss\n" for i in range(9))
    assert load("darknet").sniff(text.encode(), "train.log") == 0.0
