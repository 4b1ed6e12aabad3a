"""One checkpoint: a directory that is written completely, made durable and read back, and read only if every hash fits.

The layout is told in `optcli.train.checkpoint`, which keeps the checkpoints of a run in order.
"""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

from optcli.run import files, strict_json
from optcli.train import manifest, tensorfile, tree
from optcli.train.manifest import Damaged, Manifest

FORM: Final = re.compile(r"step-(\d+)")
"""Name of a checkpoint's directory."""


class Stateful(Protocol):
    """Whatever a run must remember."""

    def state_dict(self) -> Mapping[str, Any]:
        """Everything that decides how this object goes on, in dicts, lists, numbers, texts, bytes and tensors."""
        ...

    def load_state_dict(self, state_dict: Any, /) -> Any:
        """Go on from what `state_dict` returned."""
        ...


@dataclass(frozen=True, eq=False)
class Loaded:
    """A checkpoint whose every byte is what was written. Tensors are on the CPU.

    `state_dicts` has what each object's `state_dict()` returned, `info` what was given to `save`; `skipped` tells the
    newer checkpoints that were damaged, newest first, and why each was passed over.
    """

    path: Path
    step: int
    state_dicts: dict[str, Any]
    info: dict[str, Any]
    metric: float | None = None
    skipped: list[tuple[Path, str]] = field(default_factory=list)


def read(path: Path) -> Loaded:
    """Read one checkpoint directory, wherever it lies; every hash is checked before anything is parsed.

    Raises:
        Damaged: it isn't what was written.
    """
    found = about(path)
    tensors = {}
    try:
        for kind in ("model", "state"):
            data = manifest.verified(path, found, f"{kind}.safetensors")
            tensors[kind] = tensorfile.read(data)
        body = strict_json.loads(manifest.verified(path, found, "state.json"))
        states = {
            name: tree.unpack(node, tensors["model" if name == "model" else "state"])
            for name, node in body["states"].items()
        }
        return Loaded(path, found.step, states, tree.unpack(body["info"], {}), found.metric)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(f"not a checkpoint: {error}") from error


def about(path: Path) -> Manifest:
    """The manifest of a checkpoint, whose directory must bear its step if it is named like a checkpoint.

    Raises:
        Damaged: there is none, or it isn't what was written.
    """
    found = manifest.read(path)
    if FORM.fullmatch(path.name) and step_of(path) != found.step:
        raise Damaged(f"it is the checkpoint of step {found.step}")
    return found


def step_of(path: Path) -> int:
    """The step in the name of a checkpoint's directory."""
    return int(path.name.removeprefix("step-"))


def write(directory: Path, state: Mapping[str, Stateful], info: dict[str, Any], draft: Manifest) -> Manifest:
    """Write a complete checkpoint into an empty directory, wait until it is durable, and read it back.

    Raises:
        OSError: it doesn't fit, can't be written, or reads back differently.
        TypeError: something in the state can't be stored; the message says where.
    """
    nodes, tensors = _packed(state)
    told, misplaced = tree.pack(info)
    if misplaced:
        raise TypeError(f"info holds tensors ({', '.join(misplaced)}); they belong into the state")
    body = strict_json.dumps({"states": nodes, "info": told}).encode()
    _check_room(
        directory, len(body) + sum(t.numel() * t.element_size() for of in tensors.values() for t in of.values())
    )
    writer = manifest.Writer(directory)
    try:
        writer.write("model.safetensors", lambda sink: tensorfile.write(tensors["model"], sink))
        writer.write("state.safetensors", lambda sink: tensorfile.write(tensors["state"], sink))
        writer.write("state.json", lambda sink: sink(body))
        complete = replace(draft, files=writer.files.copy())
        writer.seal(complete)
    finally:
        writer.close()
    files.sync_directory(directory)
    try:
        manifest.check(directory, manifest.read(directory))
    except Damaged as error:
        raise OSError(errno.EIO, f"what was written reads back differently ({error})", str(directory)) from error
    return complete


def _check_room(directory: Path, needed: int) -> None:
    """Refuse before the disk is full: other programs may need what is left of it."""
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise OSError(errno.ENOSPC, f"it needs {needed:,} bytes, {free:,} are free", str(directory))


def _packed(state: Mapping[str, Stateful]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The trees of all objects, and the tensors of the model and of the rest."""
    rest = {name: one.state_dict() for name, one in state.items() if name != "model"}
    nodes, tensors = tree.pack(rest)
    if "model" not in state:
        return nodes, {"model": {}, "state": tensors}
    # The model's file has every name, tied weights too, so that its users needn't know of the sharing.
    model, weights = tree.pack(state["model"].state_dict(), share=False)
    return {**nodes, "model": model}, {"model": weights, "state": tensors}
