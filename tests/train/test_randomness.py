"""Every generator goes on where it was."""

import random

import numpy as np
import torch

from optcli.train.randomness import Randomness, seed_of
from optcli.train.world import World


def draw():
    return random.random(), float(np.random.normal()), torch.rand(3).tolist()


def test_a_state_brings_back_all_generators():
    made = Randomness(World("cpu"), 5)
    first = draw()
    np.random.normal()  # leaves a second normal number waiting
    state = made.state_dict()
    after = draw()
    assert draw() != after
    made.load_state_dict(state)
    assert draw() == after
    Randomness(World("cpu"), 5)
    assert draw() == first


def test_processes_part_ways(monkeypatch):
    seen = []
    for rank in range(2):
        world = World("cpu")
        monkeypatch.setattr(world, "rank", rank)
        monkeypatch.setattr(world, "size", 2)
        Randomness(world, 5).part()
        seen.append(draw())
    assert seen[0] != seen[1]


def test_each_process_takes_its_own_state(monkeypatch):
    world = World("cpu")
    made = Randomness(world, 5)
    one = made.state_dict()["processes"][0]
    expected = draw()
    other = made.state_dict()["processes"][0]
    monkeypatch.setattr(world, "rank", 1)
    made.load_state_dict({"processes": [other, one]})
    assert draw() == expected
    made.load_state_dict({"processes": [one]})  # there was no such process then: nothing changes
    assert draw() != expected


def test_seeds_are_told_apart():
    seeds = {seed_of(a, b) for a in range(20) for b in range(20)}
    assert len(seeds) == 400
    assert all(0 <= seed < 2**63 for seed in seeds)
