"""Tables with a line of dashes below the header."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run.assemble import Unreadable, read

LOSSES = [0.58, 0.44, 0.38, 0.32, 0.27, 0.21]
HEADER = ["  epoch    train_loss    valid_acc    cp     dur", "-------  ------------  -----------  ----  ------"]
BEST = (0, 1, 3, 4, 5)


def skorch(*, every: bool = False) -> list[str]:
    marks = ["+" if i in BEST or every else " " for i in range(6)]
    rows = [
        f"{i:7}  {x:12.4f}  {0.9 - x:11.4f}  {m:>4}  {2.2:6.4f}"
        for i, (x, m) in enumerate(zip(LOSSES, marks, strict=True))
    ]
    return [*HEADER, *rows, "Stopping since valid_acc has not improved in the last 5 epochs."]


@pytest.mark.parametrize("mark", ["", "    ", "# ", "## ", "> ", "//  "])
@pytest.mark.parametrize("every", [True, False])
def test_an_empty_cell_is_no_other_column_and_no_loss(tmp_path: Path, mark: str, every: bool) -> None:
    path = tmp_path / "out.txt"
    path.write_text("".join(f"{mark}{line}\n" for line in skorch(every=every)))
    run = read(str(path))[0]
    assert run.roles == {"train/loss": "train_loss", "val/accuracy": "valid_acc"}
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert run.curves["train/loss"].step.tolist() == list(range(6))
    assert run.curves["dur"].value.tolist() == [2.2] * 6
    assert run.notes == ()


def test_names_of_several_words_and_a_number_wider_than_its_column(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    header = "# E    #       LOSS NER  SCORE\n# ---  ------  --------  -----\n"
    rows = [f"# {i:3}  {200 * i:6}  {x:8.2f}  {i / 9:5.2f}\n" for i, x in enumerate(LOSSES)]
    path.write_text(header + "".join(rows) + "# 1112    1200  12345678.25   0.59\n")
    run = read(str(path))[0]
    assert run.format == "ruled-table"
    assert run.roles["train/loss"] == "LOSS NER"
    assert run.curves["train/loss"].value.tolist() == [*LOSSES[1:], 12345678.25]
    assert run.curves["train/loss"].step.tolist() == [200 * i for i in range(1, 7)]


def test_another_table_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    layers = "  #  name      size\n---  ------  ------\n  0  hidden     500\n  1  loss       500\n\n"
    path.write_text(layers + "\n".join(skorch()) + "\n")
    run = read(str(path))[0]
    assert set(run.curves) == {"train/loss", "val/accuracy", "dur"}
    assert run.curves["train/loss"].value.tolist() == LOSSES


@pytest.mark.parametrize("rows", [[], ["words  below the rule  only  -  here"]])
def test_a_header_alone_is_no_log(tmp_path: Path, rows: list[str]) -> None:
    path = tmp_path / "out.txt"
    path.write_text("\n".join(["Some words.", *HEADER, *rows, ""]))
    with pytest.raises(Unreadable):
        read(str(path))
