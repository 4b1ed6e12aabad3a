"""A surveyed Hugging Face data set as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from optcli.parts.datasets import Splits
from optcli.parts.datasets._leaks import copied, shared, untrained
from optcli.parts.datasets._scale import deviation
from optcli.parts.datasets._windows import windows
from optcli.parts.datasets.hf_dataset import sample, texts
from optcli.parts.datasets.images import pictures

if TYPE_CHECKING:
    import numpy.typing as npt

    from optcli.parts.datasets.hf_dataset import Options
    from optcli.parts.datasets.hf_dataset.survey import Survey


LINE: Final = (64, "byte")
PASSAGE: Final = (32, "token")
"""Of a text, what is looked for in both parts: about a line."""


def splits(options: Options, seen: Survey) -> Splits:
    """Both parts; notes tell of what one has of the other, or lacks."""
    if seen.kind == "text" and not seen.target:
        made = (texts.stream(None, part[seen.inputs[0]][:]) for part in seen.parts)
        train, val = seen.streams or made
        parts = (*windows(train, options.context), *windows(val, options.context))
        unit = ("`bits_per_char` counts bits a token",) if seen.streams else ()
        return Splits(*parts, (*unit, *copied(train, val, *(PASSAGE if seen.streams else LINE))))
    if seen.kind == "text":
        return _texts(options, seen)
    x = [_inputs(options, seen, part) for part in seen.parts]
    notes: tuple[str, ...] = ()
    if seen.kind == "numbers":
        x, notes = _standard(x, seen.inputs)
    y = [_targets(seen, part) for part in seen.parts]
    notes += shared(x[0], x[1])
    if seen.labels:
        notes += untrained(y[0], y[1], seen.facts.names)
    return Splits(x[0], y[0], x[1], y[1], notes)


def _texts(options: Options, seen: Survey) -> Splits:
    """Texts with a target each."""
    (x, cut), (val_x, val_cut) = (
        texts.rows(options.tokenizer, part[seen.inputs[0]][:], options.context) for part in seen.parts
    )
    y, val_y = (_targets(seen, part) for part in seen.parts)
    notes = shared(x, val_x) + (untrained(y, val_y, seen.facts.names) if seen.labels else ())
    if cut or val_cut:
        unit = "bytes" if options.tokenizer is None else "tokens"
        told = f"{cut + val_cut:,} of {len(x) + len(val_x):,} texts are longer than {options.context:,} {unit} and cut"
        notes += (f"{told}: raise `context` to see more of them",)
    return Splits(x, y, val_x, val_y, notes)


def _inputs(options: Options, seen: Survey, rows: Any) -> npt.NDArray[Any]:
    import numpy as np

    if seen.kind == "picture":
        (name,), size = seen.inputs, seen.facts.shape
        bare = sample.undecoded(rows, name)
        return np.stack([_picture(options, bare[at][name], at, size) for at in range(len(bare))])
    if seen.kind == "numbers":
        return np.array([rows[name][:] for name in seen.inputs], np.float64).T
    try:
        return np.array(rows[seen.inputs[0]][:], np.float32).reshape(len(rows), *seen.facts.shape)
    except (TypeError, ValueError) as error:
        message = f"{options.path}: the lists of `{seen.inputs[0]}` differ in length, or hold no numbers"
        raise ValueError(f"{message}; make them all of shape {seen.facts.shape}") from error


def _picture(options: Options, picture: Any, at: int, size: tuple[int, ...]) -> npt.NDArray[Any]:
    try:
        return pictures.decoded(sample.source(picture), size)  # type: ignore[arg-type]
    except Exception as error:  # Pillow's decoders raise of all kinds on damaged files
        raise ValueError(f"{options.path}: the picture of row {at} can't be read; repair or remove it") from error


def _standard(x: list[npt.NDArray[Any]], names: tuple[str, ...]) -> tuple[list[npt.NDArray[Any]], tuple[str, ...]]:
    """Standardised by the training part (N, columns); what is missing gets its mean, which is 0 then."""
    import numpy as np

    known = np.ma.masked_invalid(x[0])
    mean, by = known.mean(0).filled(0.0), deviation(known)
    scaled = [(part - mean) / by for part in x]
    gaps = [name for at, name in enumerate(names) if any(np.isnan(part[:, at]).any() for part in x)]
    notes = (f"cells are missing in {', '.join(gaps)}: the mean takes their place",) if gaps else ()
    return [np.nan_to_num(part, nan=0.0).astype(np.float32) for part in scaled], notes


def _targets(seen: Survey, rows: Any) -> npt.NDArray[Any]:
    import numpy as np

    values = rows[seen.target][:]
    if not seen.labels:
        return ((np.array(values, np.float64)[:, None] - seen.mean) / seen.deviation).astype(np.float32)
    number = {label: at for at, label in enumerate(seen.labels)}
    return np.array([number[value] for value in values], np.int64)
