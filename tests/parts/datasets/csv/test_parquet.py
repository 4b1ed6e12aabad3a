"""Parquet tables: the same as their CSV twins."""

import re
import sys
from datetime import UTC, date, datetime

import numpy as np
import pytest

from optcli.parts.datasets import csv


def both(path, **options):
    chosen = csv.Options(file=str(path), **options)
    return csv.facts(chosen), csv.load(chosen, seed=0)


@pytest.fixture
def write(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="pyarrow comes with the extra `parquet`")
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow comes with the extra `parquet`")

    def write(columns, name="t.parquet"):
        path = tmp_path / name
        parquet.write_table(arrow.table(columns), path)
        return path

    return write


def test_a_parquet_table_is_its_csv_twin(write, tmp_path):
    number = [None if i == 7 else i * 0.5 for i in range(40)]
    word, flag = [["red", "blue"][i % 2] for i in range(40)], [i % 3 == 0 for i in range(40)]
    path = write({"number": number, "word": word, "flag": flag, "y": [i % 2 for i in range(40)]})
    rows = zip(number, word, flag, strict=True)
    text = [f"{'' if n is None else n},{w},{str(f).lower()},{i % 2}" for i, (n, w, f) in enumerate(rows)]
    twin = tmp_path / "t.csv"
    twin.write_text("\n".join(["number,word,flag,y", *text, ""]))
    (facts, splits), (same, alike) = both(path), both(twin)
    assert facts == same
    assert facts.names == ("0", "1")
    np.testing.assert_array_equal(splits.train_x, alike.train_x)
    np.testing.assert_array_equal(splits.val_x, alike.val_x)


def test_dates_can_decide_on_the_parts(write):
    for days in (
        [date(2024, 1, 1 + i) for i in range(20)],
        [datetime(2024, 1, 1 + i, 12, tzinfo=UTC) for i in range(20)],
    ):
        path = write({"day": days, "x": list(range(20)), "y": [i + 0.5 for i in range(20)]}, f"{len(str(days))}.pq")
        facts, splits = both(path, time="day")
        assert (facts.train, facts.val) == (16, 4)
        assert (splits.val_x > splits.train_x.max()).all()


def test_lists_are_refused(write):
    with pytest.raises(ValueError, match=r"t\.parquet:1: column `x` holds lists"):
        both(write({"x": [[1], [2]], "y": [1.5, 2.5]}))


def test_a_dropped_column_may_hold_anything(write):
    columns = {"x": list(range(20)), "lists": [[1]] * 20, "y": [i + 0.5 for i in range(20)]}
    facts, splits = both(write(columns), drop=("lists",))
    assert facts.names == ("x",)
    np.testing.assert_allclose(
        np.sort(np.r_[splits.train_x, splits.val_x][:, 0]),
        np.sort(np.r_[splits.train_y, splits.val_y][:, 0]),
        atol=1e-6,
    )


def test_a_missing_target_is_named_with_its_row(write):
    with pytest.raises(ValueError, match=r"t\.parquet:3: the target `y` is missing"):
        both(write({"x": [1, 2, 3], "y": [1, 2, None]}))


def test_what_is_no_parquet_file(write, tmp_path):
    (tmp_path / "bad.parquet").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"bad\.parquet: not a Parquet file, or damaged; write it anew"):
        both(tmp_path / "bad.parquet")
    with pytest.raises(FileNotFoundError):
        both(tmp_path / "nowhere.parquet")


def test_without_pyarrow_the_way_to_get_it_is_told(tmp_path, monkeypatch):
    (tmp_path / "t.parquet").touch()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ValueError, match=re.escape('pip install "optcli[parquet]"')):
        both(tmp_path / "t.parquet")
