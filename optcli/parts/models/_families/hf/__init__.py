"""Any causal language model, or classifier of texts or pictures, of Hugging Face transformers: `hf:gpt2`, or a folder.

    data: {name: text, files: "notes/*.txt", context: 64}
    model: {name: "hf:gpt2", config: {n_layer: 2, n_head: 4, n_embd: 64}}

The name is a kind of model, which begins with random weights and the kind's usual configuration; or the path of a
folder with a `config.json`; or a name on the hub (`owner/name`), whose files transformers fetches. Vocabulary, context,
classes and size of the images are those of the data. With `pretrained`, the weights in the folder or on the hub are
taken; of these only the last layer of a classifier is begun anew. To go on with a model of texts, give the data the
model's `tokenizer.json`. Code that comes with a model is never run.

Needs transformers: `pip install 'optcli[hf]'`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from optcli.parts.facts import Facts
from optcli.parts.models._families._member import Member, needed, said
from optcli.units import STRICT

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    pretrained: bool = False
    """Take the weights that are there, instead of random ones."""
    config: dict[str, bool | int | float | str] = field(default_factory=dict)
    """Values of the model's configuration that are different, by their names in transformers."""


def names() -> list[str]:
    """The kinds of models.

    Raises:
        UnusablePart: transformers is not installed.
    """
    needed("hf", "transformers")
    return said("transformers", "models/auto/*.py", r'\("([\w.-]+)", "\w+Config"\)')


def member(name: str) -> Member:
    """The part for one of them.

    Raises:
        UnusablePart: transformers is not installed.
    """
    needed("hf", "transformers")
    return Member(name, Options, frozenset({"tokens", "image"}), _build, __doc__ or "")


def _build(name: str, options: Options, facts: Facts) -> nn.Module:
    from optcli.parts.models._families.hf.net import build

    return build(name, options, facts)
