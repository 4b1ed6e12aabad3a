import io
import json
import math
from pathlib import Path

import pytest

from optcli.cli import main


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["diagnose", *args])
    return int(end.value.code or 0)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A healthy log, a sick one, one without numbers; the working directory is theirs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    (tmp_path / "good.csv").write_text(
        "step,loss,eval\n" + "".join(f"{s},{0.2 + 2 * math.exp(-s / 40):.6f},{s}\n" for s in range(1, 161))
    )
    (tmp_path / "nan.csv").write_text(
        "step,loss\n" + "".join(f"{s},{'nan' if s > 30 else 2 / s}\n" for s in range(1, 60))
    )
    (tmp_path / "empty.csv").write_text("")
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    runs: list[dict[str, object]] = json.loads(capsys.readouterr().out)["runs"]
    return runs


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["good.csv"], 0),
        (["nan.csv"], 1),
        (["nan.csv", "--fail-on", "never"], 0),
        (["nan.csv", "--fail-on", "error"], 1),
        (["nan.csv", "--ignore", "NUM,OPT,RUN,GEN"], 0),
        (["good.csv", "missing.csv"], 2),
        (["missing.csv"], 2),
        (["nan.csv", "missing.csv"], 2),
        (["empty.csv"], 5),
        (["empty.csv", "empty.csv"], 5),
        (["good.csv", "empty.csv"], 0),
        (["nan.csv", "--select", "OPT999"], 2),
        (["nan.csv", "--map", "loss"], 2),
        (["good.csv", "--output", "no/such/place"], 73),
        (["good.csv", "--output", "."], 73),
    ],
)
@pytest.mark.parametrize("format", ["text", "json", "github", "junit", "md", "html", "sarif"])
def test_exit_status_is_the_same_in_every_format(args: list[str], expected: int, format: str) -> None:
    assert run(*args, "--format", format) == expected


def test_a_page_is_written_where_the_output_is_called_one(place: Path) -> None:
    assert run("good.csv", "--output", "a.html") == 0
    assert (place / "a.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert run("good.csv", "--output", "b.html", "--format", "json") == 0
    assert json.loads((place / "b.html").read_text(encoding="utf-8"))


def test_a_log_without_a_loss_asks_which_column_it_is(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "own.csv").write_text("it,my_metric\n" + "".join(f"{s},{2 / s}\n" for s in range(1, 60)))
    assert run("own.csv") == 0
    assert capsys.readouterr().err == (
        "help: --map train/loss=NAME says which column of own.csv is the loss: it, my_metric\n"
    )
    assert run("own.csv", "--map", "train/loss=my_metric") == 0
    assert capsys.readouterr().err == ""


def test_one_entry_a_path_in_the_order_given(capsys: pytest.CaptureFixture[str]) -> None:
    paths = ["empty.csv", "nan.csv", "missing.csv", "./good.csv", "nan.csv"]
    assert run(*paths, "--format", "json") == 2
    captured = capsys.readouterr()
    runs = json.loads(captured.out)["runs"]
    assert [entry["source"] for entry in runs] == paths
    assert [entry["status"] for entry in runs] == ["unreadable", "ill", "unreadable", "healthy", "ill"]
    assert "error: missing.csv: no such file or directory" in captured.err
    assert "error: empty.csv: " in captured.err


def test_select_and_ignore_take_codes_families_and_names(capsys: pytest.CaptureFixture[str]) -> None:
    def codes(*args: str) -> set[object]:
        run("nan.csv", "--format", "json", *args)
        return {finding["code"] for finding in shown(capsys)[0]["findings"]}  # type: ignore[attr-defined]

    assert "NUM301" in codes()
    assert codes("--select", "NUM301") == {"NUM301"}
    assert codes("--select", "nonfinite-loss") == {"NUM301"}
    assert codes("--select", "opt101, num") == {"NUM301"}
    assert "NUM301" not in codes("--ignore", "NUM")


def test_an_unknown_code_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("nan.csv", "--ignore", "oscilating-loss") == 2
    assert capsys.readouterr() == (
        "",
        "error: unknown code `oscilating-loss`\nhelp: did you mean `oscillating-loss`?\n",
    )


def test_roles_can_be_told(capsys: pytest.CaptureFixture[str]) -> None:
    run("good.csv", "--map", "val/loss=eval", "--format", "json")
    assert shown(capsys)[0]["roles"]["val/loss"] == "eval"  # type: ignore[index]


def test_a_pipe_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    run("nan.csv")
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("nan.csv: ill: ")
    assert second.startswith("nan.csv:31: error NUM301 ")


def test_a_directory_of_runs_expands_sorted(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("b", "a", "c"):
        (place / "many" / name).mkdir(parents=True)
        (place / "many" / name / "log.csv").write_bytes((place / "good.csv").read_bytes())
    assert run("many", "--format", "json") == 0
    sources = [str(entry["source"]) for entry in shown(capsys)]
    assert sources == sorted(sources)
    assert [source.split("/")[1] for source in sources] == ["a", "b", "c"]


def test_a_recipe_beside_the_log_is_known(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "recipe.yaml").write_text("name: x\noptimizer: {name: sgd, lr: 1}\n")
    run("nan.csv", "--format", "github")
    assert "::error file=recipe.yaml,title=NUM301" in capsys.readouterr().out


def test_standard_input(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((place / "nan.csv").read_bytes())))
    assert run("-") == 1
    assert "-:31: error NUM301 " in capsys.readouterr().out
