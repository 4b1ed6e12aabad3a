"""torch's data sets and loaders, as many training scripts have them already, read into arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from optcli.parts.origin import Misuse

ONCE = (
    "each sample was read once: what the data set draws at random stays the same in every epoch; the regularizer "
    "`augment` draws anew"
)
"""Said of data sets with a `transform`."""


INPUT: Final = "input"
TARGET: Final = "target"
TARGETS: Final = ("labels", "label", "targets", "target", "y")


def is_one(made: Any) -> bool:
    """Whether it is a map-style data set of samples, or a loader of one, and no array or list."""
    made = _inner(made)
    plain = isinstance(made, (list, tuple, dict, str, bytes, type)) or hasattr(made, "__array__")
    return not plain and hasattr(made, "__getitem__") and hasattr(made, "__len__")


def arrays(made: Any, part: str) -> tuple[Any, Any]:
    """Inputs and targets of all samples, in order; several inputs a sample are a dict or a tuple of arrays.

    Raises:
        Misuse: it is empty, a sample has no target or is not of numbers, or samples differ in shape.
    """
    import numpy as np

    made = _inner(made)
    if not len(made):
        raise Misuse(f"it has no {part} samples")
    whole: tuple[Any, ...] = getattr(made, "tensors", ())
    if len(whole) == 2:  # a TensorDataset
        return whole[0], whole[1]
    stacks = {what: np.empty((len(made), *a.shape), a.dtype) for what, a in _sample(made, 0, part).items()}
    for number in range(len(made)):
        sample = _sample(made, number, part)
        if sample.keys() != stacks.keys():
            found, first = ", ".join(sample), ", ".join(stacks)
            raise Misuse(f"{part} sample {number} has {found}; sample 0 has {first}: make them alike")
        for what, array in sample.items():
            stack = stacks[what]
            if array.shape != stack.shape[1:]:
                told = f"has shape {array.shape}, that of sample 0 {stack.shape[1:]}: make them alike"
                raise Misuse(f"the {what} of {part} sample {number} {told}")
            if array.dtype != stack.dtype:  # 1 and then 0.5
                stacks[what] = stack = stack.astype(np.promote_types(array.dtype, stack.dtype), copy=False)
            stack[number] = array
    target = stacks.pop(TARGET)
    if INPUT in stacks:
        return stacks[INPUT], target
    inputs = {what.removeprefix(f"{INPUT} "): stack for what, stack in stacks.items()}
    return (inputs if not next(iter(inputs)).isdigit() else tuple(inputs.values())), target


def changes(made: Any) -> bool:
    """Whether it, or a data set within it, has a transform."""
    inner = _inner(made)
    while inner is not None:
        if any(getattr(inner, name, None) is not None for name in ("transform", "transforms")):
            return True
        inner = getattr(inner, "dataset", None)
    return False


def _inner(made: Any) -> Any:
    """The data set of a loader: batches are the recipe's."""
    return made.dataset if hasattr(made, "batch_sampler") and hasattr(made, "dataset") else made


def _sample(made: Any, number: int, part: str) -> dict[str, Any]:
    """What it is -> array: "target", and "input", or "input KEY" of each of several."""
    import numpy as np

    found = {}
    for what, one in _named(made[number], number, part).items():
        if hasattr(one, "getbands"):  # of the package PIL: its axes are not those of torch's layers
            raise Misuse(f"the {what} of {part} sample {number} is a PIL image: let its transform end with ToTensor()")
        found[what] = np.asarray(one.detach().cpu() if hasattr(one, "detach") else one)
        if what != TARGET and found[what].dtype.kind not in "biuf":
            raise Misuse(f"the {what} of {part} sample {number} must be numbers, not {type(one).__name__}")
    return found


def _named(sample: Any, number: int, part: str) -> dict[str, Any]:
    """A pair, (input, target), or a dict with the target under a name that is usual."""
    if isinstance(sample, Mapping):
        key = next((name for name in TARGETS if name in sample), None)
        if key is None:
            known = ", ".join(TARGETS)
            raise Misuse(f"{part} sample {number} must be (input, target), or have one of the keys {known}")
        given: Any = {name: one for name, one in sample.items() if name != key}
        target = sample[key]
        if not given:
            raise Misuse(f"{part} sample {number} has no input, only `{key}`")
    elif isinstance(sample, (tuple, list)) and len(sample) == 2:
        given, target = sample
    else:
        found = f"{len(sample)} values" if isinstance(sample, (tuple, list)) else type(sample).__name__
        more = ": of several inputs make a tuple, ((a, b), target)" if found.endswith("values") else ""
        raise Misuse(f"{part} sample {number} must be (input, target), not {found}{more}")
    if isinstance(given, Mapping) and given:
        return {TARGET: target, **{f"{INPUT} {name}": one for name, one in given.items()}}
    if isinstance(given, tuple) and any(_array(one) for one in given):
        return {TARGET: target, **{f"{INPUT} {at}": one for at, one in enumerate(given)}}
    return {TARGET: target, INPUT: given}


def _array(one: Any) -> bool:
    """Whether it is an array or a tensor, and no number."""
    return hasattr(one, "__array__") and getattr(one, "ndim", 0) > 0
