"""Logs whose last line lacks its newline."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run.assemble import read
from optcli.run.memory import Memory
from optcli.run.tail import complete

BEFORE = "".join(f"step {i} loss: 0.{i}000 acc 7{i}.50\n" for i in range(1, 5))


@pytest.mark.parametrize(
    ("tail", "whole"),
    [
        ("step 5 loss: 0.5000 acc 75.50", True),
        ("step  15 loss: nan acc nan", True),
        *((f"step 5 loss: 0.5000 acc {cut}", False) for cut in ("75.5", "75.", "75", "-", "")),
        ("step 5 loss: 0.5000", False),
        ("step", False),
    ],
)
def test_a_line_like_those_before_it_is_complete(tail: str, whole: bool) -> None:
    assert complete(tail.encode(), BEFORE.encode()) is whole


def test_two_lines_are_no_rule() -> None:
    assert not complete(b"loss 0.5", b"loss 0.6\nloss 0.7\n")
    assert complete(b"loss 0.5", b"loss 0.6\nloss 0.7\nloss nan\n")
    assert not complete(b"loss 0.5", b"loss 0.6\nloss 0.75\nloss 0.8\n")


def test_what_is_cut_off_behind_many_digits_does_not_matter() -> None:
    before = b"loss 0.25\nloss 0.123456789012\nloss 0.12345678901\n"
    assert complete(b"loss 0.123456789", before)
    assert not complete(b"loss 0.000123", before)
    assert not complete(b"loss 1.2345678e", before)


def test_a_whole_number_is_never_complete() -> None:
    assert not complete(b"tokens 34", b"tokens 34\n" * 9)
    assert not complete(b"acc 9/10", b"acc 9/10\n" * 9)


def test_a_bar_with_its_bracket_is_complete() -> None:
    bars = [f"{i}0%|{'█' * i}{' ' * (9 - i)}| {i}/9 [loss=0.{i}]" for i in range(1, 9)]
    assert complete(bars[-1].encode(), "\r".join(bars[:-1]).encode())
    assert not complete(bars[-1][:-1].encode(), "\r".join(bars[:-1]).encode())


def test_a_file_that_is_read_once_and_one_that_grows(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text(BEFORE + "step 5 loss: 0.5000 acc 75.50")
    run = read(str(path))[0]
    assert run.curves["train/accuracy"].step.tolist() == [1, 2, 3, 4, 5]
    assert not run.notes
    memory = Memory()
    assert read(str(path), memory=memory)[0].curves["train/accuracy"].step.tolist() == [1, 2, 3, 4]
    path.write_text(BEFORE + "step 5 loss: 0.5000 acc 75.507\n")
    assert read(str(path), memory=memory)[0].curves["train/accuracy"].value[-1] == 75.507


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text(BEFORE + "step 5 loss: 0.5000 acc 75")
    run = read(str(path))[0]
    assert run.curves["train/loss"].step.tolist() == [1, 2, 3, 4]
    assert [note.message for note in run.notes] == [
        f"the last line, from byte {len(BEFORE)}, lacks its end and is left out"
    ]


def test_a_bar_behind_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    state = "\r9%|#| {i}/9 [00:01<00:09, loss=0.{i}, x={x}]"
    text = "".join((state * 2).format(i=i, x=x) + "\n" for i, x in enumerate(range(9)))
    path.write_text(text[:-1])
    assert read(str(path))[0].curves["x"].step.tolist() == list(range(9))
    assert not read(str(path))[0].notes
