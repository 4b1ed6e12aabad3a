from types import SimpleNamespace

import pytest

from optcli import app
from optcli.cli import COMMANDS
from optcli.exits import Exit, Failure


def test_a_command_is_built_from_its_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(name: str, times: int = 2) -> None:
        """Say a name."""
        print(name * times)

    monkeypatch.setattr(app, "import_module", lambda path: SimpleNamespace(command=command))
    app.run("explain", ["ab", "--times", "3"])
    assert capsys.readouterr().out == "ababab\n"
    with pytest.raises(Failure, match="unknown option `--tmes`") as caught:
        app.run("explain", ["ab", "--tmes", "3"])
    assert (caught.value.code, caught.value.help) == (Exit.USAGE, "did you mean `--times`?")


def test_what_a_command_raises_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def command() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app, "import_module", lambda path: SimpleNamespace(command=command))
    with pytest.raises(ZeroDivisionError):
        app.run("explain", [])


def test_completion_knows_all_commands() -> None:
    group = app.LazyGroup(name="optcli")
    assert group.list_commands(None) == list(COMMANDS)
    assert group.get_command(None, "nothing") is None
    assert group.get_command(None, "explain").name == "explain"
