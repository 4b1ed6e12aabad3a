"""`optcli smoke`: exit codes and formats, on a tiny own data set."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from optcli import parts
from optcli.cli import main

MINE = """\
import numpy as np
import optcli

@optcli.data(task="classification")
def clusters(leak: int = 0):
    draw = np.random.default_rng(0)
    y = draw.integers(0, 3, 120)
    x = (np.eye(3)[y] * 4 + draw.normal(size=(120, 3))).astype("float32")
    x[80:80 + leak] = x[:leak]
    return x[:80], y[:80], x[80:], y[80:]
"""
RECIPE = "data: {name: clusters, batch_size: 16}\nmodel: linear\ntrain: {epochs: 2, device: cpu}\n"


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "r.yaml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    yield
    parts.forget()


def smoke(*words: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["smoke", "r.yaml", "--import", "mine.py", *words])
    return int(end.value.code or 0)


def test_all_checks_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke() == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "r.yaml:"
    assert told[-1].startswith("r.yaml: passed, 10 of 10 checks")


def test_a_failed_check_exits_with_1_and_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke("data.leak=10", "--only", "overlap") == 1
    told = capsys.readouterr().out
    assert "FAIL overlap" in told
    assert "help: remove duplicates" in told


def test_json_and_junit(capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke("data.leak=10", "--only", "overlap,gradients", "--format", "json", "--junit", "out.xml") == 1
    document = json.loads(capsys.readouterr().out)
    assert [c["status"] for c in document["recipes"][0]["checks"]] == ["pass", "fail"]
    assert document["recipes"][0]["passed"] is False
    suite = ElementTree.parse("out.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")


def test_the_output_s_name_tells_its_format() -> None:
    assert smoke("--only", "gradients", "--output", "out.xml") == 0
    assert ElementTree.parse("out.xml").getroot().get("tests") == "1"


@pytest.mark.parametrize("option", ["--output", "--junit"])
def test_a_directory_that_is_not_there(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke("--only", "gradients", option, "no/such.xml") == 73
    assert (
        capsys.readouterr().err == "error: no/such.xml: its directory doesn't exist\nhelp: make the directory first\n"
    )


def test_github(capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke("data.leak=10", "--only", "overlap", "--format", "github") == 1
    assert capsys.readouterr().out.startswith("::error file=r.yaml,title=smoke%3A overlap::10 of 40")


def test_an_unknown_check_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke("--only", "overlapp") == 2
    assert "did you mean `overlap`" in capsys.readouterr().err
    assert smoke("--only", "speed") == 2
    assert "help: the checks: finite-data, loss-at-init, " in capsys.readouterr().err


def test_checks_are_named_with_dashes_or_underscores(capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke("--only", "finite-data", "--only", "loss_at_init") == 0
    assert "passed, 2 of 2 checks" in capsys.readouterr().out


def test_no_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["smoke", "model=mlp"])
    assert end.value.code == 2
    assert "no recipe" in capsys.readouterr().err
