"""Data sets of the package datasets, saved in a folder."""

import math
import sys

import numpy as np
import pytest

from optcli.parts.datasets import hf_dataset
from optcli.recipe import loads
from optcli.recipe.problem import BadRecipe
from optcli.train.session import train


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(BadRecipe) as caught:
        loads("data: {name: hf_dataset, path: nowhere}\n")
    (problem,) = caught.value.problems
    assert problem.message == "the data can't be used: `hf_dataset` needs datasets"
    assert problem.help == 'pip install "optcli[hf]"'


@pytest.fixture
def package():
    return pytest.importorskip("datasets", reason="datasets comes with the extra `hf`")


@pytest.fixture
def both(package, tmp_path):
    def both(columns, features=None, **options):
        """`columns` for one part, or {part: columns}."""
        many = columns if isinstance(next(iter(columns.values())), dict) else None
        made = {name: package.Dataset.from_dict(one, features) for name, one in (many or {"all": columns}).items()}
        (package.DatasetDict(made) if many else made["all"]).save_to_disk(tmp_path / "set")
        chosen = hf_dataset.Options(path=str(tmp_path / "set"), **options)
        facts, splits = hf_dataset.facts(chosen), hf_dataset.load(chosen, 0)
        assert (len(splits.train_x), len(splits.val_x)) == (facts.train, facts.val)
        assert splits.train_x.shape[1:] == splits.val_x.shape[1:] == facts.shape
        return facts, splits

    return both


RANDOM = np.random.default_rng(0)


def table(n):
    x = RANDOM.normal(5, 3, n)
    return {"x": x.tolist(), "z": RANDOM.integers(0, 9, n).tolist(), "label": ["ab"[int(v > 5)] for v in x]}


def test_numbers_are_standardised_by_the_training_part(both):
    train, val = table(60), table(20)
    val["x"] = [v * 100 for v in val["x"]]
    facts, splits = both({"train": train, "validation": val})
    assert (facts.task, facts.names, facts.shape, facts.train, facts.val) == (
        "classification",
        ("a", "b"),
        (2,),
        60,
        20,
    )
    assert splits.train_x.dtype == np.float32
    np.testing.assert_allclose(splits.train_x.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(splits.train_x.std(0), 1, rtol=1e-5)
    x = np.array(train["x"])
    np.testing.assert_allclose(splits.val_x[:, 0], (np.array(val["x"]) - x.mean()) / x.std(), rtol=1e-4)
    assert splits.train_y.tolist() == [int(label == "b") for label in train["label"]]


def test_a_share_of_each_class_validates(both):
    columns = {**table(50), "label": ["rare" if i % 10 == 0 else "often" for i in range(50)]}
    facts, splits = both(columns)
    assert (facts.train, facts.val) == (40, 10)
    assert (splits.val_y == 1).sum() == 1


def test_missing_numbers_get_the_mean_which_is_said(both):
    columns = table(50)
    columns["z"][3] = None
    _, splits = both(columns)
    assert splits.notes == ("cells are missing in z: the mean takes their place",)
    assert np.isfinite(np.concatenate([splits.train_x, splits.val_x])).all()


def test_regression_and_named_columns(both):
    columns = {"a": RANDOM.normal(0, 1, 40).tolist(), "b": list(range(40)), "price": RANDOM.normal(9, 2, 40).tolist()}
    facts, splits = both(columns, target="price", inputs=("b",))
    assert (facts.task, facts.shape, facts.outputs) == ("regression", (1,), 1)
    assert splits.train_y.shape == (32, 1)
    assert splits.train_y.std() == pytest.approx(1, rel=1e-4)
    assert splits.val_y.var() == pytest.approx(facts.target_variance, rel=1e-4)


def test_many_whole_numbers_are_quantities_and_few_are_classes(both):
    assert both({"x": [0.5] * 60, "y": list(range(60))})[0].task == "regression"
    assert both({"x": [0.5] * 60, "y": [i % 3 for i in range(60)]})[0].task == "classification"


def test_lists_are_taken_as_they_are(both):
    facts, splits = both({"v": [[float(i), 2.0, 3.0] for i in range(20)], "y": [i % 2 for i in range(20)]})
    assert facts.shape == (3,)
    assert splits.train_x[0].tolist() == [0.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="the lists of `v` differ in length"):
        both({"v": [[0.0] * (2 + i % 2) for i in range(20)], "y": [i % 2 for i in range(20)]})


def test_pictures(both, package):
    Image = pytest.importorskip("PIL.Image")
    pixels = RANDOM.integers(0, 256, (20, 6, 5, 3), np.uint8)
    features = package.Features({"image": package.Image(), "label": package.ClassLabel(names=["cat", "dog"])})
    columns = {"image": [Image.fromarray(one) for one in pixels], "label": [i % 2 for i in range(20)]}
    facts, splits = both(columns, features)
    assert (facts.shape, facts.names) == ((3, 6, 5), ("cat", "dog"))
    assert splits.train_x.dtype == np.uint8
    seen = np.concatenate([splits.train_x, splits.val_x]).tolist()
    assert all(one.transpose(2, 0, 1).tolist() in seen for one in pixels)
    assert both(columns, features, size=4)[0].shape == (3, 4, 4)


def test_texts_become_windows_of_bytes(both):
    texts = ["to be or not to be", "that is the question \u2014", None, "whether"] * 30
    facts, splits = both({"text": texts}, context=16)
    assert (facts.task, facts.outputs, facts.shape) == ("language", 256, (16,))
    assert splits.train_x.dtype == np.int8
    assert splits.train_x[0].tobytes() == b"to be or not to "
    np.testing.assert_array_equal(splits.train_x[0, 1:], splits.train_y[0, :-1])
    assert "% of the validation text stands in the training text too" in splits.notes[0]


def test_inputs_in_both_parts_and_classes_in_one_are_told(both):
    train, val = table(30), table(10)
    for key in ("x", "z"):
        val[key][4] = train[key][7]
    val["label"][5] = "c"
    notes = both({"train": train, "test": val})[1].notes
    assert "1 of 10 validation inputs are training inputs too (validation sample 4 is training sample 7)" in notes
    assert any("no training sample is of class `c`" in note for note in notes)


def test_folders_of_other_files_are_opened(package, tmp_path):
    (tmp_path / "flat").mkdir()
    rows = [f"{i},{i % 2}" for i in range(40)]
    (tmp_path / "flat" / "t.csv").write_text("\n".join(["x,label", *rows]))
    assert hf_dataset.facts(hf_dataset.Options(str(tmp_path / "flat"))).train == 32


@pytest.mark.parametrize(
    ("columns", "options", "told"),
    [
        ({"x": [1.0] * 9, "z": [2.0] * 9}, {}, "which column is the target"),
        ({"x": [1.0] * 9, "label": ["a"] * 9}, {}, "`label` is the same in all rows"),
        ({"x": [1.0] * 9, "label": [0.5, 2.5, 1e308] * 3}, {}, "`label` reaches beyond 1e[+]100"),
        ({"x": [1.0] * 9, "label": ["a", "b", None] * 3}, {}, "`label` is missing in some rows"),
        ({"x": [1.0] * 9, "label": [0.5, 2.5, math.nan] * 3}, {}, "`label` is missing in some rows"),
        ({"x": [1.0] * 9, "label": ["a"] * 9}, {"target": "lable"}, "no column `lable`; did you mean `label`"),
        ({"x": [None] * 9, "label": ["a", "b", "c"] * 3}, {}, "no column to learn from"),
        ({"x": [1.0] * 9, "y": [0, 1, 2] * 3}, {"validation_split": "dev"}, "no part is called `dev`; there is train"),
        ({"u": [[1.0]] * 9, "v": [[1.0]] * 9, "y": [0, 1, 2] * 3}, {}, "one column of lists makes an input"),
        ({"text": ["ab"] * 9}, {}, "too little text for a window"),
    ],
)
def test_what_does_not_fit_is_told(both, columns, options, told):
    with pytest.raises(ValueError, match=told):
        both(columns, **options)


def test_no_such_folder_is_told(package, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ValueError, match="not a data set that can be opened"):
        hf_dataset.facts(hf_dataset.Options(str(tmp_path / "none")))


def test_it_trains_and_resumes(package, tmp_path, capsys):
    package.Dataset.from_dict(table(80)).save_to_disk(tmp_path / "set")
    recipe = f"data: {{name: hf_dataset, path: '{tmp_path}/set', batch_size: 16}}\ntrain: {{steps: 6, device: cpu}}\n"
    whole = train(loads(recipe), run_dir=tmp_path / "whole").path
    train(loads(recipe, overrides=["train.steps=3"]), run_dir=tmp_path / "parts")
    parts = train(loads(recipe), run_dir=tmp_path / "parts", resume=True).path
    one, other = ((path / "checkpoints/step-6/model.safetensors").read_bytes() for path in (whole, parts))
    assert one == other
