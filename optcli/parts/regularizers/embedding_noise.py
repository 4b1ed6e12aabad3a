"""Adds uniform noise to the embeddings of tokens in training (NEFTune).

For fine-tuning language models on little data. The noise is from -s to s with s = strength / sqrt(tokens * width), of
the tokens in a sample and the width of an embedding, so that its length doesn't depend on either.

Source: Jain et al. 2023, arXiv 2310.05914.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optcli.units import STRICT, NonNegative

if TYPE_CHECKING:
    from torch import Tensor, nn

TAKES = frozenset({"tokens"})
REPORTS = {"noise_size": "the largest size of the noise in one value"}


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    strength: NonNegative = 5.0
    """Length of the noise: 5, 10 and 15 are the paper's."""


class EmbeddingNoise:
    """A hook on the model's first embedding, which is that of the tokens."""

    def __init__(self, strength: float) -> None:
        self.strength, self._size = strength, 0.0

    def on_model(self, model: nn.Module) -> None:
        """Switch it on.

        Raises:
            ValueError: the model has no embedding.
        """
        from torch import nn

        found = next((module for module in model.modules() if isinstance(module, nn.Embedding)), None)
        if found is None:
            raise ValueError("this model has no embedding to add noise to: take gpt or rnn, or drop `embedding_noise`")
        found.register_forward_hook(self._noisy)

    def _noisy(self, module: nn.Module, inputs: Any, output: Tensor) -> Tensor | None:
        if not module.training:
            return None
        self._size = self.strength / (output.shape[-2] * output.shape[-1]) ** 0.5
        return output + output.new_empty(output.shape).uniform_(-self._size, self._size)

    def report(self) -> dict[str, float]:
        """See `REPORTS`."""
        return {"noise_size": self._size}


def build(options: Options) -> EmbeddingNoise:
    """The hook that switches it on."""
    return EmbeddingNoise(options.strength)
