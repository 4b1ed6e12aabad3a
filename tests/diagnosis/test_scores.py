"""Which curve is the validation's score."""

import pytest

from optcli.diagnosis.scores import upside_down
from optcli.diagnosis.view import View


@pytest.mark.parametrize(
    ("roles", "name"),
    [
        (["val/f1", "val/accuracy"], "val/accuracy"),
        (["train/loss", "val/dice_at_resolution"], "val/dice_at_resolution"),
        (["train/accuracy", "val/loss", "val/rmse", "test/f1"], None),
        (["val/box_loss", "val/map50_b"], "val/map50_b"),
        (["val/recall@10"], "val/recall@10"),
        (["val/mapping"], None),
    ],
)
def test_an_accuracy_comes_first_then_what_rises_by_name(make, roles, name) -> None:
    score = upside_down(View(make({role: [0.1, 0.4, 0.5] for role in roles}), 2))
    assert (score and score.name) == name
    assert score is None or score.value.tolist() == [-0.1, -0.4, -0.5]
