"""`optcli parts`."""

import json
import subprocess
import sys

import pytest

from optcli.cli import main
from optcli.commands.parts import command
from optcli.parts import KINDS, forget, names


def test_lists_all_parts(capsys):
    command()
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if line.endswith(":")] == [f"{kind}:" for kind in KINDS]
    for kind in KINDS:
        for name in names(kind):
            assert f"\n  {name} " in out


@pytest.mark.parametrize("kind", ["loss", "losses"])
def test_lists_one_kind(capsys, kind):
    command(kind)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "loss:"
    assert [line.split()[0] for line in lines[1:]] == names("loss")


def test_shows_one_part(capsys):
    command("schedule", "linear")
    told, common, _ = capsys.readouterr().out.partition("\nof any schedule:\n")
    assert common
    assert told == (
        "schedule linear\n\n"
        "A straight decay from the peak to the floor at the end of the run.\n\n"
        "A safe default: for a run of fixed length, linear to zero does as well as cosine or better, and "
        "needs no shape.\n\n"
        'Source: Bergsma et al. 2025, "Straight to Zero", arXiv 2502.15938.\n\n'
        "options:\n"
        "  warmup: duration (default 0)\n      Length of the linear rise at the start.\n"
        "  warmup_from: number >= 0, <= 1 (default 0)\n      Share of the rate that the rise starts from.\n"
        "  min_ratio: number >= 0, <= 1 (default 0)\n      Floor at the end, as a share of the peak.\n"
    )


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("optimizer", "adam", ["groups: mapping (default {})", "layer_decay: number > 0, <= 1 (default 1)"]),
        ("schedule", "cosine", ["unit: step | epoch (default step)", "min_lr: number or null >= 0 (default null)"]),
        ("model", "mlp", ["freeze: list of texts (default [])"]),
        ("data", "csv", ["batch_size: integer (default 64)"]),
    ],
)
def test_shows_what_goes_with_any_of_the_kind(capsys, kind, name, told):
    command(kind, name)
    said = capsys.readouterr().out
    assert f"of any {kind}:" in said
    assert all(f"  {line}" in said for line in told)


def test_says_when_there_are_no_options(capsys):
    command("metric", "mae")
    assert capsys.readouterr().out.endswith("\nno options\n")


def test_json(capsys):
    command(form="json")
    assert {kind: [p["name"] for p in parts] for kind, parts in json.loads(capsys.readouterr().out).items()} == {
        kind: names(kind) for kind in KINDS
    }
    command("model", "linear", form="json")
    assert json.loads(capsys.readouterr().out)["options"][0] == {
        "name": "bias", "type": "true or false", "limits": "", "default": "true",
        "doc": "Add a constant to each output.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "error", "help"),
    [
        (["engine"], "unknown kind of part `engine`", "there is: optimizer, schedule, regularizer"),
        (["optimiser"], "unknown kind of part `optimiser`", "did you mean `optimizer`?"),
        (["adamw"], "unknown kind of part `adamw`", "did you mean `optcli parts optimizer adamw`?"),
        (["loss", "hinge"], "unknown loss `hinge`", "there is: bce, cross_entropy"),
        (["optimizer", "adma"], "unknown optimizer `adma`", "did you mean `adam`?"),
        (["--format", "yaml"], "--format: `yaml` is none of text, json", ""),
    ],
)
def test_what_is_unknown_is_told_with_what_there_is(capsys, words, error, help):
    told = ended(capsys, words)
    assert told.startswith(f"error: {error}\n")
    assert help in told


def ended(capsys, words):
    """What a call that is refused says on stderr."""
    with pytest.raises(SystemExit) as caught:
        main(["parts", *words])
    assert caught.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    return told.err


def test_own_parts_are_listed(capsys, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("import optcli\n\n@optcli.loss\ndef zebra(output, target, k: int = 2):\n    '''Stripes.'''\n")
    command("loss", "zebra", imports=[file])
    forget()
    assert capsys.readouterr().out == "loss zebra\n\nStripes.\n\noptions:\n  k: int (default 2)\n"


def test_without_a_docstring_there_is_no_gap(capsys, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("import optcli\n\n@optcli.loss\ndef zebra(output, target, k: int = 2): pass\n")
    command("loss", "zebra", imports=[file])
    forget()
    assert capsys.readouterr().out == "loss zebra\n\noptions:\n  k: int (default 2)\n"


def test_a_file_that_fails_is_told(capsys, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("1 / 0\n")
    assert ended(capsys, ["--import", str(file)]) == f"error: {file}:1: ZeroDivisionError: division by zero\n"


def test_nothing_heavy_is_imported():
    code = (
        "import sys; from optcli.cli import main\n"
        "try: main(['parts', 'model', 'gpt'])\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "heavy = {'torch', 'numpy', 'tensorboard', 'matplotlib'} & set(sys.modules); assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("model gpt\n")


def test_another_library_s_name_leads_to_ours(capsys):
    command("schedule", "OneCycleLR")
    assert capsys.readouterr().out.startswith("schedule one_cycle\n")


def test_says_what_a_regularizer_reports(capsys):
    command("regularizer", "clip_norm")
    told = capsys.readouterr().out
    assert "in the journal, at each evaluation:\n  clip_norm/clipped_steps\n      share of steps" in told
    command("schedule", "linear")
    assert "in the journal" not in capsys.readouterr().out


def test_families_are_listed_with_a_place_for_the_name(capsys):
    command("optimizer")
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "pytorch-optimizer" in lines["zoo:NAME"]
    assert {"bnb:NAME", "torchao:NAME"} <= set(lines)


@pytest.mark.parametrize("name", ["zoo", "zoo:"])
def test_the_members_of_a_family(capsys, name):
    pytest.importorskip("pytorch_optimizer", reason="needs the extra `zoo`")
    command("optimizer", name)
    listed = capsys.readouterr().out.splitlines()
    assert {"zoo:lion", "zoo:lamb"} <= set(listed)
    command("optimizer", "zoo:lamb")
    assert "Learning rate." in capsys.readouterr().out


def test_a_family_without_its_package(capsys, monkeypatch):
    monkeypatch.setattr("optcli.parts.optimizers._families._source.folder", lambda name: None)
    assert "help: pip install 'optcli[zoo]'" in ended(capsys, ["optimizer", "zoo:"])
