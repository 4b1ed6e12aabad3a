"""Weights within a ball."""

import pytest
import torch

from optcli.parts.regularizers import max_norm


def test_rows_that_are_too_long_are_scaled_back():
    made, weights = max_norm.build(max_norm.Options(limit=1.0)), torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    made.after_step([weights], 0.1)
    torch.testing.assert_close(weights, torch.tensor([[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]]))
    assert made.report() == {"units_at_max_norm": pytest.approx(1 / 3)}


def test_filters_count_as_one_unit():
    made, weights = max_norm.build(max_norm.Options(limit=2.0)), torch.ones(2, 4, 2, 2)
    made.after_step([weights], 0.1)
    torch.testing.assert_close(weights.flatten(1).norm(dim=1), torch.full((2,), 2.0))


def test_a_skipped_step_changes_nothing():
    made, weights = max_norm.build(max_norm.Options(limit=1.0)), torch.full((2, 2), 3.0)
    made.after_step([weights], torch.zeros(()))
    assert torch.equal(weights, torch.full((2, 2), 3.0))
    made.after_step([weights], torch.ones(()))
    torch.testing.assert_close(weights.norm(dim=1), torch.ones(2))


def test_nothing_to_report_before_the_first_step():
    assert max_norm.build(max_norm.Options()).report() == {}
