"""What a run ran on, for `environment.json`: versions, machine, threads. No environment variable is written down."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import torch


def environment(recipe: str, *, device: str = "cpu", imports: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The facts that a reproduction needs, as JSON values.

    `recipe` is the recipe's text as run, `imports` maps the paths of the user's own files to their SHA-256.
    """
    return {
        "version": 1,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "optcli": _version("optcli"),
        "recipe_sha256": hashlib.sha256(recipe.encode()).hexdigest(),
        "imports": [{"path": path, "sha256": digest} for path, digest in (imports or {}).items()],
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in ("torch", "numpy", "safetensors")},
        "platform": platform.platform(),
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": _device(device),
    }


def cpu_model() -> str:
    """The processor's name, as far as the system tells it."""
    if sys.platform == "linux":
        try:
            for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
        except OSError:
            pass
    return platform.processor() or platform.machine()


def _device(device: str) -> dict[str, Any]:
    module = torch.get_device_module(device)
    if not hasattr(module, "get_device_properties"):
        return {"name": device}
    about = module.get_device_properties(device)
    return {
        "name": device,
        "model": about.name,
        "memory_mib": about.total_memory >> 20,
        "capability": f"{getattr(about, 'major', '?')}.{getattr(about, 'minor', '?')}",
    }


def _version(package: str) -> str | None:
    """The installed version. `importlib.metadata.version` parses the whole description first: 5 ms each."""
    try:
        text = distribution(package).read_text("METADATA") or ""
    except PackageNotFoundError:
        return None
    return next((line[9:] for line in text.splitlines() if line.startswith("Version: ")), None)
