"""Findings stand right behind the row that proved them, wherever the windows ended."""

import pytest

from optcli.diagnosis.live import Live
from optcli.recipe.sections import Monitor as Policy
from optcli.train.monitor import Monitor


class Log:
    def __init__(self):
        self.records = []

    def rows(self, rows):
        self.records += [dict(row) for row in rows]

    def event(self, event, **fields):
        self.records.append({"event": event, **fields})


def rows(n=60, nan_at=0):
    return [
        {"step": s, "train/loss": float("nan") if s == nan_at else 2.0 / s**0.1, "lr": 0.1} for s in range(1, n + 1)
    ]


def monitor(log, policy=None, warned=None):
    policy = policy or Policy()
    return Monitor(
        log, lambda: Live(100, {}, ignore=policy.ignore), policy, (warned if warned is not None else []).append
    )


@pytest.mark.parametrize("size", [1, 7, 60])
def test_the_journal_does_not_depend_on_the_windows(size):
    whole, pieces, data = Log(), Log(), rows(nan_at=40)
    monitor(whole).take(data, closed=True)
    made = monitor(pieces)
    for begin in range(0, len(data), size):
        made.take(data[begin : begin + size], closed=True)
    assert str(pieces.records) == str(whole.records)
    at = [i for i, record in enumerate(whole.records) if record.get("code") == "NUM301"]
    assert [whole.records[i - 1]["step"] for i in at] == [40]


def test_an_open_last_row_waits_for_its_evaluation():
    log, data = Log(), rows(40, nan_at=40)
    made = monitor(log)
    made.take(data, closed=False)
    assert not any("code" in record for record in log.records)
    made.take([{"step": 40, "val/loss": 1.0}], closed=True)
    assert [r.get("code", r.get("val/loss")) for r in log.records[-2:]] == [1.0, "NUM301"]


def test_policies_warn_stop_or_keep_silent():
    data = rows(nan_at=40)
    for deed, stops, says in (("warn", False, 1), ("stop", True, 1), ("ignore", False, 0)):
        warned, log = [], Log()
        made = monitor(log, Policy(error=deed, warning="ignore"), warned)
        made.take(data, closed=True)
        assert (made.stop is not None, len(warned)) == (stops, says)
        assert any(r.get("code") == "NUM301" for r in log.records)


def test_ignored_codes_are_not_looked_for():
    log = Log()
    monitor(log, Policy(ignore=("NUM301",))).take(rows(nan_at=40), closed=True)
    assert not any(r.get("code") == "NUM301" for r in log.records)


def test_a_replay_says_nothing_twice():
    log, data = Log(), rows(nan_at=20)
    made = monitor(log)
    made.replay(data[:30], closed=True)
    assert log.records == []
    made.take(data[30:], closed=True)
    assert not any(r.get("code") == "NUM301" for r in log.records)
    assert any(f.code == "NUM301" for f in made.live.diagnosis().findings)


def test_the_end_has_its_own_findings():
    log = Log()
    made = monitor(log)
    made.take([{"step": s, "train/loss": 5.0 - 0.02 * s, "lr": 0.1} for s in range(1, 101)], closed=True)
    before = len(log.records)
    made.finish("finished")
    assert all(r["event"] == "finding" and r["step"] == 100 for r in log.records[before:])
    assert {f.code for f in made.live.diagnosis("finished").findings} >= {r["code"] for r in log.records[before:]}
