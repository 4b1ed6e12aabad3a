"""torch's data sets and loaders, as many training scripts have them already, read into arrays."""

from __future__ import annotations

from typing import Any

from optcli.parts.origin import Misuse

ONCE = (
    "each sample was read once: what the data set draws at random stays the same in every epoch; the regularizer "
    "`augment` draws anew"
)
"""Said of data sets with a `transform`."""


def is_one(made: Any) -> bool:
    """Whether it is a map-style data set of samples, or a loader of one, and no array or list."""
    made = _inner(made)
    plain = isinstance(made, (list, tuple, dict, str, bytes, type)) or hasattr(made, "__array__")
    return not plain and hasattr(made, "__getitem__") and hasattr(made, "__len__")


def arrays(made: Any, part: str) -> tuple[Any, Any]:
    """Inputs and targets of all samples, in order.

    Raises:
        Misuse: it is empty, a sample is no pair of numbers, or samples differ in shape.
    """
    import numpy as np

    made = _inner(made)
    if not len(made):
        raise Misuse(f"it has no {part} samples")
    whole: tuple[Any, ...] = getattr(made, "tensors", ())
    if len(whole) == 2:  # a TensorDataset
        return whole[0], whole[1]
    stacks = [np.empty((len(made), *array.shape), array.dtype) for array in _sample(made, 0, part)]
    for number in range(len(made)):
        for at, array in enumerate(_sample(made, number, part)):
            shape, what = stacks[at].shape[1:], ("input", "target")[at]
            if array.shape != shape:
                told = f"has shape {array.shape}, that of sample 0 {shape}: make them alike"
                raise Misuse(f"the {what} of {part} sample {number} {told}")
            if array.dtype != stacks[at].dtype:  # 1 and then 0.5
                stacks[at] = stacks[at].astype(np.promote_types(array.dtype, stacks[at].dtype), copy=False)
            stacks[at][number] = array
    return stacks[0], stacks[1]


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


def _sample(made: Any, number: int, part: str) -> list[Any]:
    import numpy as np

    sample = made[number]
    if not isinstance(sample, (tuple, list)) or len(sample) != 2:
        found = f"{len(sample)} values" if isinstance(sample, (tuple, list)) else type(sample).__name__
        raise Misuse(f"{part} sample {number} must be (input, target), not {found}")
    if hasattr(sample[0], "getbands"):  # of the package PIL: its axes are not those of torch's layers
        raise Misuse(f"the input of {part} sample {number} is a PIL image: let its transform end with ToTensor()")
    pair = [np.asarray(one.detach().cpu() if hasattr(one, "detach") else one) for one in sample]
    if pair[0].dtype.kind not in "biuf":
        raise Misuse(f"the input of {part} sample {number} must be numbers, not {type(sample[0]).__name__}")
    return pair
