"""A part that stands for one model of another package."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optcli.parts import UnusablePart

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from optcli.parts.facts import Facts


@dataclass(frozen=True)
class Member:
    """The model `name` of a family.

    Args:
        make: (name, options, facts) -> the model.
    """

    name: str
    Options: type
    TAKES: frozenset[str]
    make: Callable[[str, Any, Facts], nn.Module]
    __doc__: str

    def build(self, options: Any, facts: Facts) -> nn.Module:
        """The package's model, that fits the data.

        Raises:
            Misuse: there is none of that name, or it doesn't fit.
        """
        return self.make(self.name, options, facts)


def said(package: str, files: str, pattern: str) -> list[str]:
    """The names that an installed package's files give its models, read as text: to import it takes seconds.

    Args:
        files: a glob of files within the package.
        pattern: what stands around a name, which is the group.
    """
    spec = find_spec(package)
    home = Path(spec.origin).parent if spec is not None and spec.origin else Path()
    return sorted({name for file in home.glob(files) for name in re.findall(pattern, file.read_text("utf-8"))})


def needed(prefix: str, package: str) -> None:
    """See that the family's package is installed, without importing it.

    Raises:
        UnusablePart: it isn't.
    """
    if find_spec(package) is None:
        message = f"`{prefix}:` names models of the package {package}, which is not installed"
        raise UnusablePart(message, f"pip install 'optcli[{prefix}]'")
