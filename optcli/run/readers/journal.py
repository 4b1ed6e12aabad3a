"""Run directories of optcli itself: `journal.jsonl` with the recipe beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from optcli.run import notes as say
from optcli.run.block import Block, table
from optcli.run.jsonrows import objects, parse
from optcli.run.numbers import number
from optcli.run.rows import flat
from optcli.run.source import Source

ENDS: Final = {"finished": "finished", "done": "finished", "completed": "finished"}


OWNS: Final = True
GROWS: Final = True


def sniff(head: bytes, name: str) -> float:
    """The first line is the start event."""
    first = head[:4096].split(b"\n", 1)[0]
    return (
        1.0 if first.startswith(b"{") and b'"event"' in first and b'"version"' in first and b'"start"' in first else 0.0
    )


def home(path: str) -> str:
    """The run directory."""
    return os.path.dirname(path) if os.path.basename(path) == "journal.jsonl" else path


def blocks(source: Source, offset: int = 0) -> Iterator[Block]:
    """Rows of the journal; events become what is known of the run."""
    if not offset:
        yield Block({}, config=_beside(source.path))
    for start, data in source.lines(offset):
        end = start + len(data)
        rows, bad = objects(data, start)
        if not data.endswith(b"\n") and bad and bad[-1][1] == end:
            end = bad.pop()[0]
            yield Block({}, notes=(say.note(say.UNFINISHED, f"the last line, from byte {end}"),), torn=True)
        source.skipped += bad
        yield from _blocks(rows, end)


def _blocks(rows: list[dict[str, Any]], end: int) -> Iterator[Block]:
    numbers: list[dict[str, float]] = []
    for row in rows:
        if "event" in row:
            if numbers and row["event"] in ("resume", "start"):
                yield table(numbers, end_offset=end)
                numbers = []
            if row["event"] in ("start", "end", "resume", "nonfinite"):
                yield _event(row)
        else:
            numbers.append(_row(row))
    yield table(numbers, end_offset=end)


def _row(row: dict[str, Any]) -> dict[str, float]:
    lost = row.pop("nonfinite", None)
    clock = row.pop("clock", None)
    found = flat(row)
    if isinstance(lost, Mapping):
        found |= flat(lost)
    if isinstance(clock, Mapping):
        seen = flat(clock)
        found |= {"clock.t": seen["t"]} if "t" in seen else {}
        found |= {"step_time": seen["step_us"] * 1e-6} if "step_us" in seen else {}
        found |= {"memory": seen["mib"]} if "mib" in seen else {}
    return found


def _event(row: dict[str, Any]) -> Block:
    if row["event"] == "start":
        planned = row.get("planned")
        config = _dotted({k: v for k, v in row.items() if k == "facts"})
        config |= _dotted(row["config"]) if isinstance(row.get("config"), Mapping) else {}
        return Block({}, planned=planned if isinstance(planned, int) else None, end="running", config=config)
    if row["event"] == "end":
        status = str(row.get("status", row.get("reason", "finished")))
        return Block({}, end="finished" if status in ENDS else "stopped")
    if row["event"] == "nonfinite":
        return Block({}, config={"facts.first_bad": row.get("first_bad")})
    step, planned = number(row.get("step")), row.get("planned")
    seams = () if step is None else (step,)
    return Block({}, end="running", seams=seams, planned=planned if isinstance(planned, int) else None)


def _beside(path: str) -> dict[str, Any]:
    """The recipe and the environment in the run directory, as dotted paths."""
    if path == "-":
        return {}
    folder = os.path.dirname(path)
    config: dict[str, Any] = {}
    recipe = os.path.join(folder, "recipe.yaml")
    if os.path.isfile(recipe):
        from optcli.run.sidecar import yaml_file

        config |= _dotted(yaml_file(recipe))
    environment = os.path.join(folder, "environment.json")
    if os.path.isfile(environment):
        try:
            found = parse(Source(environment).read(1 << 20))
        except ValueError:
            found = {}
        config |= _dotted({k: v for k, v in found.items() if k == "facts"}) if isinstance(found, dict) else {}
    return config


def _dotted(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested mapping as `optimizer.lr: 0.001`; a list of parts is addressed by name."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            found |= _dotted(value, f"{path}.")
        elif isinstance(value, list) and value and all(isinstance(v, Mapping) and "name" in v for v in value):
            for part in value:
                found |= _dotted({k: v for k, v in part.items() if k != "name"}, f"{path}.{part['name']}.")
            found[path] = [part["name"] for part in value]
        else:
            found[path] = value
    return found
