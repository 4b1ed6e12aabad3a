"""What a run took: memory by kind, arithmetic against what the machine can do, energy. Taken once, when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

from optcli.train import footprint, products
from optcli.train.backward import UpdateInBackward
from optcli.train.training import Training
from optcli.train.world import HALF, World

SIDE: Final = {"cpu": 384}
"""Rows of the square matrices whose product shows what a device can do; on a CPU, a few milliseconds' work."""
SIDE_ELSEWHERE: Final = 4096
PRODUCTS: Final = 4
"""Products that are timed; the fastest counts."""


def resources(t: Training) -> dict[str, Any]:
    """For `summary.json`; what can't be known is None. Memory in MiB, energy in joules.

    Arithmetic counts matrix products, convolutions and attention, forward and backward; not the optimizer's.
    """
    optimizer: Any = t.state["optimizer"]
    batch = t.batches.at(0)[0]
    energy = t.energy.joules() if t.energy is not None and not t.earlier else None  # else it is of a part of the run
    kinds = footprint.sizes(t.objective, optimizer, batch, isinstance(t.update, UpdateInBackward), t.state)
    memory = {name: round(size / 2**20, 3) for name, size in kinds.items()}
    flops = footprint.arithmetic(t.objective, batch)
    told: dict[str, Any] = {"memory_mib": memory, "energy_j": None if energy is None else round(energy, 3)}
    if flops is None or t.update.passes is None:
        return {**told, "flops_per_step": None, "flops_per_s": None, "matmul_flops_per_s": None, "utilization": None}
    flops *= t.batches.accumulate * t.update.passes * t.world.size
    speed = flops / t.meter.wall_us * 1e6 if t.meter.wall_us else None
    by_onednn = t.info["chosen"].get("onednn") and products.there()
    product = products.times if by_onednn else torch.matmul
    dtypes = {HALF.get(t.world.precision, t.world.dtype), t.world.dtype}
    peak = max(matmul_peak(t.world, dtype, product) for dtype in dtypes)
    peak *= t.world.size  # some processors are slower in half precision than in single
    share = None if speed is None else round(speed / peak, 4)
    return {
        **told, "flops_per_step": flops, "flops_per_s": speed, "matmul_flops_per_s": peak, "utilization": share,
    }  # fmt: skip


def matmul_peak(world: World, dtype: torch.dtype, product: Callable[[Tensor, Tensor], Tensor] = torch.matmul) -> float:
    """FLOP/s of a large matrix product on the run's device, with its threads: measured now."""
    side = SIDE.get(world.device.type, SIDE_ELSEWHERE)
    one = torch.ones(side, side, dtype=dtype, device=world.device)
    fastest = float("inf")
    for _ in range(PRODUCTS):
        world.synchronize()
        begin = time.perf_counter()
        product(one, one)
        world.synchronize()
        fastest = min(fastest, time.perf_counter() - begin)
    return 2 * side**3 / fastest
