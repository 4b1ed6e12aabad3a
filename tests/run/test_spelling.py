"""Odd spellings of numbers; every fix keeps the length."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run import spelling
from optcli.run.assemble import read

LOSS = [round(2.3 / (1 + i / 5), 3) + 0.0004 for i in range(12)]


def written(tmp_path: Path, text: str, name: str = "log.csv") -> tuple[list[float], list[float]]:
    path = tmp_path / name
    path.write_text(text)
    curve = read(str(path))[0].curves["train/loss"]
    return curve.step.tolist(), curve.value.tolist()


@pytest.mark.parametrize("gap", [" ", "   ", "\t", " \t "])
def test_blanks_part_columns(tmp_path: Path, gap: str) -> None:
    text = f"epoch{gap}loss\n"
    rows = "".join(f"{i}{gap}{x}\n" for i, x in enumerate(LOSS))
    assert written(tmp_path, text + rows) == (list(range(12)), LOSS)


@pytest.mark.parametrize("row", ["{i};{x};0,5\n", "{i}\t{x}\t0,5\n", '"{i}","{x}","0,5"\n', "{i}|{x}|1,25\n"])
def test_decimal_commas(tmp_path: Path, row: str) -> None:
    head = row.format(i="epoch", x="loss").replace("0,5", "lr").replace("1,25", "lr")
    text = head + "".join(row.format(i=i, x=str(x).replace(".", ",")) for i, x in enumerate(LOSS))
    assert written(tmp_path, text) == (list(range(12)), LOSS)


@pytest.mark.parametrize("row", ['"{i}",{x}\n', "{i};{x}\n"])
def test_grouped_thousands(tmp_path: Path, row: str) -> None:
    head = "step;loss\n" if ";" in row else "step,loss\n"
    text = head + "".join(row.format(i=f"{1000 * i + 1000:,}", x=x) for i, x in enumerate(LOSS))
    assert written(tmp_path, text) == ([1000.0 * i + 1000 for i in range(12)], LOSS)


def test_percent_signs(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss,accuracy\n" + "".join(f"{i},{x},{i * 5}.5%\n" for i, x in enumerate(LOSS)))
    assert read(str(path))[0].curves["train/accuracy"].value.tolist() == [i * 5 + 0.5 for i in range(12)]


@pytest.mark.parametrize(
    ("fix", "line"),
    [
        (spelling.blanks(1), b"  a  b\tc  \n"),
        (spelling.percent, b"5%,6%\n"),
        (spelling.decimal_comma, b"1,5;2,25\n"),
        (spelling.quoted_decimal_comma, b'"1,5","2"\n'),
        (spelling.ungroup, b"1,000;2,000,000\n"),
        (spelling.quoted_ungroup, b'"1,000","2,000,000.5"\n'),
    ],
)
def test_lengths_stay(fix: spelling.Fix, line: bytes) -> None:
    assert len(fix(line)) == len(line)
    assert fix(line) != line


def test_plain_tables_need_nothing() -> None:
    assert spelling.fixes(b'1,2.5,"a, b"\n', b",") == ()
    assert spelling.fixes(b"1;2.5\n", b";") == ()
    assert spelling.fixes(b"1.5;2,5\n", b";") == ()
