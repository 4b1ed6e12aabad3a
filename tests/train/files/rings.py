"""Rings: points on two noisy circles, and a net with an angle for them. What a user writes for `--import`."""

import math
from itertools import pairwise

import numpy as np
import torch
from torch import nn

import optcli
from optcli.parts.facts import Facts


def circles(n, noise, random):
    """n points (n, 2) and which circle each is on (n,)."""
    label = np.arange(n) % 2
    angle = random.uniform(0, 2 * math.pi, n)
    radius = 1.0 + label + random.normal(0, noise, n)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return points, label


@optcli.data(task="classification")
def rings(n: int = 400, noise: float = 0.1, seed: int = 0):
    """Points on two circles."""
    random = np.random.default_rng(seed)
    train_x, train_y = circles(n, noise, random)
    val_x, val_y = circles(n // 4, noise, random)
    return train_x, train_y, val_x, val_y


class Radial(nn.Module):
    """Adds each point's distance from the origin to its coordinates."""

    def forward(self, x):
        return torch.cat([x, x.square().sum(1, keepdim=True)], dim=1)


class RingNet(nn.Module):
    """Distance, hidden layers, head."""

    def __init__(self, inputs, outputs, width, depth):
        super().__init__()
        sizes = [inputs + 1, *[width] * depth]
        self.radial = Radial()
        self.hidden = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(sizes))
        self.head = nn.Linear(width, outputs)

    def forward(self, x):
        x = self.radial(x)
        for layer in self.hidden:
            x = torch.relu(layer(x))
        return self.head(x)


@optcli.model(takes="vector")
def ring_net(facts: Facts, width: int = 16, depth: int = 2):
    """A small net that knows how far a point is from the origin."""
    return RingNet(facts.shape[0], facts.outputs, width, depth)
