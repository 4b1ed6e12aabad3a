"""Boxes of names and values."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run.assemble import read
from optcli.run.curve import Run
from optcli.run.readers import load

EDGE = "-" * 36 + "\n"


def box(step: int, loss: float | str, *more: str) -> str:
    rows = ["| rollout/           |           |", f"|    ep_rew_mean     | {step / 100:<9} |", *more]
    rows += ["| time/              |           |", f"|    total_timesteps | {step:<9} |"]
    rows += ["| train/             |           |", f"|    loss            | {loss:<9} |"]
    return EDGE + "".join(row + "\n" for row in rows) + EDGE


def boxes(tmp_path: Path, text: str) -> Run:
    path = tmp_path / "stdout.txt"
    path.write_text(text)
    return read(str(path))[0]


def test_names_stand_in_their_sections(tmp_path: Path) -> None:
    first = "Using cpu device\nEval num_timesteps=512, episode_reward=9.35 +/- 0.5\nNew best mean reward!\n"
    run = boxes(tmp_path, first + "".join(box(512 * i, 1 / i) for i in range(1, 9)))
    assert run.format == "boxes"
    assert run.roles == {"policy/loss": "train/loss"}
    assert run.curves["policy/loss"].step.tolist() == [512 * i for i in range(1, 9)]
    assert run.curves["policy/loss"].value.tolist() == [1 / i for i in range(1, 9)]
    assert run.curves["rollout/ep_rew_mean"].value.tolist() == [5.12 * i for i in range(1, 9)]
    assert not run.notes


def test_names_to_the_right_without_sections(tmp_path: Path) -> None:
    one = "|             Epoch |               {i} |\n|         LossQ     |           {x} |\n"
    edge = "-" * 39 + "\n"
    run = boxes(tmp_path, "".join(edge + one.format(i=i, x=0.5 - i / 10) + edge for i in range(6)))
    assert run.curves["LossQ"].value.tolist() == [0.5 - i / 10 for i in range(6)]
    assert run.curves["LossQ"].step.tolist() == list(range(6))


@pytest.mark.parametrize("line", ["| tra", "Traceback (most recent call last):", "|    value_loss"])
def test_no_name_is_given_a_section_that_may_be_another(tmp_path: Path, line: str) -> None:
    """The line may have been the heading of what stands below it, up to the next one."""
    text = "".join(box(i, 1 / i) for i in range(1, 7)) + box(7, 0.1, line, "|    clip_range      | 0.2       |")
    run = boxes(tmp_path, text)
    assert run.curves["policy/loss"].value[-1] == 0.1
    assert not any("clip_range" in name for name in run.curves)


def test_a_box_counts_when_it_is_closed(tmp_path: Path) -> None:
    text = "".join(box(i, 1 / i) for i in range(1, 7))
    run = boxes(tmp_path, text + box(7, 0.1).removesuffix(EDGE))
    assert len(run.curves["policy/loss"]) == 6


@pytest.mark.parametrize(
    "rows", ["| name   | params |\n| conv   | big    |\n", "| Epoch | Loss |\n" + "| 1 | 0.5 |\n" * 3]
)
def test_other_tables_are_no_boxes(rows: str) -> None:
    edge = "-" * 30 + "\n"
    assert load("boxes").sniff(f"{edge}{rows}{edge}".encode() * 9, "log.txt") == 0.0


def test_the_first_box_is_known_before_it_is_closed() -> None:
    assert load("boxes").sniff(box(1, 0.5).removesuffix(EDGE).encode(), "log.txt") == 0.9
