"""Settings by the names that people give them."""

from __future__ import annotations

from optcli.run.params import known


def test_names_and_numbers() -> None:
    found = known({"learning_rate": "1e-3", "batch_size": 32, "optimizer": "adamw", "epochs": None, "seed": 3})
    assert found == {"optimizer.lr": 1e-3, "data.batch_size": 32.0, "optimizer.name": "adamw"}


def test_a_settings_group_is_no_value() -> None:
    assert known({"optimizer": {"name": "adam"}, "lr": ""}) == {}
