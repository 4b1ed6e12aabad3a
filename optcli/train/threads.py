"""How many CPU cores are free for this process: by affinity, by the container's quota, and by what others are doing."""

from __future__ import annotations

import os
from pathlib import Path


def free_cores() -> int:
    """Cores this process may use that nobody else is using now; at least 1."""
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min(mine, quota()) - os.getloadavg()[0] + 0.5))


def quota(folder: Path = Path("/sys/fs/cgroup")) -> float:
    """Cores that the control group grants (version 2, else version 1); infinite without a limit."""
    try:
        limit, period = (folder / "cpu.max").read_text(encoding="ascii").split()
        return float("inf") if limit == "max" else int(limit) / int(period)
    except (OSError, ValueError):
        pass
    try:
        limit, period = (
            (folder / "cpu" / f"cpu.cfs_{name}_us").read_text(encoding="ascii") for name in ("quota", "period")
        )
        return float("inf") if int(limit) < 0 else int(limit) / int(period)
    except (OSError, ValueError):
        return float("inf")
