import json
import sys
import threading
from pathlib import Path

import pytest

from optcli.commands import reading
from optcli.exits import Exit, Failure

ROWS = "step,loss\n" + "".join(f"{s},{2 / s}\n" for s in range(1, 30))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.csv").write_text(ROWS)
    return tmp_path


def test_a_bad_path_costs_only_itself(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "broken.csv").write_bytes(b"\x00\x01")
    read = reading.reports(["log.csv", "broken.csv", "none"])
    assert [report.diagnosis.status for report in read.reports][1:] == ["unreadable", "unreadable"]
    assert [report.run is None for report in read.reports] == [False, True, True]
    assert read.status == Exit.USAGE
    read.complain()
    first, second, third = capsys.readouterr().err.splitlines()
    assert first == "error: none: no such file or directory"
    assert second == "error: broken.csv: not a log format that is known"
    assert third.startswith("help: ")


def test_a_dangling_link_and_a_link_loop_are_told(place: Path) -> None:
    (place / "dangling").symlink_to("nowhere")
    (place / "loop").symlink_to("loop")
    read = reading.reports(["dangling", "loop"])
    assert [report.diagnosis.status for report in read.reports] == ["unreadable"] * 2
    assert read.status == Exit.NOTHING_TO_READ


def test_a_growing_run_goes_on_unless_it_says_otherwise() -> None:
    (grown,) = reading.growing("log.csv", None, None, None, [])
    assert grown.run is not None
    assert grown.run.end == "running"
    (whole,) = reading.reports(["log.csv"]).reports
    assert whole.run is not None
    assert whole.run.end != "running"


def test_the_recipe_of_a_run_directory_or_beside_a_log(place: Path) -> None:
    assert reading.recipe_of("log.csv") is None
    assert reading.recipe_of("-") is None
    (place / "run").mkdir()
    (place / "run" / "recipe.yaml").touch()
    assert reading.recipe_of("run") == "run/recipe.yaml"
    assert reading.recipe_of("run/log.csv") == "run/recipe.yaml"


def test_codes_families_and_names() -> None:
    assert reading.codes(["opt101, NUM", "oscillating-loss"]) == ["OPT101", "NUM", "OPT101"]
    assert reading.codes(["RUN702", ""]) == ["RUN702"]
    assert reading.codes(None) == []
    with pytest.raises(Failure, match="unknown code `OPT999`"):
        reading.codes(["OPT999"])


def test_mapping() -> None:
    assert reading.mapping(["val/loss=a=b", " lr = x "]) == {"val/loss": "a=b", "lr": "x"}
    assert reading.mapping(["val_loss=my/metric", "grad_norm=g"]) == {"val/loss": "my/metric", "grad_norm": "g"}
    assert reading.mapping(None) is None
    for wrong in ("loss", "=a", "lr="):
        with pytest.raises(Failure, match="is not of the form ROLE=NAME"):
            reading.mapping([wrong])


def test_a_role_that_nothing_is_judged_by_is_refused() -> None:
    good = ["val/f1=a", "grad_norm/head.weight=b", "step_time=c"]
    assert reading.mapping(good) == {"val/f1": "a", "grad_norm/head.weight": "b", "step_time": "c"}
    for wrong, help in (("vall/loss", "did you mean `val/loss`?"), ("colour", "roles: train/loss, "), ("val", "")):
        with pytest.raises(Failure, match=f"unknown role `{wrong}`") as told:
            reading.mapping([f"{wrong}=a"])
        assert help in told.value.help


def test_a_mapped_column_must_be_there(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("step,loss,held_out\n" + "".join(f"{i},{2 / (i + 1)},{2 / (i + 1)}\n" for i in range(9)))
    assert reading.reports([str(log)], {"val/loss": "held_out"}).status == 0
    with pytest.raises(Failure, match="no such column") as told:
        reading.reports([str(log)], {"val/loss": "held_uot"})
    assert "did you mean `held_out`" in told.value.help


def test_the_column_of_the_steps_can_be_told(tmp_path: Path) -> None:
    rows = [(i * 50, 2 / (i + 1), 7) for i in range(9)]
    logs = {
        "log.csv": "seen,loss,fixed\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows),
        "log.jsonl": "".join(f'{{"seen": {a}, "loss": {b}, "fixed": {c}}}\n' for a, b, c in rows),
        "log.json": json.dumps(dict(zip(("seen", "loss", "fixed"), map(list, zip(*rows, strict=True)), strict=True))),
    }
    for name, text in logs.items():
        (tmp_path / name).write_text(text)
        (report,) = reading.reports([str(tmp_path / name)], reading.mapping(["step=seen"])).reports
        assert report.run is not None
        assert report.run.curves["train/loss"].step.tolist() == [row[0] for row in rows]
        assert report.run.roles == {"train/loss": "loss", "step": "seen"}
        assert report.run.axis == "step"
        assert "seen" not in report.run.curves
        with pytest.raises(Failure, match="--map step=sean: no such column") as told:
            reading.reports([str(tmp_path / name)], {"step": "sean"})
        assert "did you mean `seen`" in told.value.help


def test_a_told_column_that_counts_nothing_is_said_to_be_none(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("fixed,loss\n" + "".join(f"7,{2 / (i + 1)}\n" for i in range(9)))
    (report,) = reading.reports([str(log)], {"step": "fixed"}).reports
    assert report.run is not None
    assert report.run.axis == "row"
    assert report.run.notes[0].message == "`fixed` is constant; rows are counted"


@pytest.mark.parametrize("given", ["(", "x", "(?:a)"])
def test_a_pattern_that_reads_nothing_is_a_mistake_in_the_command(given: str) -> None:
    with pytest.raises(Failure, match="--pattern: no ") as caught:
        reading.pattern(given)
    assert caught.value.code == Exit.USAGE
    assert "(?P<loss>" in caught.value.help


def test_a_good_pattern_stays() -> None:
    assert reading.pattern(None) is None
    assert reading.pattern("(?P<loss>.)") == "(?P<loss>.)"


def test_who_was_told_in_the_report_hears_only_what_may_help(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "prose.txt").write_text("no numbers at all\n")
    read = reading.reports(["prose.txt", "none"])
    read.complain(told=True)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("help: any text can be read by --pattern")


def test_what_takes_long_is_said_on_a_terminal_only(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = threading.Event()

    def read(*args: object, **more: object) -> list[object]:
        assert said.wait(10) == sys.stderr.isatty()
        return []

    monkeypatch.setattr(reading, "MOMENT", 0.0)
    monkeypatch.setattr(reading, "read", read)
    monkeypatch.setattr(
        reading, "say", lambda kind, message: (print(f"{kind}: {message}", file=sys.stderr), said.set())
    )
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    reading.reports(["."])
    out, err = capsys.readouterr()
    assert (out, err) == ("", "note: looking for training logs below . ...\n")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    monkeypatch.setattr(said, "wait", lambda seconds: False)
    reading.reports(["log.csv"])
    assert capsys.readouterr() == ("", "")


def test_trainings_are_counted_from_1(tmp_path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("epoch,loss\n" + "".join(f"{i},{n}\n" for n in (1, 2) for i in range(6)))
    with pytest.raises(Failure, match="trainings are counted from 1, not 0"):
        reading.reports([str(log)], training=0)
    (report,) = reading.reports([str(log)], training=1).reports
    assert report.run is not None
    assert report.run.curves["train/loss"].value.tolist() == [1] * 6
    missing = reading.reports([str(log)], training=3)
    assert missing.status == 5
    assert "2 trainings" in missing.unreadable[0].reason
