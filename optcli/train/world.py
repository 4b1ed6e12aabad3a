"""Processes and devices: the only module that knows a rank, a back end, or a device by name.

Everything else asks the World: where tensors live, which part of a batch is this process's, how to read numbers back
without making the device wait, and what all processes agree on. One process on a CPU is the plain case in which each
of these does nothing.
"""

from __future__ import annotations

import os
import resource
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Final, Literal, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from optcli.train.inputs import host
from optcli.train.lazy import Lazy
from optcli.train.reader import HostReader, Reader
from optcli.train.threads import free_cores

T = TypeVar("T")
Precision = Literal["fp32", "tf32", "bf16", "fp16", "fp64"]

SMALL: Final = 2e8
"""Arithmetic of a step in FLOP below which one thread is fastest: the step is over before a second one has woken up."""
HALF: Final = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Unavailable(Exception):
    """The recipe asks for something this machine can't do; `help` says what would work."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


class Silent:
    """Takes any call and does nothing: stands in for journal, checkpoints and progress in all processes but one."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


class World:
    """This process's place among its peers, and its device.

    Use it as a context: leaving it undoes the global settings of torch that it made.

    Args:
        device: `auto` (the accelerator, else the CPU) or a device's name.
        precision: fp32 is exact (no TF32); what can't be had is an error, never a silent fallback.
        deterministic: ask torch for deterministic algorithms only.

    Raises:
        Unavailable: no such device, or the precision isn't to be had on it.
    """

    def __init__(self, device: str = "auto", precision: Precision = "fp32", deterministic: bool = False) -> None:
        self.rank, self.size = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        self._local = int(os.environ.get("LOCAL_RANK", 0))
        self.device = self._choose(device)
        self.precision: Precision = precision
        self.dtype = torch.float64 if precision == "fp64" else torch.float32
        self._undo: list[Callable[[], Any]] = []
        self._set_up(deterministic)
        self._joined = self._join()

    def __enter__(self) -> World:
        return self

    def __exit__(self, *error: object) -> None:
        if self._joined:
            dist.destroy_process_group()
        while self._undo:
            self._undo.pop()()

    def _choose(self, name: str) -> torch.device:
        found = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
        if name == "auto":
            name = found.type if found is not None else "cpu"
        try:
            device = torch.device(name)
        except RuntimeError as error:
            raise Unavailable(f"no such device: {name!r}", f"use {_devices(found)}") from error
        if device.type == "cpu":
            return torch.device("cpu")
        if found is None or device.type != found.type or (device.index or 0) >= torch.accelerator.device_count():
            raise Unavailable(f"device {name!r} is not on this machine", f"use {_devices(found)}")
        device = torch.device(device.type, self._local if device.index is None else device.index)
        torch.accelerator.set_device_index(device.index)
        return device

    def _set_up(self, deterministic: bool) -> None:
        """Settings of torch that are global to the process; `_undo` puts them back."""
        self._undo.append(partial(torch.set_num_threads, torch.get_num_threads()))
        exact = "tf32" if self.precision == "tf32" else "ieee"
        if self.precision == "tf32" and self.device.type != "cuda":
            raise Unavailable(f"precision tf32 is not to be had on {self.device.type}", "use fp32 or bf16")
        if self.precision == "fp64" and self.device.type == "mps":
            raise Unavailable(f"precision fp64 is not to be had on {self.device.type}", "use fp32, or device=cpu")
        if self.device.type == "cuda":
            backends: Any = torch.backends
            for kernels in (backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn):
                self._undo.append(partial(setattr, kernels, "fp32_precision", kernels.fp32_precision))
                kernels.fp32_precision = exact
        if deterministic:
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
            was = torch.are_deterministic_algorithms_enabled()
            self._undo.append(partial(torch.use_deterministic_algorithms, was))
            torch.use_deterministic_algorithms(True)

    def _join(self) -> bool:
        """Join the process group that torchrun announces."""
        if self.size == 1 or dist.is_initialized():
            return False
        backend = dist.get_default_backend_for_device(self.device)
        bound = self.device if self.device.type != "cpu" else None
        dist.init_process_group(backend, device_id=bound)
        return True

    # Threads and precision

    def use_threads(self, threads: int | Literal["auto"], work: float) -> int:
        """Set the number of CPU threads; `auto` goes by `work`, the arithmetic of a step in FLOP, and by free cores.

        Threads that others' work keeps from running make a step several times slower: the rest spin at the barrier.
        """
        count = 1 if threads == "auto" else threads
        if threads == "auto" and work > SMALL and self.device.type == "cpu":
            count = max(1, free_cores() // int(os.environ.get("LOCAL_WORLD_SIZE", 1)))
        torch.set_num_threads(count)
        return count

    def autocast(self) -> AbstractContextManager[Any]:
        """The context for forward passes: lower precision where the recipe asks for it, else nothing.

        Raises:
            Unavailable: torch would fall back to fp32 (it only warns).
        """
        if self.precision not in HALF:
            return nullcontext()
        half = HALF[self.precision]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                context = torch.autocast(self.device.type, half)
                with context:
                    one = torch.ones(1, 1, device=self.device)
                    got = (one @ one).dtype
        except (RuntimeError, UserWarning) as error:
            raise Unavailable(f"precision {self.precision} is not to be had on {self.device.type}: {error}") from error
        if got != half:
            raise Unavailable(f"precision {self.precision} is not to be had on {self.device.type}", "use fp32")
        return context

    def cast(self, tensor: Tensor) -> Tensor:
        """Numbers as wide as the weights are; whole numbers (labels, tokens) as they are."""
        return tensor.double() if self.dtype == torch.float64 and tensor.is_floating_point() else tensor

    # Moving things

    def place(self, module: nn.Module) -> nn.Module:
        """The module on this process's device."""
        return module.to(self.device)

    def pinned(self, tensor: Tensor) -> Tensor:
        """A copy in the host's memory that the device can read and write without the host."""
        return torch.empty_like(tensor, device="cpu", pin_memory=self.device.type != "cpu").copy_(tensor)

    def tensor(self, array: Any) -> Tensor:
        """An array or tensor as a tensor on the device; shares memory where it can."""
        found = host(array)
        moved: Tensor = (found.read() if isinstance(found, Lazy) else found).to(self.device)
        return moved

    def stage(self, tensor: Tensor | Lazy) -> Tensor:
        """Bring a batch to the device without waiting for the copy; one that is there already stays as it is."""
        if isinstance(tensor, Lazy):
            tensor = tensor.read()
        return tensor if tensor.device == self.device else tensor.pin_memory().to(self.device, non_blocking=True)

    def reader(self, like: Tensor) -> Reader:
        """For reading tensors shaped like this one back without making the device wait."""
        return Reader(like) if self.device.type != "cpu" else HostReader(like)

    def synchronize(self) -> None:
        """Wait until the device has done everything it was told."""
        if self.device.type != "cpu":
            torch.accelerator.synchronize()

    # Memory

    def peak_mib(self) -> float:
        """The most memory that training took: of the device; on a CPU of the process."""
        if self.device.type != "cpu":
            return float(torch.accelerator.max_memory_allocated() / 2**20)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def free_bytes(self) -> float:
        """Memory that is still free on the device."""
        if self.device.type != "cpu":
            return float(torch.accelerator.get_memory_info()[0])
        return os.sysconf("SC_AVPHYS_PAGES") * float(os.sysconf("SC_PAGE_SIZE"))

    # Several processes

    def only(self, make: Callable[[], T]) -> T:
        """What `make` gives in the first process; in the others something that takes any call and does nothing."""
        return make() if self.rank == 0 else Silent()  # type: ignore[return-value]

    @property
    def speaks(self) -> bool:
        """Whether this is the process that talks to the user."""
        return self.rank == 0

    def share(self, batch: int) -> slice:
        """This process's part of a global batch of that size."""
        part = batch // self.size
        return slice(self.rank * part, (self.rank + 1) * part)

    def parallel(self, module: nn.Module) -> nn.Module:
        """The module whose backward pass averages gradients over all processes; itself if there is only one."""
        if self.size == 1:
            return module
        ids = None if self.device.type == "cpu" else [self.device.index]
        return nn.parallel.DistributedDataParallel(module, device_ids=ids, gradient_as_bucket_view=True)

    def alone(self, module: nn.Module) -> AbstractContextManager[Any]:
        """Backward passes in this context leave gradients unaveraged: all but the last of accumulated ones."""
        return module.no_sync() if isinstance(module, nn.parallel.DistributedDataParallel) else nullcontext()

    def mean_(self, tensor: Tensor) -> Tensor:
        """The mean over all processes, in place."""
        return self.sum_(tensor).div_(self.size) if self.size > 1 else tensor

    def sum_(self, tensor: Tensor) -> Tensor:
        """The sum over all processes, in place."""
        if self.size > 1:
            dist.all_reduce(tensor)
        return tensor

    def align(self, tensors: Iterable[Tensor]) -> None:
        """Let all processes have the first one's values."""
        if self.size > 1:
            for tensor in tensors:
                dist.broadcast(tensor, 0)

    def agree(self, number: float) -> float:
        """The greatest of what all processes say: how a stop that one of them saw becomes everybody's."""
        if self.size == 1:
            return number
        said = torch.tensor([number], dtype=torch.float64, device=self.device)
        dist.all_reduce(said, dist.ReduceOp.MAX)
        return float(said.item())

    def gather(self, thing: Any) -> list[Any]:
        """What each process says, by rank."""
        if self.size == 1:
            return [thing]
        said: list[Any] = [None] * self.size
        dist.all_gather_object(said, thing)
        return said

    def mine(self, things: Sequence[T]) -> T | None:
        """This process's one of what `gather` gave; None if there were fewer processes then."""
        return things[self.rank] if self.rank < len(things) else None

    def tell(self, thing: T) -> T:
        """What the first process says, everywhere."""
        if self.size == 1:
            return thing
        said = [thing]
        dist.broadcast_object_list(said, device=self.device)
        return said[0]

    def barrier(self) -> None:
        """Wait for all processes."""
        if self.size > 1:
            dist.barrier()


def _devices(found: torch.device | None) -> str:
    return "cpu" if found is None else f"cpu or {found.type}"
