"""Scales the gradient down when its norm over all parameters exceeds a limit.

Against rare exploding gradients; 1.0 is usual for transformers and recurrent nets. If it acts on most steps it has
become a learning-rate change: raise the limit or lower the rate.

Source: Pascanu et al. 2012, arXiv 1211.5063.
"""

from __future__ import annotations

from dataclasses import dataclass

from optcli.units import STRICT, Positive


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    max_norm: Positive = 1.0
    """Largest Euclidean norm that the whole gradient may have."""


@dataclass(frozen=True)
class ClipNorm:
    """The limit; the training loop has the norm and applies it."""

    max_norm: float


def build(options: Options) -> ClipNorm:
    """The limit."""
    return ClipNorm(options.max_norm)
