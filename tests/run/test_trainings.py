"""Which of several trainings in one log is judged."""

import numpy as np
import pytest

from optcli.run.merge import Points, restarts
from optcli.run.trainings import begins, cut, earlier, leader


def points(*steps: float) -> Points:
    n = len(steps)
    return Points(np.arange(n, dtype=float), np.array(steps, dtype=float), np.arange(n, dtype=float))


FOLDS = points(0, 1, 2, 3, 0, 1, 0, 1, 2)


def test_a_training_begins_where_the_log_turns_back_to_its_first_step() -> None:
    assert begins(FOLDS, restarts(FOLDS)) == [4, 6]
    resumed = points(0, 1, 2, 3, 2, 3, 4)
    assert begins(resumed, restarts(resumed)) == []
    assert begins(points(), []) == []


@pytest.mark.parametrize(("number", "kept"), [(1, [0, 1, 2, 3]), (2, [4, 5]), (3, [6, 7, 8])])
def test_what_was_written_in_one_of_them(number: int, kept: list[int]) -> None:
    found = cut({"loss": FOLDS, "early": points(0, 1)}, [4, 6], number)
    assert found["loss"].order.tolist() == kept
    assert ("early" in found) == (number == 1)


def test_a_longer_one_is_told_with_its_number() -> None:
    (note,) = earlier(FOLDS, restarts(FOLDS))
    assert note.message.endswith("has 3 points; an earlier one has 4: `diagnose --training 1` judges that")
    last = points(0, 1, 0, 1, 2)
    assert earlier(last, restarts(last)) == []
    assert earlier(None, []) == []


def test_the_loss_leads_else_the_longest() -> None:
    columns = {"a": points(0), "b": FOLDS, "c": points(0, 1)}
    assert leader(columns, {"train/loss": "a", "val/loss": "c"}) == "a"
    assert leader(columns, {"val/loss": "c", "train/loss": "gone"}) == "c"
    assert leader(columns, {}) == "b"
    assert leader({}, {}) is None
