"""Console output as lines."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from optcli.run import readers
from optcli.run.source import Source
from optcli.run.text import NAME, NUMBER, lines, sample, tables

CONSOLES = (
    "boosting",
    "composer",
    "console",
    "detectron2",
    "fairseq",
    "keras",
    "megatron",
    "nanogpt",
    "pydict",
    "torchtune",
)


@pytest.mark.parametrize("text", ["1", "-0.5", "1e-05", "1.0E+01", "nan", "inf", ".5", "3."])
def test_numbers(text: str) -> None:
    assert re.fullmatch(NUMBER, text)


@pytest.mark.parametrize("text", ["1.2.3", "0x1", "3rd", "nano", "1e"])
def test_no_numbers(text: str) -> None:
    assert re.fullmatch(NUMBER, text) is None
    assert re.match(NUMBER, text) is None


@pytest.mark.parametrize("end", [".", ". Then", ",", ")", "]", "..", "%", " ", "/"])
def test_a_number_ends_where_its_phrase_does(end: str) -> None:
    found = re.match(NUMBER, "0.708" + end)
    assert found is not None
    assert float(found[0]) == 0.708


def test_names_begin_at_their_beginning() -> None:
    assert re.findall(rf"{NAME}=", "val/loss=1 x-y=2 9a=3") == ["val/loss", "x-y"]


def test_lines(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"a\x1b[31mb\x1b[0m\rc\n\n" + b"x" * 9000 + b"\nlast\nunfinished")
    assert list(lines(Source(str(path)))) == [(0, 12, "ab"), (12, 14, "c"), (9016, 9021, "last")]


def test_samples_are_text() -> None:
    assert sample(b"a\n\nb\nc") == ["a", "b"]
    assert sample(b"only") == ["only"]
    assert sample(b"a\0\0b\n") == ["a", "b"]
    assert sample(bytes(range(32)) * 9 + b"\n") == []


@pytest.mark.parametrize("name", CONSOLES)
@pytest.mark.parametrize(
    "unit", ["a", "a ", "{'a", "1 ", "loss", "a:", "a-b", "| a", "[1", "(", "epoch 1 ", "loss: 1 ", "=", "'s"]
)
def test_no_line_makes_a_search_quadratic(tmp_path: Path, name: str, unit: str) -> None:
    path = tmp_path / "out"
    starts = [
        "",
        "step 1 | ",
        "[1] ",
        "Step 1 | a:1 ",
        "[batch=1/9]: ",
        " iteration 1/ 9 |",
        "| valid | epoch 1 ",
        "1/9 ",
        "iter: 1  ",
    ]
    path.write_text("".join(start + unit * (7900 // len(unit)) + "\n" for start in starts))
    reader = readers.load(name)
    begin = time.process_time()
    reader.sniff(path.read_bytes()[: 1 << 16], "out")
    list(reader.blocks(Source(str(path))))
    assert time.process_time() - begin < 10.0


def test_what_no_program_prints_is_told(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"step 1\nst\xfep 2\n" + bytes(9) + b"step 3\nprose\nst\x01p x\n")
    source = Source(str(path))
    blocks = list(tables(source, lambda line: {"step": float(line[5:])} if line.startswith("step ") else None))
    assert blocks[0].columns["step"].value.tolist() == [1, 3]
    assert sorted(source.skipped) == [(7, 13), (14, 23), (36, 42)]


@pytest.mark.parametrize(
    ("line", "damaged"),
    [
        ("训练参数:".encode("gb2312"), False),
        ("学習 率 3".encode("euc_jp"), False),
        ("손실: 0.5".encode("euc_kr"), False),
        ("训练参数: 0.5".encode(), False),
        (b"step 5 l\xaf\xb0ss: 0.5", True),
        (b"step 5 l\xb3ss: 0.5", True),
        (b"step 5 \xb0\xb1\xb2\xb3\x01ss: 0.5", True),
        (b"step 5 \x81\xff\x90\xa0ss: 0.5", True),
    ],
)
def test_words_in_another_code_are_no_damage(tmp_path: Path, line: bytes, damaged: bool) -> None:
    log = tmp_path / "log.txt"
    log.write_bytes(line + b"\n")
    source = Source(str(log))
    list(tables(source, lambda text: None))
    assert bool(source.skipped) == damaged


@pytest.mark.parametrize("mark", ["", "# ", "## ", "#> ", "> ", ">> > ", "// ", "    //  ", "\t"])
def test_what_is_put_before_each_line_is_taken_off_and_the_places_stay(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "knitted.txt"
    path.write_text("".join(f"{mark}[{i}]\ttrain-auc:0.8{i}\ttest-auc:0.7{i}\n" for i in range(9)))
    found = list(lines(Source(str(path))))
    assert [text for _, _, text in found] == [f"[{i}]\ttrain-auc:0.8{i}\ttest-auc:0.7{i}" for i in range(9)]
    assert [first for first, _, _ in found] == [i * (len(mark) + len(found[0][2]) + 1) for i in range(9)]
    assert readers.recognize(path.read_bytes(), path.name)[0] == "boosting"
