"""When things are due."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from optcli.train.position import Agenda, Position

COUNT = st.integers(1, 60)


@given(COUNT, COUNT, COUNT)
def test_nothing_due_is_jumped_over(total, evals, saves):
    agenda, step, seen = Agenda(total, evals, saves), 0, []
    while step < total:
        step = agenda.next(step)
        seen.append(step)
    due = [s for s in range(1, total + 1) if agenda.evaluates(s) or agenda.saves(s)]
    assert seen == due
    assert agenda.evaluates(total)
    assert agenda.saves(total)
    assert not agenda.evaluates(0)


def test_the_state_is_all_fields():
    position = Position(step=4, best={"metric": "val/loss", "value": 1.0, "step": 2}, ended="target reached")
    again = Position()
    again.load_state_dict(position.state_dict())
    assert again == position
    assert position.state_dict().keys() == {field.name for field in dataclasses.fields(Position)}
