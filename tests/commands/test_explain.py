import pytest

from optcli.cli import main


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["explain", *args])
    return int(end.value.code or 0)


@pytest.mark.parametrize("name", ["OPT101", "opt101", "oscillating-loss", "learning-rate-too-high", "RUN702"])
def test_what_is_known_is_explained(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(name) == 0
    out, err = capsys.readouterr()
    assert out.count("\n") > 2
    assert err == ""


def test_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--all") == 0
    assert "\n  OPT101  warning  oscillating-loss: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["OPT99"], "nothing is known as `OPT99`"),
        ([], "explain what?"),
        (["AdamW"], "`AdamW` is no code or cause but a part"),
    ],
)
def test_mistakes(args: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0] == f"error: {error}"
    assert err.splitlines()[1].startswith("help: ")
