"""What of a damaged log comes back: a small campaign over formats of every kind, and how it is counted."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
import damage


@pytest.mark.parametrize(
    "name",
    ["csv", "wandb_export", "jsonl", "mmdet_json", "hf", "nanogpt", "composer", "tutorial_console", "tfevents", "wandb",
     "mlflow", "xgboost_console"],
)  # fmt: skip
def test_intact_points_come_back(tmp_path: Path, name: str) -> None:
    counts = damage.campaign(name, tmp_path, mutants=1, damages=6, seed=3, rows=240)
    lost = {kind: count.intact - count.back for kind, count in counts.items() if count.back < count.intact}
    assert [problem for count in counts.values() for problem in count.raised] == []
    assert sum(lost.values()) <= 0.001 * sum(count.intact for count in counts.values()), lost


@pytest.mark.parametrize("name", ["tfevents", "wandb", "jsonl", "journal", "csv"])
def test_what_stands_between_records_is_reported(tmp_path: Path, name: str) -> None:
    counts = damage.campaign(name, tmp_path, mutants=1, damages=6, seed=4, rows=240)
    for kind in ("nul", "gap", "tail"):
        assert counts[kind].reported == counts[kind].damaged > 0, kind


def test_every_kind_of_damage_changes_the_file_where_it_says() -> None:
    whole = b"".join(b"%d,0.5\n" % i for i in range(200))
    for kind in damage.KINDS:
        made, harmed = damage.changes("csv", kind, whole, 4, random.Random(0))
        data, places = damage._apply(whole, made)
        assert data != whole
        assert (harmed == set()) == (kind in damage.BETWEEN)
        assert all(0 <= first <= end <= len(data) for first, end in places)


def test_records_are_whole(tmp_path: Path) -> None:
    for name in ("csv", "composer", "tfevents", "wandb", "hf"):
        path = damage.WRITERS[name](tmp_path / name, damage.training(3, 4))
        for file in damage.files(path):
            whole, frames = file.read_bytes(), damage.frames(name)
            before = damage.points(damage.read(str(path)))
            assert len(frames.spans(whole)) >= 12
            file.write_bytes(frames.without(whole, set()))
            assert damage.points(damage.read(str(path))) == before
            file.write_bytes(frames.without(whole, {5}))
            assert damage.points(damage.read(str(path))) != before
            file.write_bytes(whole)
