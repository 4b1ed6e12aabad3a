"""Which curves are gradient norms of single layers, and in which order the layers stand.

Known are `grad_norm/<layer>` (optcli, many loops), `grad_2.0_norm/<layer>` (Lightning's `grad_norm`),
`l2_norm/grad/<layer>` (Composer's OptimizerMonitor), `gradients/<layer>` and `grad_norm_first`, `grad_norm_last`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from optcli.run.curve import Run

_LAYER: Final = re.compile(
    r"(?:.*/)?(?:grad(?:ient)?s?(?:_\d+(?:\.\d+)?)?_norms?|l2_norm/grad|gradients?)[/_](?P<layer>.+)", re.I
)
_WHOLE: Final = re.compile(r"(total|global|all|norm|mean|max|min|avg|clipped|pre_clip|post_clip|step|epoch)$", re.I)
_SMALL: Final = re.compile(r"(bias|beta|gamma|scale)$|(^|[._/])(b|bn|ln|norm|layernorm|batchnorm)\d*([._/]|$)", re.I)
"""Biases and normalizations, whose gradients are of another size than the weights'."""
FEWEST: Final = 2


def layer_norms(run: Run) -> tuple[str, ...]:
    """Keys of the run's curves that hold the norm of one layer's weights, the layer next to the input first."""
    keys = {run.roles.get(key, key): key for key in run.curves}
    return tuple(keys[name] for name in _ordered(tuple(keys)))


@lru_cache(maxsize=64)
def _ordered(names: tuple[str, ...]) -> tuple[str, ...]:
    found = [(match["layer"], name) for name in names if (match := _LAYER.fullmatch(name))]
    kept = [(layer, name) for layer, name in found if not _WHOLE.search(layer) and not _SMALL.search(layer)]
    numbered = all(re.search(r"\d", layer) for layer, _ in kept)
    order = sorted(kept, key=lambda pair: _place(pair[0], numbered))
    return tuple(name for _, name in order) if len(order) >= FEWEST else ()


def _place(layer: str, numbered: bool) -> tuple[int, tuple[int, ...]]:
    """By name where it says first or last, by the numbers in it where all have one, else as the log has it."""
    plain = layer.lower()
    end = (
        1
        if re.match(r"last|out|head|fc_out|lm_head", plain)
        else -1
        if re.match(r"first|in(put)?\b|embed", plain)
        else 0
    )
    return end, tuple(map(int, re.findall(r"\d+", plain))) if numbered else ()
