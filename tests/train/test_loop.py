"""`fit` itself: its order of events, for a training made of stand-ins."""

from types import SimpleNamespace

from optcli.train import loop, milestones


def test_windows_close_between_steps_and_endings_end(monkeypatch):
    told = []
    position = SimpleNamespace(step=0)
    t = SimpleNamespace(position=position, ending=None, agenda=SimpleNamespace(total=9))
    t.batches = SimpleNamespace(stream=lambda start, stop: ((i, ["batch"]) for i in range(start, stop)))
    t.rates = lambda step: step / 10
    t.update = lambda step, batches, factor: told.append(("step", step, factor))
    t.window = SimpleNamespace(closes=lambda step, factor: step % 3 == 0)

    def record(t):
        told.append(("record", t.position.step))
        if told.count(("record", 6)) == 1 and t.position.step == 6:
            t.position.step = 3  # a roll-back

    def reach(t):
        told.append(("reach", t.position.step))
        if t.position.step == 9:
            t.ending = "done"

    monkeypatch.setattr(milestones, "record", record)
    monkeypatch.setattr(milestones, "reach", reach)
    monkeypatch.setattr(milestones, "close", lambda t: told.append(("close",)))
    assert loop.fit(t) == "done"
    steps = [what[1] for what in told if what[0] == "step"]
    assert steps == [0, 1, 2, 3, 4, 5, 3, 4, 5, 6, 7, 8]
    rest = [what for what in told if what[0] != "step"]
    assert rest == [
        ("reach", 0), ("record", 3), ("reach", 3), ("record", 6), ("record", 6), ("reach", 6),
        ("record", 9), ("reach", 9), ("close",),
    ]  # fmt: skip
