"""What a run ran on is told, and nothing that is secret."""

import hashlib

import pytest
import torch

from optcli.run import strict_json
from optcli.train.environment import cpu_model, environment


def test_the_facts_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2-and-more")
    told = environment("name: x\n", imports={"mine.py": "ab" * 32})
    assert told["recipe_sha256"] == hashlib.sha256(b"name: x\n").hexdigest()
    assert told["imports"] == [{"path": "mine.py", "sha256": "ab" * 32}]
    assert told["packages"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert told["threads"] == torch.get_num_threads()
    assert told["device"] == {"name": "cpu"}
    assert "hunter2" not in strict_json.dumps(told)


def test_the_processor_has_a_name() -> None:
    assert cpu_model()


def test_a_package_that_is_missing_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import PackageNotFoundError

    from optcli.train import environment as module

    def none(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(module, "distribution", none)
    assert environment("")["packages"] == {"torch": None, "numpy": None, "safetensors": None}
