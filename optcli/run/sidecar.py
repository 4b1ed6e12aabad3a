"""Small files beside a log that say what was planned: a recipe, Lightning's hparams.yaml, Ultralytics' args.yaml."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from optcli.run.block import Block, Unreadable
from optcli.run.params import known
from optcli.run.source import Source

NAMES: Final = ("hparams", "hyperparameters", "args", "params", "config")
ENDINGS: Final = (".yaml", ".yml", ".json")
LIMIT: Final = 1 << 18
"""Bytes; a larger file is no list of settings."""


def beside(path: str) -> dict[str, Any]:
    """Recipe path -> value, of the settings known by name in the first such file in a log's folder; none for `-`."""
    folder = os.path.dirname(path)
    for file in (os.path.join(folder, name + ending) for name in NAMES for ending in ENDINGS if path != "-"):
        if file != path and os.path.isfile(file):
            found = known(dict(_leaves(json_file(file) if file.endswith(".json") else yaml_file(file))))
            if found:
                return found
    return {}


def _leaves(tree: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Names and plain values, the outer ones last, so that they count."""
    for value in tree.values():
        if isinstance(value, Mapping) and depth < 3:
            yield from _leaves(value, depth + 1)
    yield from ((str(key).lower(), value) for key, value in tree.items() if not isinstance(value, Mapping))


def json_file(path: str, limit: int = LIMIT) -> dict[str, Any]:
    """A JSON object; an unreadable or odd file is as if it weren't there."""
    try:
        found = json.loads(Source(path).read(limit))
    except (Unreadable, OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def yaml_file(path: str, limit: int = LIMIT) -> dict[str, Any]:
    """A flat or nested mapping of plain values; an unreadable or odd file is as if it weren't there.

    Imports PyYAML only here: few logs have such a neighbour.
    """
    import yaml

    try:
        data = Source(path).read(limit)
        if data.count(b"*") > 100 or data.count(b"[") > 1000:
            return {}
        found = yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (Unreadable, yaml.YAMLError, OSError, ValueError, RecursionError):
        return {}
    return {str(k): _plain(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _plain(value: Any) -> Any:
    """YAML 1.1 reads `1e-3` as text; numbers are numbers here."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, str):
        try:
            return float(value) if value[:1] in "+-.0123456789" else value
        except ValueError:
            return value
    return value


def beside_ultralytics(path: str) -> Block:
    """What `args.yaml` beside a `results.csv` tells: epochs as the plan, and the optimizer's settings."""
    args = yaml_file(os.path.join(os.path.dirname(path), "args.yaml")) if path != "-" else {}
    known = {
        "optimizer.lr": args.get("lr0"),
        "optimizer.name": args.get("optimizer"),
        "optimizer.weight_decay": args.get("weight_decay"),
        "data.batch_size": args.get("batch"),
        "train.epochs": args.get("epochs"),
    }
    epochs = args.get("epochs")
    return Block(
        {},
        config={k: v for k, v in known.items() if v is not None},
        planned=epochs if isinstance(epochs, int) else None,
    )
