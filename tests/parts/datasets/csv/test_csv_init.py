"""Own tables: what is understood, what is refused and where, and that no part looks at the other."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcli.parts.datasets import csv
from optcli.parts.datasets.csv import survey


@pytest.fixture
def write(tmp_path):
    def write(text, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def lines(header, rows):
    return "\n".join([header, *rows, ""])


def both(path, **options):
    chosen = csv.Options(file=path, **options)
    return csv.facts(chosen), csv.load(chosen, seed=0)


NUMBERS = lines("a,b,y", [f"{i},{i % 7},{i / 10}" for i in range(100)])


def test_numbers_make_a_standardised_regression(write):
    facts, splits = both(write(NUMBERS))
    assert (facts.task, facts.train, facts.val, facts.shape, facts.outputs) == ("regression", 80, 20, (2,), 1)
    assert facts.names == ("a", "b")
    assert splits.train_x.dtype == splits.train_y.dtype == np.float32
    np.testing.assert_allclose(splits.train_x.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(splits.train_x.std(axis=0), 1, atol=1e-6)
    assert (splits.train_y.mean(), splits.train_y.std()) == pytest.approx((0, 1), abs=1e-6)
    assert splits.val_y.var() == pytest.approx(facts.target_variance, rel=1e-5)
    np.testing.assert_allclose(splits.val_x[:, 0], splits.val_y[:, 0], atol=1e-6)


def test_validation_has_no_part_in_scaling(write):
    train, val = write(NUMBERS), write(lines("a,b,y", [f"{1000 * i},{i % 7},{i}" for i in range(20)]), "v.csv")
    alone, apart = both(train)[1], both(train, validation_file=str(val))[1]
    column = np.arange(100)
    np.testing.assert_allclose(apart.val_x[:, 0], (1000 * np.arange(20) - column.mean()) / column.std(), rtol=1e-5)
    np.testing.assert_allclose(apart.train_x[:, 0], (column - column.mean()) / column.std(), atol=1e-6)
    assert abs(alone.val_x[:, 0].mean()) > 1e-3  # so that part's mean is not 0: it was not looked at


def test_a_column_that_is_the_same_in_all_training_rows_does_not_explode(write):
    train = write(lines("flag,x,y", [f"123.456,{i},{i / 10}" for i in range(398)]))
    other = write(lines("flag,x,y", [f"123.957,{i},{i / 10}" for i in range(9)]), "v.csv")
    _, splits = both(train, validation_file=other)
    np.testing.assert_allclose(splits.train_x[:, 0], 0, atol=1e-6)
    np.testing.assert_allclose(splits.val_x[:, 0], 0.501, rtol=1e-5)


def test_words_make_a_classification(write):
    rows = [f"{i},{'dog' if i % 3 else 'cat'}" for i in range(30)]
    facts, splits = both(write(lines("x,animal", rows)))
    assert (facts.task, facts.outputs, facts.names) == ("classification", 2, ("cat", "dog"))
    assert splits.train_y.dtype == np.int64
    assert (splits.val_y == 0).sum() == 2
    assert (splits.val_y == 1).sum() == 4


def test_few_whole_numbers_are_classes_in_their_order(write):
    facts, splits = both(write(lines("x,y", [f"{i},{(2, 10, 1)[i % 3]}.0" for i in range(30)])))
    assert facts.names == ("1", "2", "10")
    assert set(splits.train_y) == {0, 1, 2}


def test_task_can_be_named(write):
    path = write(lines("x,y", [f"{i},{i % 3}" for i in range(30)]))
    assert both(path, task="regression")[0].task == "regression"
    assert both(write(NUMBERS, "n.csv"), target="b", task="regression")[0].task == "regression"
    assert both(write(NUMBERS, "m.csv"), target="b", task="classification")[0].outputs == 7


def test_words_become_one_hot_and_unknown_ones_are_nought(write):
    train = write(lines("colour,y", ["red,1.5", "blue,2.5", "red,3.5", ",4.5"]))
    val = write(lines("colour,y", ["green,1.5", "blue,2.5"]), "val.csv")
    facts, splits = both(train, validation_file=val)
    assert facts.names == ("colour red", "colour blue", "colour missing")
    np.testing.assert_array_equal(splits.train_x, [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]])
    np.testing.assert_array_equal(splits.val_x, [[0, 0, 0], [0, 1, 0]])


def test_missing_numbers_get_the_training_median_and_a_flag(write):
    train = write(lines("x,y", ["1,1.5", "3,2.5", "NA,3.5", "8,4.5"]))
    val = write(lines("x,y", ["nan,1.5", "3,2.5"]), "val.csv")
    facts, splits = both(train, validation_file=val)
    assert facts.names == ("x", "x missing")
    np.testing.assert_array_equal(splits.train_x[:, 1], [0, 0, 1, 0])
    assert splits.train_x[2, 0] == splits.train_x[1, 0] == splits.val_x[0, 0] == splits.val_x[1, 0]


def test_statistics_don_t_see_the_validation_part(write):
    rows = [f"{i},{i}.5" for i in range(10)]
    train = write(lines("x,y", rows))
    near, far = (write(lines("x,y", [f"{x},{x}.5"] * 3), f"{x}.csv") for x in (3, 1_000_000))
    np.testing.assert_array_equal(
        both(train, validation_file=near)[1].train_x, both(train, validation_file=far)[1].train_x
    )


def test_target_and_dropped_columns(write):
    facts, _ = both(write(NUMBERS), target="a", drop=("b",))
    assert facts.names == ("y",)


@pytest.mark.parametrize(
    ("options", "inputs", "target"),
    [
        ({"drop": ("y",)}, ("a",), "b"),
        ({"drop": ("b", "y"), "target": "a"}, None, "no input column is left besides the target `a`"),
        ({"drop": ("y",), "target": "y"}, None, ":1: `y` is both `target` and in `drop`; remove one of them"),
        ({"drop": ("a", "b", "y")}, None, ":1: no column is left for the target; drop fewer"),
        ({"group": "y"}, ("a",), "b"),
        ({"time": "y"}, ("a",), "b"),
    ],
)
def test_the_target_is_the_last_column_that_is_left(write, options, inputs, target):
    path = write(NUMBERS)
    if inputs is None:
        with pytest.raises(ValueError, match=re.escape(target)):
            both(path, **options)
        return
    facts, _ = both(path, **options)
    assert facts.names == (inputs if facts.task == "regression" else tuple("0123456"))
    assert survey.survey(csv.Options(file=path, **options)).target.name == target
    assert [one.name for one in survey.survey(csv.Options(file=path, **options)).inputs] == list(inputs)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_quotes_and_line_ends(write, delimiter):
    rows = [delimiter.join((str(i), f'"a{delimiter} ""{i % 2}"""', f"{i}.5")) for i in range(20)]
    text = "\r\n".join([delimiter.join(("x", "word", "y")), *rows])
    facts, _ = both(write(b"\xef\xbb\xbf" + text.encode()))
    assert set(facts.names) == {"x", f'word a{delimiter} "0"', f'word a{delimiter} "1"'}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_and_the_line_of_a_fault(write, end):
    facts, splits = both(write(NUMBERS.replace("\n", end).encode(), "n.csv"))
    assert (facts.task, facts.train + facts.val) == ("regression", 100)
    np.testing.assert_array_equal(splits.train_x, both(write(NUMBERS))[1].train_x)
    broken = NUMBERS.replace("\n7,0,", "\n\xff,0,").replace("\n", end).encode("latin-1")
    with pytest.raises(ValueError, match=r"b\.csv:9: not UTF-8 text"):
        both(write(broken, "b.csv"))


def test_a_line_end_in_quotes_is_part_of_the_cell(write):
    rows = [f'{i},"one\rtwo {i % 2}",{i}.5' for i in range(20)]
    assert both(write(lines("x,w,y", rows)))[0].names == ("x", "w one\rtwo 0", "w one\rtwo 1")


def test_whole_numbers_beyond_a_float_s_digits_are_told_apart(write):
    facts, _ = both(write(lines("x,y", [f"{i},{2**53 + i % 2}" for i in range(100)])))
    assert facts.names == (str(2**53), str(2**53 + 1))
    facts, _ = both(write(lines("x,y", [f"{i},{10**20 + 1000 * i}" for i in range(200)])))
    assert facts.task == "regression"
    spelled = [f"{2**53}", f"{2**53}.0", "9007199254740993", "9.007199254740993e15"]
    facts, _ = both(write(lines("x,y", [f"{i},{spelled[i % 4]}" for i in range(100)])))
    assert facts.names == (str(2**53), str(2**53 + 1))


def test_nan_among_the_targets_of_a_regression_stays(write):
    path = write(NUMBERS.replace("5,5,0.5", "5,5,nan").replace("6,6,0.6", "6,6,-inf"))
    _, splits = both(path)
    targets = np.concatenate([splits.train_y, splits.val_y])
    assert np.isnan(targets).sum() == 1
    assert np.isneginf(targets).sum() == 1
    assert np.isfinite(splits.train_x).all()


def test_the_order_of_the_rows_does_not_matter(write):
    head, *body = NUMBERS.splitlines()
    _, splits = both(write(NUMBERS))
    _, turned = both(write(lines(head, reversed(body)), "u.csv"))
    np.testing.assert_array_equal(splits.val_y[::-1], turned.val_y)


def test_split_seed_chooses_other_rows_and_the_recipe_s_seed_does_not(write):
    path = write(NUMBERS)
    same = [csv.load(csv.Options(file=path), seed=seed) for seed in (0, 1)]
    np.testing.assert_array_equal(same[0].val_y, same[1].val_y)
    assert (both(path, split_seed=1)[1].val_x[:, 0] != same[0].val_x[:, 0]).any()


def test_a_changed_file_is_read_again(write):
    path = write(NUMBERS)
    assert both(path)[0].train == 80
    Path(path).write_text(NUMBERS + "100,1,2.5\n" * 50)
    assert both(path)[0].train + both(path)[0].val == 150


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 5), min_size=8, max_size=60).filter(lambda values: len(set(values)) > 2), st.integers(0, 3)
)
def test_identical_rows_are_never_parted(values, split_seed):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_text(lines("x,y", [f"{value},{value}.5" for value in values]))
        facts, splits = both(str(path), split_seed=split_seed)
    assert facts.train + facts.val == len(values) == len(splits.train_x) + len(splits.val_x)
    assert set(splits.train_x[:, 0].tolist()).isdisjoint(splits.val_x[:, 0].tolist())


def test_rows_that_differ_only_in_a_dropped_column_are_never_parted(write):
    path = write(lines("id,x,y", [f"{i},{i // 2},{i // 2}.5" for i in range(60)]))
    for seed in range(4):
        _, splits = both(path, drop=("id",), split_seed=seed)
        assert set(splits.train_x[:, 0].tolist()).isdisjoint(splits.val_x[:, 0].tolist())


PATIENTS = lines("patient,x,y", [f"p{i % 10},{i * 7 % 13},{i % 3}" for i in range(60)])


def cells(path, column=0):
    """The file's column, row by row."""
    return [line.split(",")[column] for line in Path(path).read_text().splitlines()[1:]]


def held(path, **options):
    """Numbers of the rows that are for validation."""
    chosen = csv.Options(file=path, **options)
    seen = survey.survey(chosen)
    return [n for n, (is_val, _, _) in enumerate(survey.parted(chosen, seen.cut, seen.held_out)) if is_val]


def test_groups_stay_together_and_are_no_input(write):
    path = write(PATIENTS)
    facts, _ = both(path, group="patient")
    assert (facts.task, facts.shape, facts.val) == ("classification", (1,), 12)
    patients, chosen = cells(path), held(path, group="patient")
    apart = {patients[n] for n in chosen}
    assert len(apart) == 2
    assert apart.isdisjoint(patients[n] for n in range(60) if n not in chosen)
    assert held(path, group="patient", split="grouped") == chosen != held(path, group="patient", split_seed=2)


@pytest.mark.parametrize("how", ["2024-01-{:02}", "2024-02-03T{:02}:00:00", "{}", "{}.5"])
def test_the_latest_rows_validate_and_equal_times_stay_together(write, how):
    order = [i * 7 % 20 for i in range(20)]
    rows = [f"{how.format(1 + i)},{i},{i}.5" for i in order for _ in range(2)]
    path = write(lines("when,x,y", rows))
    assert [order[n // 2] for n in held(path, time="when", validation=0.3)] == [
        i for i in order for _ in range(2) if i >= 14
    ]
    assert both(path, time="when")[0].names == ("x",)


def test_random_takes_no_heed_of_classes_and_stratified_does(write):
    path = write(lines("x,y", [f"{i},{'rare' if i < 5 else 'cat'}" for i in range(100)]))
    assert both(path)[1].val_y.sum() == both(path, split="stratified")[1].val_y.sum() == 1
    found = {int(both(path, split="random", split_seed=seed)[1].val_y.sum()) for seed in range(8)}
    assert len(found) > 1


def test_copies_in_both_parts_are_reported(write):
    path = write(PATIENTS + "p3,99,1\np7,99,1\n" * 3)
    (note,) = [
        note for seed in range(4) for note in both(path, group="patient", split_seed=seed)[1].notes if "too" in note
    ][:1]
    assert re.fullmatch(r"\d+ of \d+ validation rows are training rows too, the first at .*t\.csv:\d+", note)
    val = write("a,b,y\n5,5,0.5\n500,6,7.5\n", "v.csv")
    notes = both(write(NUMBERS, "n.csv"), validation_file=val)[1].notes
    assert notes[0] == f"1 of 2 validation rows are training rows too, the first at {val}:2"


def test_a_column_that_tells_the_target_is_reported(write):
    rows = [f"{i % 7},{'yes' if i % 3 else 'no'},{3 - 2 * i},{i % 5 + 0.5},{'a' if i % 3 else 'b'}" for i in range(60)]
    path = write(lines("x,told,down,z,y", rows))
    assert both(path)[1].notes == ("column `told` tells the target `y`: leave it out with `drop`",)
    notes = both(path, target="z", drop=("told", "y"))[1].notes
    assert notes == ()
    linear = lines("x,thousands,y", [f"{i * 7 % 11},{i * 1.5},{i * 1500}" for i in range(60)])
    notes = both(write(linear, "l.csv"), task="regression")[1].notes
    assert notes == ("column `thousands` tells the target `y`: leave it out with `drop`",)


@pytest.mark.parametrize("row", ["{}", "n{}"])
def test_a_column_that_names_the_rows_is_reported(write, row):
    rows = [f"{row.format(i)},{i % 7},{i * 7 % 13}.5" for i in range(40)]
    notes = both(write(lines("id,x,y", rows)))[1].notes
    assert notes == ("column `id` looks like a name or number of the row: leave it out with `drop`",)


def test_dates_as_words_and_words_that_training_lacks_are_reported(write):
    rows = [f"2024-01-{1 + i % 28:02},{i},{i * 7 % 13}.5" for i in range(60)]
    (note,) = both(write(lines("day,x,y", rows)), drop=("x",))[1].notes
    assert (
        note == "column `day` holds dates, and each counts as a word: name it with `time`, or leave it out with `drop`"
    )
    train = write(lines("shop,x,y", [f"s{i % 3},{i * 7 % 11},{i * 7 % 13}.5" for i in range(60)]))
    other = write(lines("shop,x,y", [f"s{i % 4},{i * 7 % 9},{i * 5 % 13}.5" for i in range(20)]), "v.csv")
    notes = both(train, validation_file=other)[1].notes
    assert notes[-1] == "column `shop` has words that training lacks, in 25% of the validation rows"


def test_words_that_look_like_numbers_are_words(write):
    words = ["10.0.0.1", "2024-01-31T", "v1,2", "089 1234", "3-4"]
    path = write(lines("a;y", [f"{words[i % 5]};{i}.5" for i in range(20)]))
    assert both(path)[0].shape == (5,)


def test_few_written_numbers_are_words_and_classes_if_that_is_meant(write):
    assert both(write(lines("dose;y", [f"{i % 4}5 %;{i}.5" for i in range(40)])))[0].shape == (4,)
    assert both(write(lines("a;y", [f"{i};{i % 3},5" for i in range(40)])))[0].names == ("0,5", "1,5", "2,5")
    many = write(lines("a;y", [f"{i};{i % 25},5" for i in range(100)]))
    assert both(many, task="classification")[0].outputs == 25


def test_a_class_that_came_up_late_is_reported(write):
    path = write(lines("day,x,y", [f"{i},{i * 7 % 5},{'new' if i > 15 else ('a', 'b')[i % 2]}" for i in range(20)]))
    assert both(path, time="day")[1].notes == (
        "no training sample is of class `new`, but 4 of 4 validation samples are",
    )


def test_healthy_tables_give_no_notes():
    assert both("optcli:penguins.csv", target="species")[1].notes == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "grouped"}, "`split: grouped` needs a column; name it with `group`"),
        ({"split": "time"}, "`split: time` needs a column; name it with `time`"),
        ({"split": "random", "group": "patient"}, "`group` has no effect on a split that is random; remove it"),
        ({"time": "x", "group": "patient"}, "`time` has no effect on a split that is grouped; remove it"),
        ({"split": "grouped", "time": "x", "group": "patient"}, "`time` has no effect on a split that is grouped"),
        ({"split": "random", "time": "x"}, "`time` has no effect on a split that is random; remove it"),
        ({"split": "time", "time": "x", "group": "x"}, "`group` has no effect on a split that is time; remove it"),
        ({"group": "patients"}, "no column `patients`; did you mean `patient`?"),
        ({"time": "patient"}, "t.csv:2: column `patient`: `p0` is neither a number nor a date; write it as"),
        (
            {"split": "stratified", "task": "regression"},
            "target `y` has no classes to stratify by; use `split: random`",
        ),
        ({"split": "random", "validation_file": "t.csv"}, "`split` has no effect beside `validation_file`"),
    ],
)
def test_splits_that_can_t_be_made(write, monkeypatch, tmp_path, options, message):
    write(PATIENTS)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=re.escape(message)):
        both("t.csv", **options)


def test_a_missing_group_is_named_with_its_line(write):
    with pytest.raises(ValueError, match=r"t\.csv:5: column `patient` is missing"):
        both(write(PATIENTS.replace("\np3,", "\n,", 1)), group="patient")


def test_one_group_can_t_be_parted(write):
    told = "all rows are of one group, as column `g` holds only one; a split needs two"
    with pytest.raises(ValueError, match=told):
        both(write(lines("g,x,y", [f"a,{i},{i}.5" for i in range(9)])), group="g")


@pytest.mark.parametrize("cells", [("2024-01-01",), ("1", "1.0")])
def test_one_time_can_t_be_parted(write, cells):
    with pytest.raises(ValueError, match="all rows are of one time, as column `t` holds only one"):
        both(write(lines("t,x,y", [f"{cells[i % len(cells)]},{i},{i}.5" for i in range(9)])), time="t")


BAD = {
    "empty": (b"", ":1: the file is empty"),
    "one column": ("y\n1\n", ":1: only one column"),
    "no rows": ("a,y\n", "no rows below the header"),
    "no header": ("1,2\n3,4\n", ":1: the first line must name the columns"),
    "twice": ("a,a,y\n1,2,3\n", ":1: two columns are called `a`"),
    "ragged": ("a,y\n1,2\n3\n", ":3: 1 cells, but the header names 2 columns"),
    "not text": (b"a,y\n1,2\n\xff\xfe,4\n", ":3: not UTF-8 text"),
    "open quote": ('a,y\n1,"2\n', ": not a table"),
    "no target": ("a,y\n1,2\n3,\n", ":3: the target `y` is missing"),
    "no word": ("a,y\n1,mild\n3,None\n", ":3: the target `y` is missing, as `None` counts as a hole"),
    "comma": (
        lines("a;y", [f"{i},5;x{i % 2}" for i in range(30)]),
        ":2: column `a`: `0,5` is a number as people write",
    ),
    "target comma": (
        lines("a;y", [f"{i};\u20ac {i},75" for i in range(30)]),
        ":2: column `y`: `\u20ac 0,75` is a number as",
    ),
    "thousands": (lines("a,y", [f'"${i},000",{i}.5' for i in range(30)]), ":2: column `a`: `$0,000` is a number as"),
    "percent": (
        lines("a,y", [f"{i} %,{i}.5" for i in range(30)]),
        ":2: column `a`: `0 %` is a number as people write it",
    ),
    "nan class": ("a,y\n1,2\n3,nan\n4,1\n", ":3: the target `y` is missing"),
    "one class": ("a,y\n1,no\n2,no\n", "holds only `no`"),
    "one number": (lines("a,y", [f"{i},0.5" for i in range(30)]), "target `y` holds only `0.5`; name another column"),
    "one number and holes": (lines("a,y", [f"{i},{'inf' if i % 2 else '0.5'}" for i in range(30)]), "holds only `0.5`"),
    "huge": (NUMBERS.replace("\n7,0,0.7", "\n7,0,1e308"), ":9: column `y`: `1e308` is beyond 1e+100; write it in"),
    "huge input": (NUMBERS.replace("\n7,0,0.7", "\n-1e308,0,0.7"), ":9: column `a`: `-1e308` is beyond 1e+100; write"),
    "stranger": (NUMBERS.replace("\n7,0,", "\nseven,0,"), ":9: column `a`: `seven` is not a finite number"),
    "infinite": (NUMBERS.replace("\n7,0,", "\ninf,0,"), ":9: column `a`: `inf` is not a finite number"),
    "target word": (NUMBERS.replace("7,0,0.7", "7,0,x"), ":9: target `y`: `x` is not a number"),
    "empty column": ("a,b,y\n,1,2\n,2,3\n", "column `a` is empty"),
    "one row": ("a,y\n1,2.5\n", "too few different rows for a training"),
    "texts": (
        lines("a,y", [f"the film number {i} is,{i}.5" for i in range(3000)]),
        "1000 different texts; to learn from",
    ),
    "names": (lines("a,y", [f"n{i},{i}.5" for i in range(3000)]), "more than 1000 different words"),
}


@pytest.mark.parametrize("case", BAD)
def test_faults_name_file_and_line(write, case):
    text, message = BAD[case]
    path = write(text)
    with pytest.raises(ValueError, match="^" + re.escape(path)) as caught:
        both(path)
    assert message in str(caught.value)


@pytest.mark.parametrize("field", ["target", "drop"])
def test_an_unknown_column_gets_the_nearest_name(write, field):
    path = write(lines("price,weight", ["1,2", "3,4"]))
    with pytest.raises(ValueError, match=r"t\.csv:1: no column `prize`; did you mean `price`\?"):
        both(path, **{field: "prize" if field == "target" else ("prize",)})


def test_the_validation_file_has_the_same_columns(write):
    with pytest.raises(ValueError, match=r"v\.csv:1: the columns differ"):
        both(write(NUMBERS), validation_file=write("a,y\n1,2\n", "v.csv"))


def test_a_class_s_only_row_is_for_training(write):
    facts, splits = both(write(lines("x,y", [f"{i},{'rare' if i == 7 else 'cat'}" for i in range(20)])))
    assert 1 in splits.train_y
    assert facts.val == 4


def test_nothing_left_to_learn_from(write):
    with pytest.raises(ValueError, match="no input column is left"):
        both(write("a,y\n1,2\n"), drop=("a",))


def test_the_example_comes_with_the_package():
    facts, splits = both("optcli:penguins.csv", target="species")
    assert (facts.task, facts.outputs, facts.train + facts.val) == ("classification", 3, 344)
    assert np.isfinite(splits.train_x).all()


def test_no_such_file():
    with pytest.raises(FileNotFoundError):
        csv.facts(csv.Options(file="nowhere.csv"))


def test_facts_need_neither_numpy_nor_torch(write):
    code = (
        "import sys; from optcli.parts.datasets import csv\n"
        f"csv.facts(csv.Options(file={write(NUMBERS)!r}))\n"
        "assert not {'numpy', 'torch', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
