"""Settings by the names that people give them."""

from __future__ import annotations

from optcli.run.params import known


def test_names_and_numbers() -> None:
    found = known({"learning_rate": "1e-3", "batch_size": 32, "optimizer": "adamw", "epochs": None, "seed": 3})
    assert found == {"optimizer.lr": 1e-3, "data.batch_size": 32.0, "optimizer.name": "adamw"}


def test_a_settings_group_is_no_value() -> None:
    assert known({"optimizer": {"name": "adam"}, "lr": ""}) == {}


def test_widths_are_a_number_or_a_list_and_switches_are_no_shares() -> None:
    assert known({"hidden": [2, 2], "drop": 0.9}) == {"model.hidden": [2, 2], "regularizers.dropout.rate": 0.9}
    assert known({"hidden": [2, "x"], "drop": True, "d_model": 4}) == {"model.hidden": 4.0}
