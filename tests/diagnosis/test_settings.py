"""Reading a configuration whichever way it was flattened."""

import pytest

from optcli.diagnosis.settings import number, setting

NESTED = {"optimizer": {"name": "adam", "lr": 0.1}, "regularizers": ["l1", {"name": "dropout", "rate": 0.2}]}
FLAT = {"optimizer.name": "adam", "optimizer.lr": 0.1, "regularizers": [{"name": "dropout", "rate": 0.2}]}


@pytest.mark.parametrize("config", [NESTED, FLAT])
def test_the_same_paths_reach_the_same_values(config) -> None:
    assert setting(config, "optimizer.name") == "adam"
    assert number(config, "optimizer.lr") == 0.1
    assert number(config, "regularizers.dropout.rate") == 0.2
    assert setting(config, "regularizers.l2.strength") is None
    assert setting(config, "optimizer.lr.deeper") is None
    assert setting(config, "nothing") is None


def test_a_part_by_its_bare_name() -> None:
    assert setting(NESTED, "regularizers.l1") == "l1"
    assert setting(NESTED, "regularizers.dropout") == {"name": "dropout", "rate": 0.2}
    assert number({"a": True, "b": "1"}, "a") is None
