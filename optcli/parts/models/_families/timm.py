"""Any image classifier of the package timm, by its name there: `timm:resnet18`.

    data: {name: images, folder: pets, size: 64}
    model: {name: "timm:resnet18", arguments: {drop_path_rate: 0.1}}

Channels and classes are those of the data, and the size of the images where a model must know it. With `pretrained`,
timm fetches weights from the hub, or takes those that it has; the last layer is begun anew.

Needs timm: `pip install 'optcli[timm]'`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from optcli.parts.facts import Facts
from optcli.parts.models._families._member import Member, needed, said
from optcli.parts.origin import Misuse
from optcli.units import STRICT


@dataclass(frozen=True)
class Options:
    """What a recipe may set."""

    __pydantic_config__ = STRICT

    pretrained: bool = False
    """Take trained weights, instead of random ones."""
    arguments: dict[str, bool | int | float | str] = field(default_factory=dict)
    """Further arguments of `timm.create_model`."""


def names() -> list[str]:
    """All names that timm knows.

    Raises:
        UnusablePart: timm is not installed.
    """
    needed("timm", "timm")
    return said("timm", "models/*.py", r"@register_model\s+def (\w+)")


def member(name: str) -> Member:
    """The part for one of them.

    Raises:
        UnusablePart: timm is not installed.
    """
    needed("timm", "timm")
    return Member(name, Options, frozenset({"image"}), _build, __doc__ or "")


def _build(name: str, options: Options, facts: Facts) -> Any:
    timm = import_module("timm")
    if not timm.is_model(name):
        near = get_close_matches(name, timm.list_models(), 1)
        raise Misuse(f"timm has no model `{name}`" + (f"; did you mean `{near[0]}`?" if near else ""))
    wanted = {"num_classes": facts.outputs, "in_chans": facts.shape[0], **options.arguments}
    try:
        return timm.create_model(name, options.pretrained, img_size=facts.shape[1:], **wanted)
    except TypeError as error:
        if "img_size" not in str(error):
            raise
        return timm.create_model(name, options.pretrained, **wanted)
