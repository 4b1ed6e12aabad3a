"""The Python API: there when asked for, and nothing loaded before."""

import subprocess
import sys

import pytest

import optcli


def test_importing_loads_nothing_heavy():
    code = (
        "import sys, optcli\n"
        "heavy = {'torch', 'numpy', 'pydantic', 'typer', 'yaml'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "dir(optcli)\n"
        "optcli.model, optcli.data, optcli.loss, optcli.metric\n"
        "assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", optcli.__all__)
def test_every_public_name_is_there(name):
    assert callable(getattr(optcli, name))
    assert name in dir(optcli)


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = optcli.nonsense


def test_calling_the_package_train_trains(monkeypatch):
    import optcli.train.session

    monkeypatch.setattr(optcli.train.session, "train", lambda recipe, **options: (recipe, options))
    assert optcli.train("r", resume=True) == ("r", {"resume": True})
