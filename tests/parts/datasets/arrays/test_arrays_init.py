"""Own arrays: what is understood, what stays in the file, what is refused and where."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from optcli.parts.datasets import arrays

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((50, 3)).astype(np.float32)
LABELS = np.arange(50) % 2
PRICES = X[:, :1] * 2.0


def saved(folder, form="npz", name="t", **members):
    path = str(folder / f"{name}.{form}")
    if form == "npz":
        np.savez(path, **members)
    elif form == "safetensors":
        save_file({key: np.ascontiguousarray(value) for key, value in members.items()}, path)
    else:
        np.save(path, *members.values())
    return path


def both(path, **options):
    chosen = arrays.Options(file=path, **options)
    return arrays.facts(chosen), arrays.load(chosen, seed=0)


def agree(facts, splits):
    assert (len(splits.train_x), len(splits.train_y)) == (facts.train, facts.train)
    assert (len(splits.val_x), len(splits.val_y)) == (facts.val, facts.val)
    assert splits.train_x.shape[1:] == splits.val_x.shape[1:] == facts.shape


TOKENS = RANDOM.integers(1, 9, (50, 4))


def test_rows_of_tokens_are_told_by_what_fills_them_up(tmp_path):
    TOKENS[::2, 2:] = 0
    facts, splits = both(saved(tmp_path, x=TOKENS, y=LABELS), pad=0)
    agree(facts, splits)
    assert (facts.task, facts.kinds, facts.tokens, facts.pad) == ("classification", ("tokens",), TOKENS.max() + 1, 0)
    assert splits.train_x.dtype == np.int64
    assert both(saved(tmp_path, x=TOKENS, y=LABELS))[0].kinds == ("vector",)


@pytest.mark.parametrize(
    ("x", "y", "told"),
    [
        (X, LABELS, "`pad` is for rows of tokens"),
        (TOKENS, TOKENS, "`pad` is for rows of tokens"),
        (TOKENS - 5, LABELS, "tokens must be 0, 1, 2"),
    ],
)
def test_other_arrays_are_filled_up_with_nothing(tmp_path, x, y, told):
    with pytest.raises(ValueError, match=told):
        both(saved(tmp_path, x=x, y=y), pad=0)
    assert arrays.check(arrays.Options("t.npz", pad=0, scale="standard"), None)[0][0] == "pad"


@pytest.mark.parametrize("form", ["npz", "safetensors"])
def test_labels_make_a_stratified_classification(tmp_path, form):
    facts, splits = both(saved(tmp_path, form, x=X, y=LABELS))
    agree(facts, splits)
    assert (facts.task, facts.train, facts.val, facts.outputs, facts.names) == ("classification", 40, 10, 2, ("0", "1"))
    assert splits.train_y.dtype == np.int64
    assert splits.val_y.sum() == 5
    rows = np.concatenate([splits.train_x, splits.val_x])
    np.testing.assert_array_equal(np.sort(rows, axis=0), np.sort(X, axis=0))
    order = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in splits.train_x]
    np.testing.assert_array_equal(LABELS[order], splits.train_y)


@pytest.mark.parametrize("kind", ["<f4", "<f8", ">f8", "<f2"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("split", ["random", "tail"])
def test_floats_make_a_regression_whose_variance_is_known(tmp_path, kind, order, split):
    targets = np.array(np.concatenate([PRICES, X[:, 1:2] + 5], axis=1), dtype=kind, order=order)
    path = saved(tmp_path, "npy", "x", x=X)
    facts, splits = both(path, target_file=saved(tmp_path, "npy", "y", y=targets), split=split)
    agree(facts, splits)
    assert (facts.task, facts.outputs) == ("regression", 2)
    assert splits.train_y.dtype == np.float32
    assert facts.target_variance == pytest.approx(splits.val_y.astype(np.float64).var(axis=0).mean(), rel=1e-3)
    np.testing.assert_allclose(splits.val_y[:, 0], 2 * splits.val_x[:, 0], rtol=2e-3)


def test_a_tail_is_the_last_samples(tmp_path):
    _, splits = both(saved(tmp_path, x=X, y=PRICES), split="tail", validation=0.1)
    np.testing.assert_array_equal(splits.val_x, X[45:])


def test_split_seed_draws_others_and_the_recipe_s_seed_does_not(tmp_path):
    path = saved(tmp_path, x=X, y=PRICES)
    one, same, other = (both(path, split_seed=seed)[1].val_x for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    np.testing.assert_array_equal(one, arrays.load(arrays.Options(file=path), seed=9).val_x)
    assert (one != other).any()


@pytest.mark.parametrize("form", ["npy", "safetensors"])
@pytest.mark.parametrize("kind", [np.uint8, np.float16, np.float32, np.float64])
def test_what_needs_no_change_stays_in_the_file(tmp_path, form, kind):
    x = (RANDOM.random((50, 9, 8)) * 255).astype(kind)
    if form == "npy":
        options = {"target_file": saved(tmp_path, "npy", "y", y=LABELS)}
        path = saved(tmp_path, "npy", "x", x=x)
    else:
        options, path = {}, saved(tmp_path, form, images=x, labels=LABELS)
    facts, splits = both(path, split="tail", **options)
    agree(facts, splits)
    assert facts.shape == (1, 9, 8)
    for part in (splits.train_x, splits.val_x):
        assert isinstance(part, np.memmap)
        assert part.dtype == kind
        assert not part.flags.writeable
    np.testing.assert_array_equal(np.concatenate([splits.train_x, splits.val_x])[:, 0], x)


def test_whole_numbers_as_inputs_become_floats(tmp_path):
    _, splits = both(saved(tmp_path, x=np.arange(100).reshape(50, 2), y=PRICES), split="tail")
    assert splits.train_x.dtype == np.float32


@pytest.mark.parametrize("shape", [(20, 9, 8, 3), (20, 9, 8, 1)])
def test_channels_come_first(tmp_path, shape):
    x = RANDOM.integers(0, 255, shape, np.uint8)
    facts, splits = both(saved(tmp_path, images=x, labels=np.arange(20) % 2), split="tail")
    agree(facts, splits)
    assert facts.shape == (shape[3], 9, 8)
    np.testing.assert_array_equal(splits.train_x, x[:16].transpose(0, 3, 1, 2))


def test_the_four_arrays_of_an_archive_are_found_by_their_usual_names(tmp_path):
    path = saved(tmp_path, x_train=X[:30], y_train=LABELS[:30], x_test=X[30:], y_test=LABELS[30:])
    facts, splits = both(path)
    assert (facts.train, facts.val) == (30, 20)
    np.testing.assert_array_equal(splits.val_x, X[30:])


def test_a_second_file_is_for_validation(tmp_path):
    path, other = saved(tmp_path, x=X, y=LABELS), saved(tmp_path, name="v", x=X[:7] + 1, y=LABELS[:7])
    facts, splits = both(path, validation_file=other)
    agree(facts, splits)
    assert (facts.train, facts.val) == (50, 7)
    assert splits.notes == ()


def test_any_whole_numbers_are_labels(tmp_path):
    facts, splits = both(saved(tmp_path, x=X, y=np.where(LABELS, 7, -3).astype(np.int16)[:, None]))
    assert facts.names == ("-3", "7")
    assert set(splits.train_y) == {0, 1}
    assert both(saved(tmp_path, name="b", x=X, y=LABELS.astype(bool)))[0].outputs == 2


def test_classes_can_be_more_than_are_seen(tmp_path):
    path = saved(tmp_path, x=X, y=LABELS)
    assert both(path, classes=5)[0].outputs == 5
    with pytest.raises(ValueError, match="label 1 is not among"):
        both(path, classes=1)


def test_rows_of_tokens_make_a_language(tmp_path):
    tokens = RANDOM.integers(0, 11, (20, 9), np.uint16)
    tokens[3, 3] = 10
    facts, splits = both(saved(tmp_path, inputs=tokens[:, :-1], targets=tokens[:, 1:]))
    agree(facts, splits)
    assert (facts.task, facts.shape, facts.outputs) == ("language", (8,), 11)
    assert splits.train_x.dtype == splits.train_y.dtype == np.int64
    assert both(saved(tmp_path, inputs=tokens[:, :-1], targets=tokens[:, 1:]), classes=50)[0].outputs == 50


def test_samples_in_both_parts_are_reported(tmp_path):
    x = X.copy()
    x[49] = x[0]
    _, splits = both(saved(tmp_path, x=x, y=LABELS), split="tail")
    assert splits.notes == (
        "1 of 10 validation inputs are training inputs too (validation sample 9 is training sample 0)",
    )


def test_classes_of_the_validation_part_alone_are_reported(tmp_path):
    _, splits = both(saved(tmp_path, x=X, y=np.arange(50) // 18 * 10), split="tail", validation=0.4)
    assert splits.notes == ("no training sample is of class `20`, but 14 of 20 validation samples are",)


def test_numbers_out_of_scale_are_reported(tmp_path):
    notes = both(saved(tmp_path, x=X * 1e4, y=PRICES * 1e5))[1].notes
    assert [note.partition(" reach")[0] for note in notes] == ["inputs", "targets"]
    assert both(saved(tmp_path, x=X, y=PRICES))[1].notes == ()


def test_a_changed_file_is_read_again(tmp_path):
    assert both(saved(tmp_path, x=X, y=LABELS))[0].train == 40
    assert both(saved(tmp_path, x=X[:20], y=LABELS[:20]))[0].train == 16


BAD = {
    "text": ({"x": np.array([["a"]] * 9), "y": LABELS[:9]}, {}, "`x` holds text"),
    "rows": ({"x": X, "y": LABELS[:9]}, {}, "`y`: its shape (9,) has another number of rows"),
    "one class": ({"x": X, "y": LABELS * 0}, {}, "`y`: 1 different labels"),
    "fractions": ({"x": X, "y": PRICES}, {"task": "classification"}, "`y` holds numbers that are not whole"),
    "one hot": ({"x": X, "y": np.eye(50, dtype=np.int64)}, {}, "`y`: labels must be one number a sample"),
    "typo": ({"pixels": X, "kinds": LABELS}, {"inputs": "pixel", "target": "kinds"}, "did you mean `pixels`?"),
    "which": ({"pixels": X, "kinds": LABELS}, {}, "which array is the inputs? set `inputs` to one of pixels, kinds"),
    "few": ({"x": X[:1], "y": PRICES[:1]}, {}, "too few for a training and a validation part"),
    "none": ({"x": X[:0], "y": PRICES[:0]}, {}, "no samples"),
    "beyond": ({"x": LABELS[:, None] + 8, "y": LABELS[:, None]}, {"task": "language", "classes": 9}, "token 9 is not"),
    "negative": ({"x": LABELS[:, None] - 1, "y": LABELS[:, None]}, {"task": "language"}, "tokens must be 0, 1, 2"),
}


@pytest.mark.parametrize("case", BAD)
def test_faults_name_file_and_array(tmp_path, case):
    members, options, message = BAD[case]
    path = saved(tmp_path, **members)
    with pytest.raises(ValueError, match="^" + re.escape(path)) as caught:
        both(path, **options)
    assert message in str(caught.value)


@pytest.mark.parametrize("form", ["npy", "npz", "safetensors"])
@pytest.mark.parametrize("keep", [0, 5, 60, -8])
def test_damaged_files_are_told(tmp_path, form, keep):
    path = saved(tmp_path, form, x=X) if form == "npy" else saved(tmp_path, form, x=X, y=LABELS)
    os.truncate(path, keep if keep >= 0 else os.path.getsize(path) + keep)
    with pytest.raises(ValueError, match="^" + re.escape(path) + ".*(cut short|no header)"):
        both(path, target_file=path if form == "npy" else None)


@pytest.mark.parametrize("name", ["x", "y"])
def test_a_flipped_byte_in_an_archive_is_told(tmp_path, name):
    members = {"x": RANDOM.random((5000, 2)), "y": np.arange(5000) % 3}
    path = Path(saved(tmp_path, **members))
    raw = bytearray(path.read_bytes())
    raw[raw.index(members[name].tobytes()) + 30_000] ^= 1
    path.write_bytes(raw)
    with pytest.raises(ValueError, match=f"`{name}`: damaged"):
        both(str(path))


def test_objects_are_not_unpickled(tmp_path):
    np.save(tmp_path / "o.npy", np.array([object], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="holds Python objects"):
        both(str(tmp_path / "o.npy"), target_file=str(tmp_path / "o.npy"))


def test_an_npy_file_needs_targets_and_others_a_known_ending(tmp_path):
    with pytest.raises(ValueError, match="name the file of the targets with `target_file`"):
        both(saved(tmp_path, "npy", x=X))
    (tmp_path / "x.h5").touch()
    with pytest.raises(ValueError, match=r"its name must end in \.npy"):
        both(str(tmp_path / "x.h5"))
    with pytest.raises(FileNotFoundError):
        both("nowhere.npz")


def test_a_label_of_the_validation_part_alone_is_refused(tmp_path):
    path, other = saved(tmp_path, x=X, y=LABELS), saved(tmp_path, name="v", x=X, y=LABELS + 1)
    with pytest.raises(ValueError, match="label 2 is in the validation part only"):
        both(path, validation_file=other)


def test_facts_need_neither_numpy_nor_torch(tmp_path):
    paths = [saved(tmp_path, form, x=X, y=LABELS) for form in ("npz", "safetensors")]
    code = (
        "import sys; from optcli.parts.datasets import arrays\n"
        f"for path in {paths!r}: arrays.facts(arrays.Options(file=path))\n"
        "assert not {'numpy', 'torch', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


class TestScale:
    @pytest.mark.parametrize("shape", [(50, 3), (50, 2, 6, 5)])
    def test_by_the_training_part(self, tmp_path, shape):
        x = RANDOM.normal(1000, 50, shape)
        vx = x[:20] * 3
        path = saved(tmp_path, x=x, y=LABELS)
        files = {"validation_file": saved(tmp_path, name="v", x=vx, y=LABELS[:20])}
        _, splits = both(path, scale="standard", **files)
        axes = (0, 2, 3) if len(shape) == 4 else 0
        np.testing.assert_allclose(splits.train_x.mean(axes), 0, atol=1e-4)
        np.testing.assert_allclose(splits.train_x.std(axes), 1, rtol=1e-4)
        wanted = (vx - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True)
        np.testing.assert_allclose(splits.val_x, wanted, rtol=1e-4, atol=1e-4)
        assert splits.train_x.dtype == np.float32
        assert splits.notes == ()

    def test_a_feature_that_never_changes_becomes_nought(self, tmp_path):
        _, splits = both(saved(tmp_path, x=np.full((50, 2), 7.0), y=LABELS), scale="standard")
        assert not splits.train_x.any()

    @pytest.mark.parametrize(
        ("x", "y", "told"),
        [
            (np.zeros((9, 4), np.int64), np.zeros((9, 4), np.int64), "not for tokens"),
            (np.zeros((9, 4, 4), np.uint8), LABELS[:9], "not for bytes"),
        ],
    )
    def test_only_numbers(self, tmp_path, x, y, told):
        with pytest.raises(ValueError, match=f"`scale` is for numbers, {told}"):
            both(saved(tmp_path, x=x, y=y), scale="standard")


class TestGroups:
    def test_samples_of_one_group_stay_together(self, tmp_path):
        groups = np.arange(50) // 5
        x = np.stack([groups, np.arange(50)], axis=1).astype(np.float32)
        path = saved(tmp_path, x=x, y=LABELS, patient=groups)
        facts, splits = both(path, split="grouped", groups="patient")
        agree(facts, splits)
        assert facts.val == 10
        assert not set(splits.train_x[:, 0]) & set(splits.val_x[:, 0])
        others = [both(path, split="grouped", groups="patient", split_seed=s)[1].val_x[:, 0] for s in range(4)]
        assert len({tuple(sorted(set(one))) for one in others}) > 1

    @pytest.mark.parametrize(
        ("groups", "options", "told"),
        [
            (np.zeros(50, int), {"groups": "g"}, "all samples are of one group"),
            (np.arange(49), {"groups": "g"}, r"its shape \(49,\) is not one number for each of 50 samples"),
            (np.arange(50) / 3, {"groups": "g"}, "numbers that are not whole"),
            (np.arange(50), {"groups": "gg"}, "no array `gg`"),
            (np.arange(50), {}, "`split: grouped` needs an array of groups"),
        ],
    )
    def test_what_is_no_group_is_told(self, tmp_path, groups, options, told):
        with pytest.raises(ValueError, match=told):
            both(saved(tmp_path, x=X, y=LABELS, g=groups), split="grouped", **options)

    def test_idle_options_are_told(self):
        idle = arrays.check(arrays.Options("t.npz", groups="g"), None)
        assert idle == [("groups", "`groups` has no effect on a split that is random", "set `split: grouped`")]
        assert arrays.check(arrays.Options("t.npz", split="tail", validation_file="v.npz"), None)[0][0] == "split"
        assert arrays.check(arrays.Options("t.npz", split="grouped", groups="g"), None) == []


@pytest.mark.parametrize(
    ("y", "options", "told"),
    [
        (np.full(50, 3), {"classes": 5}, "`y` holds only 3"),
        (np.full(50, 2.5), {}, "`y` holds only 2.5"),
        (np.full((50, 2), 2.5), {}, "`y` holds only 2.5"),
        (np.zeros((50, 3), int), {"task": "language"}, "`y` holds only 0"),
        (np.append(np.full(49, 2.5), 2), {}, ""),
        (LABELS, {}, ""),
    ],
)
def test_targets_that_are_all_the_same_are_told(tmp_path, y, options, told):
    x = np.arange(150).reshape(50, 3) if "task" in options else X
    path = saved(tmp_path, x=x, y=y)
    assert arrays.facts(arrays.Options(file=path, **options)).alike == (f"{path}: {told}" if told else "")


def test_targets_beyond_the_numbers_of_training_are_told(tmp_path):
    path = saved(tmp_path, x=X, y=np.append(np.ones(49), -1e308))
    with pytest.raises(ValueError, match=r"`y`: targets reach 1e\+308, beyond the numbers of training; scale them"):
        arrays.facts(arrays.Options(file=path, split="tail"))


def test_classes_that_nearly_all_have_no_sample_are_noted(tmp_path):
    note = "998 of 1,000 classes have no training sample: are the labels ids?"
    assert note in both(saved(tmp_path, x=X, y=LABELS), classes=1000)[1].notes
    assert both(saved(tmp_path, x=X, y=LABELS), classes=5)[1].notes == ()


def test_more_classes_than_a_model_can_have_are_refused(tmp_path):
    with pytest.raises(ValueError, match="`classes: 1000000000` is more than 100,000; number the labels"):
        both(saved(tmp_path, x=X, y=LABELS), classes=10**9)


SEVERAL = np.stack([LABELS, 1 - LABELS, np.arange(50) % 3 == 0, np.ones(50)], axis=1)


@pytest.mark.parametrize("kind", ["int64", "uint8", "bool", "float32"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_of_yes_and_no_are_several_labels(tmp_path, kind, order):
    facts, splits = both(saved(tmp_path, x=X, y=np.array(SEVERAL, dtype=kind, order=order)), split="tail")
    agree(facts, splits)
    assert (facts.task, facts.outputs, facts.names) == ("multilabel", 4, ())
    assert splits.train_y.dtype == np.float32
    np.testing.assert_array_equal(np.concatenate([splits.train_y, splits.val_y]), SEVERAL)


def test_one_hot_rows_are_labels_written_otherwise(tmp_path):
    hot = np.eye(3, dtype=np.int64)[np.arange(50) % 3]
    with pytest.raises(ValueError, match=r"save `y\.argmax\(1\)`"):
        both(saved(tmp_path, x=X, y=hot))
    assert both(saved(tmp_path, x=X, y=hot), task="multilabel")[0].task == "multilabel"
    with pytest.raises(ValueError, match="several labels a sample are rows of 0 and 1"):
        both(saved(tmp_path, x=X, y=hot * 2), task="multilabel")
