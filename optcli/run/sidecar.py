"""Small files beside a log that say what was planned: a recipe, Ultralytics' args.yaml."""

from __future__ import annotations

import os
from typing import Any

from optcli.run.block import Block, Unreadable
from optcli.run.source import Source


def yaml_file(path: str, limit: int = 1 << 18) -> dict[str, Any]:
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
