"""Event files, databases, and logs of several files."""

from __future__ import annotations

import json
import sqlite3
import struct
import zlib
from pathlib import Path

from optcli.run.crc32c import crc, masked
from samples.training import Training, logged, write_file, write_lines


def record(data: bytes) -> bytes:
    """A TFRecord."""
    head = struct.pack("<Q", len(data))
    return head + struct.pack("<I", masked(crc(head))) + data + struct.pack("<I", masked(crc(data)))


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while True:
        byte, value = value & 0x7F, value >> 7
        if not value:
            return out + bytes([byte])
        out += bytes([byte | 0x80])


def field(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def scalar_event(tag: str, value: float, step: int, wall: float, *, tensor: bool = False, first: bool = True) -> bytes:
    """An event with one scalar, as torch (`simple_value`) or as TensorFlow 2 (`tensor`) writes it."""
    named = field(1, tag.encode())
    if tensor:
        meta = field(9, field(1, field(1, b"scalars"))) if first else b""
        named += meta + field(8, b"\x08\x01" + field(2, b"") + field(4, struct.pack("<f", value)))
    else:
        named += b"\x15" + struct.pack("<f", value)
    at = b"\x10" + varint(step) if step else b""
    return b"\x09" + struct.pack("<d", wall) + at + field(5, field(1, named))


VERSION = b"\x09" + struct.pack("<d", 1.7e9) + field(3, b"brain.Event:2")


def visualdl_record(tag: str, value: float, step: int, milliseconds: int) -> bytes:
    """A record as VisualDL writes it: nothing but the length guards it."""
    at = b"\x08" + varint(step) if step else b""
    named = at + field(2, tag.encode()) + b"\x18" + varint(milliseconds) + b"\x25" + struct.pack("<f", value)
    data = field(1, named)
    return struct.pack("<Q", len(data)) + data


def visualdl(folder: Path, t: Training) -> Path:
    meta = field(1, field(2, b"meta_data_tag") + b"\x18" + varint(10**12) + field(10, b""))
    parts = [struct.pack("<Q", len(meta)) + meta]
    named = {"loss": "train/loss", "val_loss": "eval/loss", "lr": "lr", "grad_norm": "grad_norm"}
    for row in logged(t):
        at = int(row["step"])
        parts += [visualdl_record(tag, row[key], at, 10**12 + 1000 * at) for key, tag in named.items() if key in row]
    path = folder / "vdl" / "vdlrecords.1700000000.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(parts))
    return path


def tfevents(folder: Path, t: Training) -> Path:
    parts = [record(VERSION)]
    for row in logged(t):
        named = {"loss": "Loss/train", "val_loss": "Loss/val", "lr": "lr", "grad_norm": "grad_norm"}
        for key, tag in named.items():
            if key in row:
                parts.append(record(scalar_event(tag, row[key], int(row["step"]), 1.7e9 + row["step"])))
    path = folder / "tb" / "events.out.tfevents.1700000000.host.1.0"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(parts))
    return path


def keras_tfevents(folder: Path, t: Training) -> Path:
    for split, values in (("train", [t.mean(e) for e in range(t.epochs)]), ("validation", t.val_loss)):
        graph = record(b"\x09" + struct.pack("<d", 1.7e9) + field(4, b"graph" * 500))
        parts = [record(VERSION), graph]
        for e, value in enumerate(values):
            parts.append(record(scalar_event("epoch_loss", value, e, 1.7e9 + e, tensor=True, first=e == 0)))
        path = folder / "keras" / split / f"events.out.tfevents.1700000000.host.1.0.{split}.v2"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(parts))
    return folder / "keras"


def leveldb(records: list[bytes]) -> bytes:
    """Records in the framing of a .wandb file."""
    out = bytearray(b":W&B" + struct.pack("<HB", 0xBEE1, 0))
    for data in records:
        first = True
        while True:
            room = 32768 - len(out) % 32768
            if room < 7:
                out += bytes(room)
                room = 32768
            piece, data = data[: room - 7], data[room - 7 :]
            kind = (1 if not data else 2) if first else (4 if not data else 3)
            out += struct.pack("<IHB", zlib.crc32(bytes([kind]) + piece), len(piece), kind) + piece
            first = False
            if not data:
                break
    return bytes(out)


def wandb(folder: Path, t: Training) -> Path:
    records = [field(7, b"config" * 30)]
    for row in logged(t):
        named = {"_step" if k == "step" else k: v for k, v in row.items()}
        items = b"".join(field(1, field(1, k.encode()) + field(16, json.dumps(v).encode())) for k, v in named.items())
        records.append(field(2, items))
        records.append(field(5, b"output" * 40))
    path = folder / "wandb" / "run-20240101_000000-abc" / "run-abc.wandb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(leveldb(records))
    return path


def mlflow(folder: Path, t: Training) -> Path:
    run = folder / "mlruns" / "0" / "abc123"
    ends = [(e + 1) * t.per_epoch for e in range(t.epochs)]
    for name, values, steps in (("train/loss", t.loss, list(t.steps)), ("val_loss", t.val_loss, ends)):
        write_lines(
            run,
            f"metrics/{name}",
            [f"{1_691_410_007_405 + 1000 * s} {v} {s}" for s, v in zip(steps, values, strict=True)],
        )
    write_file(run, "params/lr", "0.01")
    write_file(run, "meta.yaml", "run_id: abc123\nstatus: 3\n")
    return run


def mlflow_db(folder: Path, t: Training) -> Path:
    path = folder / "mlflow.db"
    folder.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as db:
        db.execute(
            "create table metrics (key text, value double, timestamp bigint, run_uuid text, step bigint,"
            " is_nan boolean)"
        )
        for row in logged(t):
            for key in ("loss", "val_loss"):
                if key in row:
                    db.execute(
                        "insert into metrics values (?,?,?,?,?,?)",
                        (key, row[key], 1_691_410_007_405, "abc", row["step"], False),
                    )
    db.close()
    return path


def dvclive(folder: Path, t: Training) -> Path:
    root = folder / "dvclive"
    ends = [(e + 1) * t.per_epoch for e in range(t.epochs)]
    for name, values, steps in (("train/loss", t.loss, list(t.steps)), ("eval/loss", t.val_loss, ends)):
        rows = [f"{s}\t{v}" for s, v in zip(steps, values, strict=True)]
        write_lines(root, f"plots/metrics/{name}.tsv", ["step\tloss", *rows])
    return root
