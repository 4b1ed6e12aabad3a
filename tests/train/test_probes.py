"""The window: what was written is what is read, and when."""

import numpy as np
import pytest
from torch import nn

from optcli.train import probes
from optcli.train.probes import LAYERS, RATIO_EVERY, STEPS, Window, layers
from optcli.train.signals import Signals
from optcli.train.world import World


@pytest.fixture
def signals():
    return Signals()


@pytest.fixture
def window(signals):
    made = Window(World("cpu"), 2, signals)
    made.boundary = 10**9
    return made


def put(window, step, loss, norms, factor=1.0):
    head = window.heads[window.count]
    for place, value in enumerate([loss, *norms]):
        head[place] = value
    window.ratios[window.count].fill_(step / 1000)
    return window.closes(step, factor)


def test_rows_come_back_as_they_were_written(window):
    put(window, 1, 2.0, [3.0, 4.0], factor=0.5)
    put(window, 2, 1.5, [0.0, 1.0], factor=0.25)
    rows = window.read(drain=True)
    assert [(r.step, r.loss, r.grad_norm, r.factor, r.finite) for r in rows] == [
        (1, 2.0, 5.0, 0.5, True),
        (2, 1.5, 1.0, 0.25, True),
    ]
    assert rows[0].update_ratio == pytest.approx(0.001)
    assert rows[1].update_ratio is None
    assert rows[0].scale is None
    assert window.read(drain=True) == []


def test_a_later_window_does_not_change_rows_already_read(window):
    put(window, 1, 2.0, [3.0, 4.0])
    [first] = window.read(drain=True)
    put(window, 2, 9.0, [7.0, 7.0])
    assert np.array_equal(first.norms, [3.0, 4.0])


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_bad_rows_are_marked_with_their_true_values(window, bad):
    put(window, 1, 1.0, [bad, 1.0])
    put(window, 2, bad, [1.0, 1.0])
    rows = window.read(drain=True)
    assert [r.finite for r in rows] == [False, False]
    assert not np.isfinite(rows[0].norms[0])
    assert rows[0].loss == 1.0
    assert not np.isfinite(rows[1].loss)


def test_it_closes_when_full_or_due_or_late_or_told_to(window, signals, monkeypatch):
    for step in range(1, STEPS):
        assert not put(window, step, 1.0, [1.0, 1.0])
    assert put(window, STEPS, 1.0, [1.0, 1.0])
    assert len(window.read(drain=True)) == STEPS
    window.boundary = STEPS + 2
    assert not put(window, STEPS + 1, 1.0, [1.0, 1.0])
    assert put(window, STEPS + 2, 1.0, [1.0, 1.0])
    window.read(drain=True)
    monkeypatch.setattr(probes, "SECONDS", -1.0)
    assert put(window, STEPS + 3, 1.0, [1.0, 1.0])
    window.read(drain=True)
    monkeypatch.setattr(probes, "SECONDS", 1e9)
    signals.received = 15
    assert put(window, STEPS + 4, 1.0, [1.0, 1.0])


def test_the_update_ratio_keeps_its_cadence_across_windows(window):
    seen = []
    for step in range(1, 4 * RATIO_EVERY):
        put(window, step, 1.0, [1.0, 1.0])
        if step % 7 == 0:
            seen += window.read(drain=True)
    seen += window.read(drain=True)
    assert [r.step for r in seen if r.update_ratio is not None] == list(range(1, 4 * RATIO_EVERY, RATIO_EVERY))


def test_on_an_accelerator_rows_come_a_window_late(window, monkeypatch):
    monkeypatch.setattr(window._world, "device", type("Device", (), {"type": "far"})())
    put(window, 1, 1.0, [1.0, 1.0])
    assert window.read(drain=False) == []
    put(window, 2, 2.0, [1.0, 1.0])
    assert [r.step for r in window.read(drain=False)] == [1]
    put(window, 3, 3.0, [1.0, 1.0])
    assert [(r.step, r.loss) for r in window.read(drain=True)] == [(2, 2.0), (3, 3.0)]


def test_forgotten_rows_never_come(window, monkeypatch):
    monkeypatch.setattr(window._world, "device", type("Device", (), {"type": "far"})())
    put(window, 1, 1.0, [1.0, 1.0])
    window.read(drain=False)
    window.forget()
    put(window, 2, 2.0, [1.0, 1.0])
    assert [r.step for r in window.read(drain=True)] == [2]


def test_several_processes_close_by_count_and_agree_on_it(window, signals, monkeypatch):
    said = []
    monkeypatch.setattr(window._world, "size", 2)
    monkeypatch.setattr(window._world, "agree", lambda number: said.append(number) or -5.0)
    window._alone = False
    signals.received = 15
    assert not put(window, 1, 1.0, [1.0, 1.0])
    window.pace()
    window.read(drain=True)  # asks nobody: a process may be alone with an error
    assert len(said) == 1
    closed = [put(window, step, 1.0, [1.0, 1.0]) for step in range(2, 7)]
    assert closed == [False, False, False, False, True]


def test_layers_are_matrices_in_the_models_order_wherever_they_stand_among_the_names():
    model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(4)), nn.LayerNorm(2))
    names = [name for name, _ in model.named_parameters()][::-1]
    found = layers(model, names)
    assert list(found) == [f"{i}.weight" for i in range(4)]
    assert all(names[place] == name for name, place in found.items())
    assert layers(model, ["2.weight"]) == {"2.weight": 0}
    assert layers(nn.Identity(), []) == {}


def test_of_many_layers_some_are_chosen_the_first_and_the_last_among_them():
    model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(40)))
    found = list(layers(model, [name for name, _ in model.named_parameters()]))
    assert len(found) == LAYERS
    assert (found[0], found[-1]) == ("0.weight", "39.weight")
