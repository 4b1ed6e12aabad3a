"""The tasks: data, net and loss. Half A is for looking at, half B for checking; no task is in both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import nets
import numpy as np
import torch
from setups import Setup
from torch import Tensor, nn
from torch.nn import functional

from optcli.parts.datasets import diamonds, fashion, shakespeare

TOKENS, CONTEXT = len(shakespeare.CHARACTERS), 24
HONEST = 256
"""Samples on which losses are measured apart from the log."""


@dataclass(frozen=True)
class Data:
    """Samples for training and for validation, (N, ...) each."""

    x: Tensor
    y: Tensor
    val_x: Tensor
    val_y: Tensor


Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Task:
    """What is learned, by which net, under which settings it goes well."""

    half: str
    model: str
    data: Callable[[int], Data]
    net: Callable[[Setup, Data], nn.Module]
    loss: Loss
    good: dict[str, Any]
    """Settings that train well."""
    kind: str = "classes"
    """`classes`, `tokens`, `numbers`, `bits` or `none`: what its labels are, and how they can be wrong."""
    framework: str = "torch"


def tensors(*parts: Any) -> Data:
    """Floats stay floats, whole numbers become labels."""
    made = [torch.as_tensor(p, dtype=torch.float32 if np.asarray(p).dtype.kind == "f" else torch.int64) for p in parts]
    return Data(*made)


@lru_cache
def pictures(seed: int, n: int = 2000) -> Data:
    """Fashion pictures, 14x14."""
    part = fashion.load(fashion.Options(n=4000), seed)
    shrink = lambda x: x.reshape(-1, 1, 14, 2, 14, 2).mean((3, 5))  # noqa: E731
    pick = np.random.default_rng(seed).permutation(len(part.train_x))[:n]
    return tensors(shrink(part.train_x[pick]), part.train_y[pick], shrink(part.val_x[:400]), part.val_y[:400])


def flat(seed: int) -> Data:
    """The pictures as their own targets."""
    d = pictures(seed)
    return Data(d.x, d.x.flatten(1), d.val_x, d.val_x.flatten(1))


@lru_cache
def text(seed: int) -> Data:
    """Windows of characters, and the next ones."""
    part = shakespeare.load(shakespeare.Options(context=CONTEXT), seed)
    rng = np.random.default_rng(seed)
    pick, val = rng.permutation(len(part.train_x))[:6000], rng.permutation(len(part.val_x))[:200]
    return tensors(part.train_x[pick], part.train_y[pick], part.val_x[val], part.val_y[val])


@lru_cache
def stones(seed: int) -> Data:
    """Prices of diamonds."""
    part = diamonds.load(diamonds.Options(n=20000), seed)
    pick = np.random.default_rng(seed).permutation(20000)[:3000]
    return tensors(part.train_x[pick], part.train_y[pick], part.val_x[:600], part.val_y[:600])


@lru_cache
def waves(seed: int) -> Data:
    """Sums of two sines, each next value from those before."""
    rng = np.random.default_rng(seed)
    pace, phase = rng.uniform(0.2, 0.9, (2, 900, 1)), rng.uniform(0, 6.3, (2, 900, 1))
    wave = np.sin(pace * np.arange(25) + phase).sum(0)[:, :, None] / 1.2 + 0.05 * rng.normal(size=(900, 25, 1))
    return tensors(wave[:700, :-1], wave[:700, 1:], wave[700:, :-1], wave[700:, 1:])


@lru_cache
def table(seed: int) -> Data:
    """Yes or no from a crossed table of 16 columns; one answer in ten is drawn by lot."""
    rng = np.random.default_rng(100 + seed)
    x = rng.normal(size=(4000, 16))
    yes = (x[:, 0] * x[:, 1] + x[:, 2] ** 2 - 0.8 + np.sin(2 * x[:, 3]) + 0.3 * x[:, 4] > 0) ^ (rng.random(4000) < 0.1)
    y = yes.astype(float)[:, None]
    return tensors(x[:3200], y[:3200], x[3200:], y[3200:])


@lru_cache
def tags(seed: int) -> Data:
    """Twelve answers at once from 30 columns."""
    rng = np.random.default_rng(200 + seed)
    x = rng.normal(size=(4000, 30))
    y = (np.tanh(x @ rng.normal(size=(30, 24)) / 3) @ rng.normal(size=(24, 12)) > 0.8).astype(float)
    return tensors(x[:3200], y[:3200], x[3200:], y[3200:])


@lru_cache
def spread(seed: int) -> Data:
    """A curve whose scatter depends on the place, small in units of the target."""
    rng = np.random.default_rng(300 + seed)
    x = rng.uniform(-2, 2, (3000, 4))
    y = (
        np.sin(2 * x[:, :1]) + 0.5 * x[:, 1:2] * x[:, 2:3] + np.exp(x[:, 3:] / 2 - 2.5) * rng.normal(size=(3000, 1))
    ) / 3
    return tensors(x[:2400], y[:2400], x[2400:], y[2400:])


@lru_cache
def moons(seed: int) -> Data:
    """Points (N, 2) on two narrow crescents."""
    rng = np.random.default_rng(400 + seed)
    angle, side = rng.uniform(0, np.pi, 4000), rng.integers(0, 2, 4000)
    x = np.stack([np.cos(angle) * (1 - 2 * side) + side - 0.5, np.sin(angle) * (1 - 2 * side) + 0.5 * side - 0.25], 1)
    x = 0.4 * (x + 0.06 * rng.normal(size=x.shape))
    return tensors(x[:3200], side[:3200], x[3200:], side[3200:])


@lru_cache
def parity(seed: int) -> Data:
    """Whether three of 16 bits make an odd number: nothing at first, then all at once."""
    rng = np.random.default_rng(500 + seed)
    x = rng.integers(0, 2, (4000, 16)) * 2.0 - 1
    y = (x[:, :3].prod(1) > 0).astype(int)
    return tensors(x[:3200], y[:3200], x[3200:], y[3200:])


@lru_cache
def taught(seed: int) -> Data:
    """The pictures with what a trained teacher thinks of them at temperature 3 (arXiv:1503.02531)."""
    d = pictures(seed)
    torch.manual_seed(seed)
    teacher = nets.plain(196, 10, 64, 1)
    optimizer = torch.optim.Adam(teacher.parameters(), 3e-3)
    for _ in range(250):
        index = torch.randint(0, len(d.x), (64,))
        optimizer.zero_grad()
        functional.cross_entropy(teacher(d.x[index]), d.y[index]).backward()
        optimizer.step()
    with torch.no_grad():
        return replace(d, y=(teacher(d.x) / 3).softmax(-1), val_y=(teacher(d.val_x) / 3).softmax(-1))


def tokens_loss(output: Tensor, y: Tensor) -> Tensor:
    """Mean over all characters."""
    return functional.cross_entropy(output.flatten(0, 1), y.flatten())


def normal_loss(output: Tensor, y: Tensor) -> Tensor:
    """Negative log-likelihood of a normal distribution, without its constant; goes below 0."""
    mean, log = output.chunk(2, -1)
    return (0.5 * ((y - mean) * (-log.clamp(-5, 5)).exp()).square() + log.clamp(-5, 5)).mean()


def pairs_loss(output: Tensor, y: Tensor) -> Tensor:
    """Which of up to 63 others is the other view? The loss depends on their number, so that it is always the same."""
    blocks = [output[i : i + 64, i : i + 64] for i in range(0, len(output), 64)]
    return torch.stack([functional.cross_entropy(b, torch.arange(len(b))) for b in blocks if len(b)]).mean()


def finetuned(s: Setup, d: Data) -> nn.Module:
    """A net that knows the pictures when they are not noisy, dark and shifted."""
    net = nets.plain(196, 10, s.width, s.depth, s.bend, s.dropout)
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    known = pictures(s.seed)
    for _ in range(200):
        index = torch.randint(0, len(known.x), (64,))
        optimizer.zero_grad()
        functional.cross_entropy(net(known.x[index]), known.y[index]).backward()
        optimizer.step()
    return net


def shifted(seed: int) -> Data:
    """Pictures two pixels lower, in noise: the task that a trained net is turned to."""
    d, rng = pictures(seed), torch.Generator().manual_seed(seed)
    move = lambda x: x.roll(2, 2) + 0.4 * torch.randn(x.shape, generator=rng)  # noqa: E731
    return replace(d, x=move(d.x), val_x=move(d.val_x))


def sized(outputs: int, inputs: int = 0) -> Callable[[Setup, Data], nn.Module]:
    """Plain layers for the data's width."""
    return lambda s, d: nets.plain(inputs or d.x[0].numel(), outputs, s.width, s.depth, s.bend, s.dropout)


CE, MSE, BCE = functional.cross_entropy, functional.mse_loss, functional.binary_cross_entropy_with_logits
TASKS: dict[str, Task] = {
    "fashion_cnn": Task("A", "cnn", pictures, lambda s, d: nets.convolutional(10, s.width // 2, s.dropout), CE,
                        {"optimizer": "momentum", "lr": 0.03, "steps": 600, "batch": 32}),
    "char_gru": Task("A", "gru", text, lambda s, d: nets.Recurrent("gru", 24, TOKENS, s.width, TOKENS, s.dropout),
                     tokens_loss, {"optimizer": "adamw", "lr": 5e-3, "steps": 600, "batch": 16, "width": 64}, "tokens"),
    "diamonds_mse": Task("A", "mlp", stones, sized(1), MSE,
                         {"optimizer": "sgd", "lr": 0.03, "steps": 1200, "batch": 32}, "numbers"),
    "fashion_vae": Task("A", "autoencoder", flat,
                        lambda s, d: nets.Autoencoder(196, s.width, s.depth, s.bend, s.dropout), MSE,
                        {"optimizer": "adam", "lr": 2e-3, "steps": 900, "batch": 32, "width": 64}, "none"),
    "table_binary": Task("A", "mlp", table, sized(1), BCE,
                         {"optimizer": "rmsprop", "lr": 3e-3, "steps": 1200, "batch": 32}, "bits"),
    "normal_nll": Task("A", "mlp", spread, sized(2), normal_loss,
                       {"optimizer": "adam", "lr": 3e-3, "steps": 1000, "batch": 32, "bend": "tanh"}, "numbers"),
    "finetune": Task("A", "mlp", shifted, finetuned, CE,
                     {"optimizer": "momentum", "lr": 3e-3, "steps": 500, "batch": 32, "width": 64, "depth": 1}),
    "fashion_resnet": Task("B", "resnet", pictures,
                           lambda s, d: nets.Residual(10, s.width // 2, s.depth, s.dropout), CE,
                           {"optimizer": "adamw", "lr": 5e-3, "steps": 450, "batch": 32}),
    "char_gpt": Task("B", "gpt", text, lambda s, d: nets.GPT(TOKENS, CONTEXT, s.width, s.depth, s.dropout), tokens_loss,
                     {"optimizer": "adamw", "lr": 3e-3, "steps": 700, "batch": 16, "width": 32}, "tokens"),
    "diamonds_huber": Task("B", "mlp", stones, sized(1), functional.huber_loss,
                           {"optimizer": "adam", "lr": 2e-3, "steps": 900, "batch": 64, "depth": 3, "bend": "gelu"},
                           "numbers"),
    "wave_rnn": Task("B", "rnn", waves, lambda s, d: nets.Recurrent("rnn", 1, 1, s.width, 0, s.dropout), MSE,
                     {"optimizer": "rmsprop", "lr": 1e-3, "steps": 600, "batch": 32}, "numbers"),
    "tags_multi": Task("B", "mlp", tags, sized(12), BCE,
                       {"optimizer": "sgd", "lr": 0.5, "steps": 1500, "batch": 32, "width": 48}, "bits"),
    "distill": Task("B", "cnn", taught, lambda s, d: nets.convolutional(10, s.width // 4, s.dropout), CE,
                    {"optimizer": "momentum", "lr": 0.05, "steps": 600, "batch": 32}, "none"),
    "infonce": Task("B", "encoder", pictures,
                    lambda s, d: nets.Pairs(196, s.width, s.depth, s.bend, s.dropout), pairs_loss,
                    {"optimizer": "adam", "lr": 1e-3, "steps": 720, "batch": 64, "width": 64}, "none"),
    "moons_flow": Task("B", "flow", moons, lambda s, d: nets.Flow(s.width, s.depth), lambda o, y: -o.mean(),
                       {"optimizer": "adam", "lr": 3e-3, "steps": 700, "batch": 64, "depth": 3}, "none"),
    "parity": Task("B", "mlp", parity, sized(2), CE,
                   {"optimizer": "adam", "lr": 2e-3, "steps": 1500, "batch": 64, "depth": 1, "width": 64}),
    "sk_fashion": Task("A", "mlp", pictures, sized(10), CE,
                       {"optimizer": "adam", "lr": 1e-3, "steps": 25 * 62, "batch": 32, "depth": 1, "validations": 25},
                       framework="sklearn"),
    "sk_diamonds": Task("B", "mlp", stones, sized(1), MSE,
                        {"optimizer": "sgd", "lr": 0.01, "steps": 25 * 46, "batch": 64, "depth": 1, "validations": 25},
                        "numbers", framework="sklearn"),
}  # fmt: skip
