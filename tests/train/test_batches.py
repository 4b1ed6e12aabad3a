"""Batches: the order is a function of seed and epoch, and nothing is lost or shown twice."""

import torch

from optcli.train.batches import Batches
from optcli.train.world import World

X = torch.arange(50.0).view(25, 2)
Y = torch.arange(25)


def batches(**changes):
    given = {"batch_size": 4, "accumulate": 1, "seed": 0, "world": World("cpu")} | changes
    return Batches(X, Y, given["batch_size"], given["accumulate"], given["seed"], given["world"], given.get("roomy"))


def targets(stream):
    return [[y.tolist() for _, y in step] for _, step in stream]


def test_an_epoch_shows_every_sample_once_but_the_rest():
    made = batches()
    seen = [n for step in targets(made.stream(0, 6)) for batch in step for n in batch]
    assert made.per_epoch == 6
    assert len(set(seen)) == 24


def test_inputs_and_targets_stay_together():
    for _, [(x, y)] in batches().stream(0, 13):
        assert torch.equal(x[:, 0], 2.0 * y)


def test_a_later_start_gives_the_same_steps():
    whole = list(enumerate(targets(batches().stream(0, 15))))
    for start in (1, 5, 6, 7, 12, 14):
        assert targets(batches().stream(start, 15)) == [step for n, step in whole if n >= start]
    assert [number for number, _ in batches().stream(5, 8)] == [5, 6, 7]


def test_epochs_and_seeds_differ_and_repeat():
    made = batches()
    assert not torch.equal(made.order(0), made.order(1))
    assert not torch.equal(made.order(0), batches(seed=1).order(0))
    assert torch.equal(made.order(3), batches().order(3))


def test_memory_decides_nothing_but_speed():
    assert targets(batches(roomy=True).stream(3, 10)) == targets(batches(roomy=False).stream(3, 10))


def test_accumulated_batches_are_the_big_batch_in_pieces():
    big, small = batches(batch_size=8), batches(batch_size=4, accumulate=2)
    for whole, parts in zip(targets(big.stream(0, 5)), targets(small.stream(0, 5)), strict=True):
        assert whole[0] == parts[0] + parts[1]


def test_processes_share_a_batch(monkeypatch):
    alone = targets(batches().stream(0, 4))
    shares = []
    for rank in range(2):
        world = World("cpu")
        monkeypatch.setattr(world, "rank", rank)
        monkeypatch.setattr(world, "size", 2)
        shares.append(targets(batches(world=world).stream(0, 4)))
    assert [a[0] + b[0] for a, b in zip(*shares, strict=True)] == [step[0] for step in alone]


def test_replacing_a_batch_changes_that_step_alone():
    plain, made = targets(batches().stream(0, 12)), batches()
    made.replace(7, 1)
    changed = targets(made.stream(0, 12))
    assert [i for i in range(12) if changed[i] != plain[i]] == [7]
    assert not set(made.indices(7)) & set(batches().indices(7))
    again = batches()
    again.load_state_dict(made.state_dict())
    assert targets(again.stream(0, 12)) == changed


def test_indices_name_the_samples_of_a_step():
    made = batches(accumulate=2)
    assert made.indices(4) == [n for _, y in made.at(4) for n in y.tolist()]
