"""What a step costs: time, samples a second, peak memory. Never fails; a report to compare with."""

from __future__ import annotations

from typing import Final

from optcli.run import strict_json
from optcli.trial.smoke import replay
from optcli.trial.smoke.bench import Bench
from optcli.trial.smoke.result import Result

RANK: Final = 90
FIELDS: Final = ("cpu_us_per_step", "samples_per_s", "peak_memory_mib")


def check(bench: Bench) -> Result:
    """Read what the short training measured of itself, and what the whole run would take."""
    summary = strict_json.loads((replay.whole(bench) / "summary.json").read_bytes())
    figures = {name: float(summary[name]) for name in FIELDS if summary.get(name) is not None}
    steps, rate = bench.recipe.plan().steps, figures.get("samples_per_s", 0.0)
    samples = steps * bench.recipe.batch_size * bench.recipe.train.accumulate
    if rate > 0:
        figures["planned_s"] = samples / rate
    told = [
        f"{rate:,.0f} samples/s" if rate else "",
        f"{figures['peak_memory_mib']:,.0f} MiB at most" if "peak_memory_mib" in figures else "",
    ]
    whole = (
        f"the whole run of {steps:,} steps would take about {figures['planned_s']:,.0f} s"
        if rate
        else f"{steps:,} steps planned"
    )
    return Result("pass", ", ".join([t for t in told if t] + [whole]), figures=figures)
