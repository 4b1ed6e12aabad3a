"""Training: the torch side. Read `loop.py` first."""

import sys
from types import ModuleType
from typing import Any


class _Package(ModuleType):
    """Lets `optcli.train(recipe)` train, although `optcli.train` is also this package."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from optcli.train.session import train

        return train(*args, **kwargs)


sys.modules[__name__].__class__ = _Package
