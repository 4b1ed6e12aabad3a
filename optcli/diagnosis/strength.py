"""Settings that are far from what is usual: they say of a curve what it can't say by itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from optcli.diagnosis.settings import number, setting

if TYPE_CHECKING:
    from optcli.diagnosis.view import View

DROPOUT: Final = 0.8
"""Share of units left out from which on too few are left (Srivastava et al. 2014: a half, at the input a fifth)."""
DECAY: Final = 0.05
COUPLED: Final = frozenset(("sgd", "momentum", "nesterov", "rmsprop", "adagrad"))
"""Weight decay in the gradient from which on it outweighs the loss, and the optimizers that all add it there: a
thousandth and less is usual."""
EITHER: Final = 0.2
"""The same for `adam`, by which Megatron and fairseq mean AdamW, with 0.1."""
DECOUPLED: Final = 1.0
"""The same where it bypasses the gradient, and for optimizers that aren't known: 0.01 to 0.3 are usual."""
FEW: Final = 160
"""Samples of a training set up to which any net learns them by heart."""
WHOLE: Final = 2
"""A training set that is given as less is a share of all samples."""
SHAKY: Final = 2
"""Samples in a step up to which it is mostly noise."""
NARROW: Final = 4
"""Units of the widest layer up to which a model is no more than a few straight lines."""
THIN: Final = 0.1
"""Factor of all widths (Howard et al. 2017, arXiv:1704.04861: 0.25 to 1) below which a model is hardly one any more."""
USUAL: Final = {
    "sgd": 0.05,
    "momentum": 0.05,
    "nesterov": 0.05,
    "adam": 1e-3,
    "adamw": 1e-3,
    "nadam": 1e-3,
    "radam": 1e-3,
    "adamax": 2e-3,
    "rmsprop": 1e-3,
    "adagrad": 1e-2,
    "lion": 1e-4,
}
"""Learning rates that are usual for nets trained from scratch; fine-tuning takes a tenth to a hundredth of them."""
ANY: Final = (1e-3, 0.05)
"""The same for an optimizer that isn't known: from Adam's to that of gradient descent."""
WILD: Final = 1.3
ABSURD: Final = 1.7
UNHEARD: Final = 2.0
"""Decades beyond the usual (20, 50, 100 times) at which a rate is too high for most nets, nearly all, and any."""


def narrow(config: Mapping[str, Any]) -> str:
    """The width of a model that is plainly too small for most tasks, in words; nothing for any other."""
    factor, hidden = number(config, "model.width_factor"), setting(config, "model.hidden")
    if factor is not None and 0 < factor < THIN:
        return f"{factor:g} times the width"
    widths = hidden if isinstance(hidden, list | tuple) else [hidden]
    if not widths or not all(isinstance(w, int | float) and not isinstance(w, bool) for w in widths):
        return ""
    return f"a width of {max(widths):g}" if 0 < max(widths) <= NARROW else ""


def held_back(config: Mapping[str, Any]) -> str:
    """What a configuration holds the model back by, far beyond the usual, in words; nothing where it doesn't."""
    dropout, decay = number(config, "regularizers.dropout.rate"), number(config, "optimizer.weight_decay")
    found = [f"a dropout of {dropout:g}"] if dropout is not None and DROPOUT <= dropout <= 1 else []
    if decay is not None and decay >= _much(config):
        found.append(f"a weight decay of {decay:g}")
    return " and ".join(found)


def _much(config: Mapping[str, Any]) -> float:
    """The weight decay that is far beyond the usual for the configured optimizer; a recipe tells the kind of decay."""
    name, kind = (str(setting(config, f"optimizer.{key}")).lower() for key in ("name", "decay"))
    if kind in ("decoupled", "cautious"):
        return DECOUPLED
    if kind == "l2" or name.removeprefix("torch.optim.") in COUPLED:
        return DECAY
    return EITHER if name.removeprefix("torch.optim.") == "adam" else DECOUPLED


def rate_off(config: Mapping[str, Any], rate: float) -> float:
    """Decades between a learning rate and what is usual for the configured optimizer; 0 for no rate.

    Of an optimizer that isn't known, decades outside of what is usual for any.
    """
    if not rate > 0:
        return 0.0
    usual = USUAL.get(str(setting(config, "optimizer.name")).lower().removeprefix("torch.optim."))
    low, high = (usual, usual) if usual else ANY
    return math.log10(rate / min(max(rate, low), high))


def beyond(view: View, until: float = math.inf) -> float:
    """Decades of the run's highest rate beyond what is usual; 0 where it isn't known or isn't beyond.

    Args:
        until: the last step that counts, where rates are logged.
    """
    lr = view.series("lr")
    if lr is None or until == math.inf:
        return max(off(view), 0.0)
    so_far = lr.value[lr.step <= until]
    return max(rate_off(view.config, float(so_far.max(initial=0.0))), 0.0)


def off(view: View) -> float:
    """Decades between the run's highest rate and what is usual; 0 where it isn't known."""
    lr = view.series("lr")
    return rate_off(
        view.config, number(view.config, "optimizer.lr") or (float(lr.value.max()) if lr is not None else 0.0)
    )


def training_set(config: Mapping[str, Any]) -> float:
    """Samples in the training set as configured; NaN where that isn't known."""
    known = number(config, "facts.train")
    return known if known is not None and known >= WHOLE else math.nan


def tuned(config: Mapping[str, Any]) -> bool:
    """Whether the net is known to have been trained before: its start level is no measure of what there is to learn."""
    return bool(number(config, "facts.pretrained") or setting(config, "model.pretrained"))


def mixed(config: Mapping[str, Any]) -> bool:
    """Whether training samples are known to be blended: their loss has a floor of its own, and is no measure."""
    recipe = any(setting(config, f"regularizers.{name}") is not None for name in ("mixup", "cutmix"))
    return recipe or bool(number(config, "facts.mixed"))


def samples(config: Mapping[str, Any]) -> float:
    """Samples in a step, all of them; infinity where that isn't known, as of logs that tell those of one device."""
    batch, parts = number(config, "data.batch_size"), number(config, "train.accumulate")
    if batch is None or number(config, "facts.per_device"):
        return math.inf
    return batch * (parts or 1.0)
