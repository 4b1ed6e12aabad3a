"""TensorBoard's event files: every encoding of a scalar, damage, restarts."""

from __future__ import annotations

import gzip
import importlib.util
import struct
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from optcli.run import notes
from optcli.run.assemble import Unreadable, read
from optcli.run.crc32c import crc, masked, next_header
from optcli.run.readers import tfevents

SCRIPTS = Path(__file__).parents[3] / "scripts"
WALL = 1.7e9


def script(name: str) -> ModuleType:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


logs = script("sample_logs")
record, field, varint = logs.record, logs.field, logs.varint


def event(step: int, inner: bytes, wall: float = WALL) -> bytes:
    at = b"\x10" + varint(step) if step else b""
    return b"\x09" + struct.pack("<d", wall + step) + at + inner


def scalar(tag: str, value: float, step: int, wall: float = WALL) -> bytes:
    return logs.scalar_event(tag, value, step, wall + step)


def write(path: Path, events: list[bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(record(e) for e in [logs.VERSION, *events]))
    return path


def test_agrees_with_tensorboard(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    steps = [-5, 0, 1, 127, 128, 16383, 16384, 1 << 33]
    events = [scalar(tag, 0.1 * i, step) for i, step in enumerate(steps) for tag in ("loss", "lr")]
    path = write(tmp_path / "events.out.tfevents.1.h.1.0", events)
    theirs = EventAccumulator(str(path), size_guidance={"scalars": 0})
    theirs.Reload()
    points = {s.step: s.value for s in theirs.Scalars("loss")}
    ours = read(str(path))[0].curves["train/loss"]
    assert dict(zip(ours.step.tolist(), ours.value.tolist(), strict=True)) == points


def test_agrees_with_a_file_that_torch_wrote(tmp_path: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        for i in range(300):
            writer.add_scalar("Loss/train", i * 0.1, i, walltime=WALL + i)
            writer.add_scalar("odd", float("nan") if i % 7 == 0 else -i, i, walltime=WALL + i)
        writer.add_histogram("weights", np.arange(99.0), 3)
        writer.add_text("args", "lr=0.1", 0)
    run = read(str(tmp_path))[0]
    assert list(run.curves) == ["train/loss", "odd"]
    loss = run.curves["train/loss"]
    np.testing.assert_array_equal(loss.value, (np.arange(300) * 0.1).astype(np.float32))
    assert loss.time is not None
    np.testing.assert_array_equal(loss.time, WALL + np.arange(300))
    assert np.isnan(run.curves["odd"].value).sum() == 43


@pytest.mark.parametrize(
    "tensor",
    [
        b"\x08\x01" + field(2, b"") + field(4, struct.pack("<f", 0.5)),
        b"\x08\x02" + field(4, struct.pack("<d", 0.5)),
        b"\x08\x13" + field(4, struct.pack("<e", 0.5)),
        b"\x08\x0e" + field(4, struct.pack("<f", 0.5)[2:]),
        b"\x08\x01\x2d" + struct.pack("<f", 0.5),
        b"\x08\x01" + field(5, struct.pack("<f", 0.5)),
        b"\x08\x02\x31" + struct.pack("<d", 0.5),
        b"\x08\x01" + field(2, field(2, b"\x08\x01")) + field(4, struct.pack("<f", 0.5)),
        b"\x08\x13" + field(13, varint(struct.unpack("<H", struct.pack("<e", 0.5))[0])),
    ],
)
@pytest.mark.parametrize("count", [3, 40])
def test_every_tensor_of_one_number_is_a_scalar(tmp_path: Path, tensor: bytes, count: int) -> None:
    value = field(1, b"loss") + field(8, tensor)
    path = write(tmp_path / "e.tfevents.1", [event(i, field(5, field(1, value))) for i in range(count)])
    assert read(str(path))[0].curves["train/loss"].value.tolist() == [0.5] * count


def test_several_values_in_one_record(tmp_path: Path) -> None:
    def both(i: int) -> bytes:
        pair = [(b"loss", i * 0.5), (b"val_loss", i * 0.25)]
        return b"".join(field(1, field(1, tag) + b"\x15" + struct.pack("<f", x)) for tag, x in pair)

    run = read(str(write(tmp_path / "e.tfevents.1", [event(i, field(5, both(i))) for i in range(1, 30)])))[0]
    assert run.curves["train/loss"].value.tolist() == [i * 0.5 for i in range(1, 30)]
    assert run.curves["val/loss"].value.tolist() == [i * 0.25 for i in range(1, 30)]


def test_text_and_large_records_are_passed_over(tmp_path: Path) -> None:
    text = field(1, b"args") + field(9, field(1, field(1, b"text"))) + field(8, b"\x08\x07" + field(8, b"lr=1"))
    graph = b"\x09" + struct.pack("<d", WALL) + field(4, bytes(9_000_000))
    events = [event(0, field(5, field(1, text))), graph[:70_000], *(scalar("loss", 1.0, i) for i in range(9))]
    path = write(tmp_path / "e.tfevents.1", events)
    with path.open("ab") as file:
        length = struct.pack("<Q", len(graph))
        file.write(length + struct.pack("<I", masked(crc(length))) + graph + bytes(4))
        file.write(record(scalar("loss", 2.0, 9)))
    run = read(str(path))[0]
    assert list(run.curves) == ["train/loss"]
    assert run.curves["train/loss"].value.tolist() == [1.0] * 9 + [2.0]


class TestDamage:
    """One bad record costs that record, and its place is told."""

    @pytest.fixture
    def parts(self) -> list[bytes]:
        return [record(logs.VERSION), *(record(scalar("loss", float(i), i)) for i in range(500))]

    def check(self, tmp_path: Path, data: bytes, lost: set[int], where: tuple[int, int]) -> None:
        path = tmp_path / "e.tfevents.1"
        path.write_bytes(data)
        run = read(str(path))[0]
        assert set(range(500)) - set(run.curves["train/loss"].step.tolist()) == lost
        assert [note.code for note in run.notes][:1] == [notes.DAMAGED]
        assert f"{where[0]}-{where[1]}" in run.notes[0].message

    @pytest.mark.parametrize("at", [0, 5, 9, 14, 20, 40])
    def test_a_flipped_bit(self, tmp_path: Path, parts: list[bytes], at: int) -> None:
        first = sum(map(len, parts[:201]))
        data = bytearray(b"".join(parts))
        data[first + at] ^= 4
        self.check(tmp_path, bytes(data), {200}, (first, first + len(parts[201])))

    def test_inserted_garbage(self, tmp_path: Path, parts: list[bytes]) -> None:
        first = sum(map(len, parts[:100]))
        noise = np.random.default_rng(0).bytes(777)
        data = b"".join([*parts[:100], noise, *parts[100:]])
        self.check(tmp_path, data, set(), (first, first + 777))

    def test_zeros_at_the_end(self, tmp_path: Path, parts: list[bytes]) -> None:
        whole = b"".join(parts)
        self.check(tmp_path, whole + bytes(4096), set(), (len(whole), len(whole) + 4096))

    def test_a_length_that_would_fill_the_memory(self, tmp_path: Path, parts: list[bytes]) -> None:
        length = struct.pack("<Q", 1 << 40)
        bomb = length + struct.pack("<I", masked(crc(length)))
        first = sum(map(len, parts[:50]))
        self.check(tmp_path, b"".join([*parts[:50], bomb, *parts[50:]]), set(), (first, first + 12))

    def test_an_unfinished_record_is_no_damage(self, tmp_path: Path, parts: list[bytes]) -> None:
        path = tmp_path / "e.tfevents.1"
        path.write_bytes(b"".join(parts)[:-9])
        run = read(str(path))[0]
        assert len(run.curves["train/loss"]) == 499
        assert [note.code for note in run.notes] == [notes.UNFINISHED]

    def test_a_packed_file_that_is_cut_off_says_so(self, tmp_path: Path, parts: list[bytes]) -> None:
        packed = gzip.compress(b"".join(parts))
        path = tmp_path / "e.tfevents.1.gz"
        path.write_bytes(packed)
        assert read(str(path))[0].notes == ()
        path.write_bytes(packed[: len(packed) // 2])
        run = read(str(path))[0]
        assert 100 < len(run.curves["train/loss"]) < 400
        assert [note.code for note in run.notes] == [notes.UNFINISHED]

    def test_a_huge_last_record_is_whole(self, tmp_path: Path, parts: list[bytes]) -> None:
        path = tmp_path / "e.tfevents.1"
        graph = record(b"\x09" + struct.pack("<d", WALL) + field(4, bytes(9_000_000)))
        path.write_bytes(b"".join(parts) + graph)
        assert read(str(path))[0].notes == ()
        path.write_bytes(b"".join(parts) + graph + parts[1][:-9])
        assert [note.code for note in read(str(path))[0].notes] == [notes.UNFINISHED]

    def test_nothing_but_a_version(self, tmp_path: Path) -> None:
        with pytest.raises(Unreadable, match="no numbers over steps"):
            read(str(write(tmp_path / "e.tfevents.1", [])))


class TestSeveralFiles:
    """One directory is one run."""

    def test_a_session_start_purges(self, tmp_path: Path) -> None:
        write(tmp_path / "e.tfevents.1", [scalar("loss", 1.0, i) for i in range(100)])
        start = event(60, field(7, b"\x08\x01"))
        write(tmp_path / "e.tfevents.2", [start, *(scalar("loss", 2.0, i, WALL + 500) for i in range(70, 80))])
        curve = read(str(tmp_path))[0].curves["train/loss"]
        assert curve.step.tolist() == [*range(60), *range(70, 80)]

    def test_a_restart_without_a_word(self, tmp_path: Path) -> None:
        write(tmp_path / "e.tfevents.1", [scalar("loss", 1.0, i) for i in range(100)])
        write(tmp_path / "e.tfevents.2", [scalar("loss", 2.0, i, WALL + 500) for i in range(60, 80)])
        run = read(str(tmp_path))[0]
        assert run.curves["train/loss"].step.tolist() == list(range(80))
        assert run.seams == (60.0,)

    def test_a_resume_without_an_overlap(self, tmp_path: Path) -> None:
        write(tmp_path / "e.tfevents.1", [scalar("loss", 1.0, i) for i in range(50)])
        write(tmp_path / "e.tfevents.2", [scalar("loss", 2.0, i, WALL + 500) for i in range(50, 90)])
        run = read(str(tmp_path))[0]
        assert len(run.curves["train/loss"]) == 90
        assert run.seams == (50.0,)

    def test_many_files_are_told_in_few_lines(self, tmp_path: Path) -> None:
        for i in range(60):
            write(tmp_path / f"e.tfevents.{i:02}", [scalar("loss", 1.0, 3 * i + k) for k in range(3)])
        run = read(str(tmp_path))[0]
        assert len(run.seams) == 59
        assert len(run.notes) == 11
        assert "49 more" in run.notes[-1].message

    def test_two_writers_at_once(self, tmp_path: Path) -> None:
        write(tmp_path / "e.tfevents.1", [scalar("loss", 1.0, i) for i in range(50)])
        write(tmp_path / "e.tfevents.2", [scalar("loss", 2.0, i, WALL + 0.5) for i in range(50)])
        run = read(str(tmp_path))[0]
        assert run.curves["train/loss"].value.tolist() == [2.0] * 50
        assert notes.SEVERAL_WRITERS in [note.code for note in run.notes]

    def test_add_scalars_makes_folders(self, tmp_path: Path) -> None:
        write(tmp_path / "e.tfevents.1", [scalar("lr", 0.1, i) for i in range(5)])
        for part in ("train", "val"):
            write(tmp_path / f"Loss_{part}" / "e.tfevents.2", [scalar("Loss", 1.0, i) for i in range(5)])
        runs = read(str(tmp_path))
        assert len(runs) == 1
        assert set(runs[0].roles) == {"lr", "train/loss", "val/loss"}

    def test_versions_are_runs(self, tmp_path: Path) -> None:
        for i in range(2):
            write(tmp_path / f"version_{i}" / "e.tfevents.1", [scalar("loss", 1.0, i) for i in range(5)])
        assert [run.source for run in read(str(tmp_path))] == [str(tmp_path / "version_0"), str(tmp_path / "version_1")]

    def test_keras_by_the_batch_counts_steps(self, tmp_path: Path) -> None:
        def both(i: int) -> list[bytes]:
            last = [logs.scalar_event("epoch_loss", 0.1, i // 100, WALL + i + 0.1)] if i % 100 == 99 else []
            return [scalar("batch_loss", 0.1, i), *last]

        write(tmp_path / "train" / "e.tfevents.1", [one for i in range(1000) for one in both(i)])
        train = read(str(tmp_path / "train"))[0]
        assert (train.axis, train.roles) == ("step", {"train/loss": "train/batch_loss"})
        after = [logs.scalar_event("epoch_loss", 0.1, i, WALL + 100 * i + 99.2) for i in range(10)]
        write(tmp_path / "validation" / "e.tfevents.2", after)
        run = read(str(tmp_path))[0]
        assert run.axis == "step"
        assert run.curves["val/loss"].step.tolist() == [100 * i + 99 for i in range(10)]
        assert len(run.epoch_steps) == 0


class TestHostile:
    """No file costs more than its length, whatever is in it."""

    @pytest.fixture
    def looked(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """Bytes that were searched for headers, and rows that were compared with a pattern."""
        cost = [0, 0]

        def search(data: bytes, *more: int) -> int:
            cost[0] += len(data)
            return int(next_header(data, *more))

        def equal(rows: np.ndarray, *more: Any) -> Any:
            cost[1] += len(rows)
            return same(rows, *more)

        same = tfevents._equal
        monkeypatch.setattr(tfevents, "next_header", search)
        monkeypatch.setattr(tfevents, "_equal", equal)
        return cost

    def test_records_that_are_all_of_a_kind_of_their_own(self, tmp_path: Path, looked: list[int]) -> None:
        events = [scalar(f"loss_{i:04}", 1.0, 1000) for i in range(4000)]
        events += [scalar("loss", float(i), i) for i in range(1000, 1100)]
        run = read(str(write(tmp_path / "e.tfevents.1", events)))[0]
        assert len(run.curves) == 4001
        assert run.curves["train/loss"].value.tolist() == list(range(1000, 1100))
        assert looked[1] < 100 * 4100

    def test_values_without_a_place_of_their_own(self, tmp_path: Path, looked: list[int]) -> None:
        def whole(i: int) -> bytes:
            return event(i, field(5, field(1, field(1, b"loss") + field(8, b"\x08\x09" + field(10, varint(i))))))

        run = read(str(write(tmp_path / "e.tfevents.1", [whole(i) for i in range(1000, 5000)])))[0]
        assert run.curves["train/loss"].value.tolist() == list(range(1000, 5000))
        assert looked[1] < 100 * 4000

    def test_checksums_that_are_all_wrong(self, tmp_path: Path, looked: list[int]) -> None:
        good = record(logs.VERSION) + record(scalar("loss", 1.0, 1)) + record(scalar("loss", 1.0, 2))
        data = good + b"".join(record(scalar("loss", 1.0, i))[:-4] + b"none" for i in range(1000, 3000))
        path = tmp_path / "e.tfevents.1"
        path.write_bytes(data)
        run = read(str(path))[0]
        assert run.curves["train/loss"].step.tolist() == [1, 2]
        assert "2000 damaged stretches" in run.notes[0].message
        assert looked[0] < 3 * len(data)

    def test_headers_inside_of_each_other(self, tmp_path: Path) -> None:
        size, nested = 12 * 700 + 200, b""
        for i in range(700):
            length = struct.pack("<Q", size - 12 * i - 16)
            nested += length + struct.pack("<I", masked(crc(length)))
        path = tmp_path / "e.tfevents.1"
        path.write_bytes(nested.ljust(size, b"\1") + record(scalar("loss", 1.0, 1)) + record(scalar("loss", 1.0, 2)))
        run = read(str(path))[0]
        assert run.curves["train/loss"].step.tolist() == [1, 2]
        assert [note.code for note in run.notes] == [notes.DAMAGED]


def test_kerass_evaluations_over_batches_are_said_over_epochs_too(tmp_path: Path) -> None:
    both, alone = tmp_path / "both" / "validation", tmp_path / "alone" / "validation"
    for folder, names in (
        (both, ("epoch_loss", "evaluation_loss_vs_iterations")),
        (alone, ("evaluation_f_vs_iterations",)),
    ):
        folder.mkdir(parents=True)
        records = [
            scalar(name, 1 / (i + 1), i if name[:2] == "ep" else 25 * i + 25) for i in range(5) for name in names
        ]
        write(folder / "events.out.tfevents.1", records)
    (run,) = read(str(both.parent))
    assert set(run.curves) == {"val/loss"}
    (run,) = read(str(alone.parent))
    assert set(run.curves) == {"validation/evaluation_f_vs_iterations"}


@pytest.mark.parametrize(("name", "want"), [("training/batchloss", [20, 40, 60, 80]), ("gpu/load", [1, 2, 3, 4])])
def test_epochs_beside_the_loss_of_batches_are_placed_by_their_clock(
    tmp_path: Path, name: str, want: list[float]
) -> None:
    records = []
    for i in range(5, 100, 5):
        records.append(logs.scalar_event(name, 1 / i, i, WALL + i))
        if i % 20 == 0:
            for part in ("training", "validation"):
                records.append(logs.scalar_event(f"{part}/nll", 2 / i, i // 20, WALL + i + 0.5))
    write(tmp_path / "events.out.tfevents.1", records)
    (run,) = read(str(tmp_path))
    assert run.roles == {"train/loss": "training/nll", "val/loss": "validation/nll"}
    assert run.curves["train/loss"].step.tolist() == want
    assert run.curves["val/loss"].step.tolist() == want
    assert run.curves[name].step.tolist() == list(range(5, 100, 5))
    assert {note.code for note in run.notes} == ({notes.PLACED} if want[0] == 20 else set())
