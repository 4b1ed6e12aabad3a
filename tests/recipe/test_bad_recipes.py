"""Bad recipes: each is refused in few lines that name the place, what is wrong and what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from optcli.recipe import loads
from optcli.recipe.problem import BadRecipe, Problem
from optcli.show.problem import lines

D = "data: toy\n"
SEQUENCE = D + "schedule: {{name: sequence, stages: [{{name: constant, until: 30%}}, {}]}}\n"

BAD = [
    # text, line of the (only) problem, part of the message, part of the help
    ("", 1, "the recipe is empty", "data: fashion"),
    ("# nothing\n", 1, "the recipe is empty", ""),
    ("{}", 1, "the recipe is empty", ""),
    ("- data: toy\n", 1, "this is a list", ""),
    ("fashion", 1, "this is a single value", ""),
    ("3\n", 1, "this is a single value", ""),
    ("seed: 1\n", 1, "`data` is missing", "toy_table"),
    ("data:\n", 1, "`data` is missing", ""),
    ("data: 3\n", 1, "must be the name of a data set", "toy"),
    ("data: [toy]\n", 1, "must be the name of a data set, not a list", ""),
    ("data: {n: 3}\n", 1, "`name` is missing", "toy"),
    ("data: {naem: toy}\n", 1, "unknown key `naem` in `data`", "did you mean `name`?"),
    (D + "regularizers: [{nmae: dropout, rate: 0.2}]\n", 2, "unknown key `nmae`", "did you mean `name`?"),
    (D + "regularizers: [{rate: 0.2}]\n", 2, "`name` is missing: which regularizer?", "dropout"),
    ("data: {name: toy, n: 0}\n", 1, "`data.n` must be a whole number of 1 or more, not 0", ""),
    ("data: {name: toy, batch_size: 2000}\n", 1, "a step needs 2,000 samples, the data has 1,000", "smaller batch"),
    ("data: {name: toy, batch_size: -1}\n", 1, "not -1", ""),
    ("data: {name: toy, batch_size: 64.5}\n", 1, "must be a whole number", ""),
    ("data: {name: toy, file: gone.csv}\n", 1, "gone.csv can't be read: no such file", ""),
    ("data: {name: toy, file: odd}\n", 1, "line 3 of `odd` has 2 columns", "remove it"),
    (D + "data: toy\n", 2, "`data` is given twice, first on line 1", "remove"),
    (D + "optimizer:\n  lr: 1\n  lr: 2\n", 4, "`lr` is given twice, first on line 3", ""),
    (D + "optimizer: {lr: 0}\n", 2, "`optimizer.lr` must be a number above 0, not 0", ""),
    (D + "optimizer: {lr: -1e-3}\n", 2, "not -0.001", ""),
    (D + "optimizer: {lr: .inf}\n", 2, "must be a number above 0, not .inf", ""),
    (D + "optimizer: {lr: -.inf}\n", 2, "not -.inf", ""),
    (D + "optimizer: {lr: .nan}\n", 2, "must be a number above 0, not .nan", ""),
    (D + "optimizer: {lr: 1e999}\n", 2, "above 1.8e308", ""),
    (D + "optimizer: {lr: '0.001'}\n", 2, 'not the text "0.001"', "remove the quotes: 0.001"),
    (D + "optimizer: {lr: 1_000}\n", 2, 'not the text "1_000"', "write 1000"),
    (D + "optimizer: {lr: 5%}\n", 2, 'not the text "5%"', "write 0.05"),
    (D + "optimizer: {lr: fast}\n", 2, 'not the text "fast"', ""),
    (D + "optimizer: {lr: true}\n", 2, "not true", ""),
    (D + "optimizer:\n  lr:\n", 3, "`optimizer.lr` has no value", "remove the key"),
    (D + "optimizer: {lr: [1e-3]}\n", 2, "not a list", "without brackets"),
    (D + "optimizer: {lr: 11}\n", 2, "a rate of 11 is beyond any use of adam", "at most 10"),
    (D + "optimizer: {name: sgd, lr: 1000}\n", 2, "beyond any use of sgd", "at most 100"),
    (D + "optimizer: {lr: 1, weight_decay: 1}\n", 2, "each step would erase the weights", "below 1 / lr"),
    (D + "optimizer: {decay: l2}\n", 2, "`decay: l2` has no effect", ""),
    (D + "optimizer: {name: sgd, nesterov: true}\n", 2, "no effect without momentum", "momentum: 0.9"),
    (D + "optimizer: {betas: [0.9]}\n", 2, "must be a list of 2", ""),
    (D + "optimizer: {betas: 0.9}\n", 2, "must be a list of 2", ""),
    (D + "optimizer: {betas: [0.9, 1.0]}\n", 2, "`optimizer.betas[1]` must be a number from 0 to below 1", ""),
    (D + "optimizer: 3\n", 2, "must be the name of an optimizer, not 3", "adamw"),
    (D + "optimizer: {name: adam, lr:1e-3}\n", 2, "unknown key `lr:1e-3`", "write `lr: 1e-3`, with a space"),
    ("seed 0\n" + D, 1, "a line without `:`", "key: value"),
    ("data: toy\nseed:0\nloss: cross_entropy\n", 2, "a line without `:`", "key: value"),
    (D + "model: {name: mlp, hidden: 16}\n", 2, "must be a list", "write [16]"),
    (D + "regularizers: {dropout: 0.2}\n", 2, "must be a list, not a mapping", "[{name: dropout, ...}]"),
    (D + "optimizer: adma\n", 2, "unknown optimizer `adma`", "did you mean `adam`?"),
    (D + "optimizer: {nmae: sgd}\n", 2, "unknown key `nmae`", "did you mean `name`?"),
    (D + "optimiser: sgd\n", 2, "unknown key `optimiser` in the recipe", "did you mean `optimizer`?"),
    (D + "optimizer: {learning_rate: 1}\n", 2, "unknown key `learning_rate`", "did you mean `lr`?"),
    (D + "lr: 1e-3\n", 2, "unknown key `lr` in the recipe", "it belongs under `optimizer`"),
    (D + "epochs: 3\n", 2, "unknown key `epochs` in the recipe", "it belongs under `train`"),
    (D + "model: {name: mlp, dropout: 0.2}\n", 2, "unknown key `dropout`", "it is a regularizer"),
    (D + "train: {optimizer: sgd}\n", 2, "unknown key `optimizer` in `train`", "top key"),
    (D + "model: {name: mlp, hidden: 64}\n", 2, "must be a list", ""),
    (D + "model: {name: mlp, hidden: [64, -1]}\n", 2, "`model.hidden[1]` must be", ""),
    (D + "model: gpt\n", 2, "`gpt` takes tokens, the data gives image", "mlp"),
    (D + "loss: mse\n", 2, "`mse` is not for classification", "cross_entropy"),
    (D + "loss: cross-entropy\n", 2, "unknown loss `cross-entropy`", "did you mean `cross_entropy`?"),
    (D + "metrics: accuracy\n", 2, "`metrics` must be a list", "write metrics: [accuracy]"),
    (D + "metrics: [accuracy, r2]\n", 2, "`r2` is not for classification", "accuracy"),
    (D + "metrics: [accuracy, accuracy]\n", 2, "the metric `accuracy` is listed twice", ""),
    (D + "schedule: {name: cosine, warmup: 100%}\n", 2, "the warm-up takes 75 steps, the whole run 75", ""),
    (D + "schedule: {name: cosine, warmup: 500}\n", 2, "the warm-up takes 500 steps", ""),
    (D + "schedule: {name: cosine, warmup: long}\n", 2, "'long' is not a duration", "write steps (500)"),
    (D + "schedule: {name: cosine, warmup: -5}\n", 2, "is not a duration", ""),
    (D + "schedule: {name: step, every: 30 epochs}\n", 2, "", ""),
    (D + "schedule: [cosine]\n", 2, "must be the name of a schedule, not a list", "cosine"),
    (D + "regularizers: dropout\n", 2, "`regularizers` must be a list", "write regularizers: [dropout]"),
    (D + "regularizers: {dropout: 0.2}\n", 2, "`regularizers` must be a list, not a mapping", ""),
    (D + "regularizers: [{dropout: {rate: 0.2}}]\n", 2, "`dropout` is not a key here", "{name: dropout, rate: ...}"),
    (D + "regularizers: [dropout: ]\n", 2, "there is no `dropout` to remove", "{name: dropout}"),
    (D + "regularizers: [{name: dropout, rate: 1.0}]\n", 2, "from 0 to below 1, not 1.0", ""),
    (D + "regularizers:\n- dropout\n- name: dropout\n", 4, "the regularizer `dropout` is listed twice", ""),
    (D + "optimizer: {weight_decay: 0.1}\nregularizers: [{name: l2}]\n", 3, "both `l2` and", "keep one"),
    (D + "model: linear\nregularizers: [dropout]\n", 3, "`dropout` needs hidden units", ""),
    ("data: toy_table\nregularizers: [label_smoothing]\n", 2, "no effect on the loss `mse`", ""),
    (D + "train: {epochs: 3, steps: 100}\n", 2, "both `epochs` and `steps`", "remove one"),
    (D + "train: {epochs: 0}\n", 2, "`train.epochs` must be a whole number", ""),
    (D + "train: {epochs: 2.5}\n", 2, "not 2.5", ""),
    (D + "train: {steps: '100'}\n", 2, 'not the text "100"', "remove the quotes: 100"),
    (D + "train: {eval_every: 0}\n", 2, "`eval_every` is 0 steps", "1 epoch"),
    (D + "train: {checkpoint_every: 0%}\n", 2, "`checkpoint_every` is 0 steps", ""),
    (D + "train: {eval_every: 10 epochs}\n", 2, "`eval_every` is 150 steps, the whole run 75", ""),
    (D + "train: {eval_every: 150%}\n", 2, "more than the whole run", ""),
    (D + "train: {keep: 0}\n", 2, "`train.keep` must be a whole number of 1 or more", ""),
    (D + "train: {precision: fp8}\n", 2, "must be one of fp32, tf32, bf16, fp16, fp64", "`fp32`, `fp16` or `fp64`"),
    (D + "train: {precision: fp16, device: cpu}\n", 2, "fp16 is for GPUs", "bf16"),
    (D + "train: {compile: true}\n", 2, "not true", "write on"),
    (D + "train: {deterministic: yes}\n", 2, 'must be true or false, not the text "yes"', "write true"),
    (D + "train: {device: gpu0}\n", 2, "must be auto, cpu, cuda, cuda:1 or mps", ""),
    (D + "train: {threads: some}\n", 2, "must be `auto` or a whole number", ""),
    (D + "train: {target: {r2: 0.9}}\n", 2, "`r2` is not among the metrics", "accuracy, loss"),
    (D + "train: {accumulate: 8}\n", 2, "steps of 8 leave 7 of them unused", "for instance 7"),
    (D + "train: {accumulate: 16}\n", 2, "a step needs 1,024 samples", "smaller batch"),
    (D + "train: 5\n", 2, "`train` must be a mapping, not 5", ""),
    (D + "train: {steps: 10}\nregularizers: [early_stopping]\n", 3, "only the one at its end", "eval_every"),
    (D + "schedule: {name: plateau, metric: r2}\n", 2, "`r2` is not among the metrics", ""),
    (D + "monitor: {eror: stop}\n", 2, "unknown key `eror`", "did you mean `error`?"),
    (D + "monitor: {error: halt}\n", 2, "must be one of warn, stop, ignore", ""),
    (D + "monitor: {ignore: [opt101]}\n", 2, "such as OPT101", ""),
    (D + "monitor: {nonfinite: rollback}\ntrain: {epochs: 1}\n", 2, "goes back to a checkpoint", "checkpoint_every"),
    (D + "seed: -1\n", 2, "`seed` must be a whole number from 0", ""),
    (D + "seed: true\n", 2, "not true", ""),
    (D + "name: ../up\n", 2, "`name` must be the name of a directory", ""),
    (D + "tune: {optimizer.lrr: [1]}\n", 2, "unknown key `lrr`", "did you mean `lr`?"),
    (D + "tune: {optimizer.lr: 3}\n", 2, "must be a list or a range, not 3", "{min:"),
    (D + "tune: {optimizer.lr: {min: 1, max: 0.1}}\n", 2, "max is not above min", "swap"),
    (D + "tune: {optimizer.lr: {min: 0, max: 1, log: true}}\n", 2, "no logarithm of 0", ""),
    (D + "tune: {optimizer.lr: {mni: 1, max: 2}}\n", 2, "", ""),
    (D + "tune: {speed: [1]}\n", 2, "`speed` is no recipe path", ""),
    (D + "schedule: sequence\n", 2, "`schedule.stages` is missing", "each a mapping with a `name`"),
    (SEQUENCE.format("{until: 3}"), 2, "`schedule.stages[1].name` is missing", "known: constant"),
    (SEQUENCE.format("{name: plateau}"), 2, "`schedule.stages[1].name` can't be the text", "known: constant"),
    (SEQUENCE.format("{name: CosineAnnealingLr}"), 2, "`schedule.stages[1].name` can't be", "did you mean `cosine`?"),
    (SEQUENCE.format("{name: OneCycleLR}"), 2, "`schedule.stages[1].name` can't be", "write `one_cycle`"),
    (SEQUENCE.format("{name: wsd, dekay: 3}"), 2, "unknown key `dekay` in `schedule.stages[1]`", "mean `decay`"),
    (SEQUENCE.format("{name: step, at: 3}"), 2, "unknown key `at` in `schedule.stages[1]`", "known: warmup"),
    (SEQUENCE.format("{name: wsd, shape: cos}"), 2, "`schedule.stages[1].shape` must be one of 1-sqrt", "`cosine`"),
    (SEQUENCE.format("wsd"), 2, "`schedule.stages[1]` must be a mapping", ""),
    (SEQUENCE.format("{name: wsd, until: 20%}"), 2, "stage 2 (`wsd`) ends at step 15 and would begin at step 23", ""),
    (SEQUENCE.format("{name: wsd, until: 40%}"), 2, "stage 2 (`wsd`) ends at step 30, the run at step 75", "`until`"),
    (SEQUENCE.format("{name: wsd}, {name: linear}"), 2, "stage 2 (`wsd`) ends at step 75, the run", "earlier `until`"),
    (SEQUENCE.format("{name: wsd, warmup: 70}"), 2, "stage 2 (`wsd`): the warm-up takes 70 steps, the whole", ""),
    (D + "schedule: {name: CosineAnnealingLR, eta_min: 0}\n", 2, "unknown key `eta_min`", "mean `min_lr`"),
    (D + "schedule: {name: OneCycleLR, pct_start: 0}\n", 2, "unknown key `pct_start`", "mean `peak_at`"),
    (D + "schedule: LinearLR\n", 2, "unknown schedule `LinearLR`", "`linear` is the decay to the end"),
    (D + "schedule: {name: cosine, groups: {}}\n", 2, "unknown key `groups`", "it belongs under `optimizer`"),
    (D + "schedule: {name: cosine, unit: epochs}\n", 2, "`schedule.unit` must be one of step, epoch", "`epoch`"),
    (D + "schedule: {name: cosine, min_lr: 1e-4, min_ratio: 0.1}\n", 2, "both set the floor", "remove one of them"),
    (D + "schedule: {name: constant, min_lr: 1e-4}\n", 2, "`constant` has no floor", "remove `min_lr`"),
    (D + "schedule: {name: cosine, min_lr: 0.5}\n", 2, "the floor 0.5 lies above the rate 0.001", "choose less than"),
    (D + "schedule: {name: cosine, momentum: [0.9]}\n", 2, "`schedule.momentum` must be a list of 2", ""),
    (
        D + "schedule: {name: cosine, momentum: {end: 1}}\n",
        2,
        "`schedule.momentum.start` is missing",
        "a number from 0",
    ),
    (D + "schedule: {momentum: {start: 0, ent: 0.5}}\n", 2, "unknown key `ent`", "mean `end`"),
    (D + "schedule: {momentum: {start: 0, end: 1}}\n", 2, "a momentum of 1 never forgets", "less than 1"),
    (D + "schedule: {momentum: {start: 0, end: 0.5, over: 0}}\n", 2, "`over` is 0 steps", "30%"),
    (D + "schedule: {momentum: [0.8, 0.9]}\n", 2, "`constant` plans none that changes", "its own way"),
    (D + "schedule: {name: linear, weight_decay: [1, 0]}\n", 2, "`adam` has no weight decay", "optimizer.weight_decay"),
    (D + "schedule: {name: linear, momentum: [0, 0.5]}\noptimizer: sgd\n", 2, "`sgd` has no momentum", "set `opt"),
    (D + "schedule: {name: linear, momentum: [0, 0.5]}\noptimizer: adagrad\n", 2, "has no momentum", "remove it"),
    (D + "tune: [1]\n", 2, "`tune` must be a mapping", ""),
    (D + "extends: nowhere.yaml\n", 2, "there is no file `nowhere.yaml`", ""),
    (D + "extends: 3\n", 2, "`extends` must be a file", ""),
    (D + "loss: !!python/object/apply:os.system [id]\n", 2, "tags such as", ""),
    (D + "loss: *loss\n", 2, "has no `&loss` before it", "quotes"),
    (D + "optimizer:\n\tlr: 1\n", 3, "a tab in the indentation", "spaces"),
    (D + "model: {name: mlp\n", 2, "a `{` is not closed", ""),
    (D + "model: [1, 2\nseed: 1\n", 2, "a `[` is not closed", ""),
    (D + "name: 'x\n", 2, "a quote is not closed", ""),
    (D + "loss: a: b\n", 2, "a `:` where none can stand", ""),
    (D + "loss: @x\n", 2, "can't begin a value", "quotes"),
    (D + "? [a]\n: b\n", 2, "a key must be a plain name", ""),
    (D + "---\ndata: toy\n", 2, "a second document", ""),
    (D + "loss: \x00\n", 2, "a character that no text has (U+0000)", "UTF-8"),
    (D + "loss: \x1b[2J\n", 2, "U+001B", ""),
    (D + "<<: {seed: 1}\n", 2, "unknown key `<<`", "merge keys are not read: write the values out, or `extends:"),
    (D + "optimizer: {<<: {lr: 1}}\n", 2, "unknown key `<<` in the optimizer `adam`", "merge keys are not read"),
    (D + "regularizers: [null]\n", 2, "must be the name of a regularizer, not nothing", "known: agc, "),
    (D + "regularizers:\n  -dropout\n", 3, "must be a list, not the text", "write regularizers: [dropout]"),
    (D + "train: {target: .inf}\n", 2, "must be a number or a mapping, not .inf", "write a finite number"),
    (D + "train: {target: {acuracy: 0.9}}\n", 2, "`acuracy` is not among the metrics", "did you mean `accuracy`?"),
    (D + "schedule: {name: plateau, metric: val/acuracy}\n", 2, "is not among the metrics", "mean `accuracy`?"),
]


def problems(text: str, *overrides: str) -> tuple[Problem, ...]:
    with pytest.raises(BadRecipe) as caught:
        loads(text, "r.yaml", overrides)
    return caught.value.problems


@pytest.mark.parametrize(("text", "line", "message", "help"), BAD, ids=[repr(bad[0])[:60] for bad in BAD])
def test_a_bad_recipe_is_refused_with_place_and_help(text: str, line: int, message: str, help: str) -> None:
    found = problems(text)
    first = found[0]
    assert (first.file, first.line) == ("r.yaml", line)
    assert message in first.message
    assert help in first.help
    assert first.column >= 1
    for problem in found:
        shown = lines(problem)
        assert len(shown) <= 8
        assert shown[0].startswith(f"r.yaml:{problem.line}:{problem.column}: error: ")
        assert "\x1b" not in "".join(shown)
        assert not problem.message.endswith(".")


def test_there_are_enough_of_them() -> None:
    assert len(BAD) >= 65


def test_all_mistakes_are_told_at_once_in_the_order_of_the_text() -> None:
    text = (
        "seed: x\ndata: {name: toy, m: 3}\nmodel: {name: mpl}\noptimizer:\n  name: adam\n  lr: -1\n  wieght_decay: 0\n"
        "schedule: {name: cosine, warmup: 9 epochs}\ntrain: {epochs: 3, eval_every: 0}\nfoo: 1\n"
    )
    assert [p.line for p in problems(text)] == [1, 2, 3, 6, 7, 8, 9, 10]


@pytest.mark.parametrize(
    ("part", "more"),
    [
        ("optimizer: {name: admaw, lr: -1}", ["`optimizer.lr` must be a number above 0, not -1"]),
        ("optimizer: {name: admaw, lr: 1e-3, nesterov: true}", []),  # another optimizer may have that
        ("optimizer: {name: unheard_of, lr: -1}", []),
        ("regularizers: [{name: dropuot}]", []),  # what the nearest needs, another may not
        (
            "regularizers: [{name: dropuot, rate: 3}]",
            ["`regularizers.rate` must be a number from 0 to below 1, not 3"],
        ),
    ],
)
def test_options_of_a_mistyped_name_are_checked_as_those_of_the_nearest(part: str, more: list[str]) -> None:
    first, *others = problems(f"{D}{part}\n")
    assert first.message.startswith("unknown ")
    assert [p.message for p in others] == more


def test_one_mistake_is_told_once() -> None:
    """What a wrong value would mean for others is not told."""
    assert len(problems(D + "train: {epochs: -1}\nschedule: {warmup: 500}\n")) == 1
    assert len(problems("data: {name: toy, n: x}\nloss: mse\n")) == 1
    assert [p.message for p in problems("dta: toy\n")] == ["unknown key `dta` in the recipe"]


def test_a_column_and_a_caret_point_at_the_value() -> None:
    (problem,) = problems(D + "optimizer: {name: adam, lr: -10}  # too low\n")
    assert lines(problem) == [
        "r.yaml:2:29: error: `optimizer.lr` must be a number above 0, not -10",
        " 2 | optimizer: {name: adam, lr: -10}  # too low",
        "   |                             ^^^",
    ]


def test_a_path_as_deep_as_the_stack_is_refused() -> None:
    (problem,) = problems(D, "optimizer" + ".x" * 5000 + "=1")
    assert problem.message == "a path of more than 20 steps"
    assert (problem.file, problem.line, problem.column) == ("<override 1>", 1, 1)


def test_the_option_that_the_data_complain_of_is_pointed_at() -> None:
    for file in ("odd", "torn.csv"):
        (problem,) = problems(f"data: {{name: toy, n: 30, file: {file}}}\n")
        assert (problem.column, problem.path) == (32, "data.file")


def test_a_pattern_with_dots_is_pointed_at() -> None:
    (problem,) = problems(D + "optimizer:\n  groups:\n    a: {lr: 1}\n    blocks.0: {lr: 1, lr_scale: 2}\n")
    assert (problem.line, problem.column) == (5, 15)


def test_torch_and_numpy_stay_out() -> None:
    code = (
        "import sys\nfrom optcli.crash import guarded\nfrom optcli.recipe import loads\n"
        "status = guarded(lambda: loads('data: digits\\noptimizer: {name: admaw}\\n', 'r.yaml'))\n"
        "heavy = {'torch', 'numpy', 'tensorboard', 'pandas', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy\nsys.exit(status)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("r.yaml:2:19: error: unknown optimizer `admaw`")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "data",
    [b"\xff\xfe", b"data: toy\nloss: \xe9\n", b"\x89PNG\r\n\x1a\n\x00\x00", b"data: t\x00y", b"\x80\x04\x95"],
    ids=["utf-16", "latin-1", "png", "nul", "pickle"],
)
def test_a_file_that_is_no_text_is_refused(data: bytes, tmp_path: Path) -> None:
    from optcli.recipe import load

    file = tmp_path / "r.yaml"
    file.write_bytes(data)
    with pytest.raises(BadRecipe) as caught:
        load(file)
    assert "UTF-8" in caught.value.problems[0].message + caught.value.problems[0].help
