"""Which curves are gradient norms of single layers, in which order the layers stand, and which count dead units.

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
_OTHER: Final = re.compile(
    r"(bias|beta|gamma|scale)$|(^|[._/])((emb|wte|wpe)\w*|(b|bn|ln|norm|layernorm|batchnorm)\d*([._/]|$))", re.I
)
"""Embeddings, biases and normalizations, whose gradients are of another size than those of other weights."""
_FIRST: Final = re.compile(r"first|in(put)?\b", re.I)
_LAST: Final = re.compile(r"last|out|head|lm_head", re.I)
FEWEST: Final = 2
_DEAD: Final = re.compile(
    r"(?:.*[/._])?(?:dead|dying)_?(?:relu|unit|neuron|feature|latent|channel|filter)s?"
    r"_?(?:share|frac|fraction|ratio|rate)(?:[/._].*)?",
    re.I,
)
"""Names of curves that hold the share of dead units, of a layer or of all."""


def layer_norms(run: Run) -> tuple[str, ...]:
    """Keys of the run's curves that hold the norm of one layer's weights, the layer next to the input first."""
    keys = {run.roles.get(key, key): key for key in run.curves}
    return tuple(keys[name] for name in _ordered(tuple(keys)))


def dead_shares(run: Run) -> tuple[str, ...]:
    """Keys of the run's curves that hold a share of dead units."""
    keys = {run.roles.get(key, key): key for key in run.curves}
    return tuple(keys[name] for name in _dead(tuple(keys)))


@lru_cache(maxsize=64)
def _dead(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if _DEAD.fullmatch(name))


@lru_cache(maxsize=64)
def _ordered(names: tuple[str, ...]) -> tuple[str, ...]:
    found = [(match["layer"], name) for name in names if (match := _LAYER.fullmatch(name))]
    kept = [(layer, name) for layer, name in found if not _WHOLE.search(layer) and not _OTHER.search(layer)]
    kinds = list(dict.fromkeys(_kind(layer) for layer, _ in kept))
    order = sorted(kept, key=lambda pair: _place(pair[0], kinds))
    return tuple(name for _, name in order) if len(order) >= FEWEST else ()


def _kind(layer: str) -> str:
    """What stands before the first number: the `conv` of `conv2.weight`."""
    return re.split(r"\d", layer, maxsplit=1)[0]


def _place(layer: str, kinds: list[str]) -> tuple[int, int, list[int]]:
    """By name where that says first or last, then as the log has the kinds of layers, then by number."""
    end = bool(_LAST.match(layer)) - bool(_FIRST.match(layer))
    return end, kinds.index(_kind(layer)), [int(number) for number in re.findall(r"\d+", layer)]
