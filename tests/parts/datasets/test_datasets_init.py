"""What the bundled data sets have in common: files as made, facts as loaded, no sample on both sides."""

import hashlib
import subprocess
import sys
import zipfile
from collections import Counter

import numpy as np
import pytest

from optcli.parts import bundled, find
from optcli.parts.datasets import embedded, relabel

EMBEDDED = ("diamonds", "digits", "fashion", "shakespeare")


def loaded(name, **options):
    part = find("data", name)
    return part.facts(part.Options(**options)), part.load(part.Options(**options), seed=0)


def keys(rows):
    return [row.tobytes() for row in rows]


def test_every_data_file_has_the_checksum_and_a_licence():
    lines = embedded("SHA256SUMS").read_text(encoding="ascii").splitlines()
    licences = embedded("LICENSES").read_text(encoding="utf-8")
    named = dict(reversed(line.split("  ")) for line in lines)
    assert set(named) == {file.name for file in embedded("").iterdir() if file.suffix in {".npz", ".csv", ".xz"}}
    for name, digest in named.items():
        assert hashlib.sha256(embedded(name).read_bytes()).hexdigest() == digest
        assert f"\n{name}\n" in licences


def test_the_data_takes_less_than_seven_megabytes():
    assert sum(file.stat().st_size for file in embedded("").iterdir()) < 7e6


@pytest.mark.parametrize("name", ["diamonds", "digits", "fashion"])
def test_archives_hold_no_pickles(name):
    with zipfile.ZipFile(embedded(f"{name}.npz")) as archive:
        assert all(b"|O" not in archive.read(entry)[:128] for entry in archive.namelist())


@pytest.mark.parametrize("name", EMBEDDED)
def test_facts_agree_with_what_is_loaded(name):
    facts, splits = loaded(name)
    assert (len(splits.train_x), len(splits.train_y)) == (facts.train, facts.train)
    assert (len(splits.val_x), len(splits.val_y)) == (facts.val, facts.val)
    assert splits.train_x.shape[1:] == splits.val_x.shape[1:] == facts.shape
    assert splits.train_x.dtype == (np.int64 if facts.task == "language" else np.float32)
    assert splits.train_y.dtype == (np.float32 if facts.task == "regression" else np.int64)
    if facts.task == "regression":
        assert splits.train_y.shape[1:] == splits.val_y.shape[1:] == (facts.outputs,)
        assert splits.val_y.var() == pytest.approx(facts.target_variance, abs=1e-4)
        assert len(facts.names) == facts.shape[0]
    else:
        assert set(np.unique(splits.train_y)) == set(range(facts.outputs))
        assert np.isin(splits.val_y, splits.train_y).all()
        assert len(facts.names) == facts.outputs


@pytest.mark.parametrize("name", EMBEDDED)
def test_no_sample_is_in_both_parts(name):
    _, splits = loaded(name)
    train = keys(splits.train_x)
    assert set(train).isdisjoint(keys(splits.val_x))


@pytest.mark.parametrize("name", ["diamonds", "digits", "fashion"])
def test_inputs_are_standardised_by_the_training_part(name):
    _, splits = loaded(name)
    x = splits.train_x[:, :6] if name == "diamonds" else splits.train_x.reshape(-1, 1)
    assert np.abs(x.mean(axis=0)).max() < 2e-3
    assert np.abs(x.std(axis=0) - 1).max() < 2e-3


@pytest.mark.parametrize("name", ["diamonds", "digits", "fashion"])
def test_fewer_samples_are_the_first_ones_and_the_validation_part_stays(name):
    facts, few = loaded(name, n=100)
    _, full = loaded(name)
    assert facts.train == 100
    np.testing.assert_array_equal(few.train_x, full.train_x[:100])
    np.testing.assert_array_equal(few.val_y, full.val_y)


@pytest.mark.parametrize(("name", "n"), [("digits", 100), ("fashion", 250)])
def test_few_samples_are_balanced_over_the_classes(name, n):
    _, splits = loaded(name, n=n)
    assert set(Counter(splits.train_y.tolist()).values()) == {n // 10}


def test_facts_need_neither_numpy_nor_torch():
    code = (
        "import sys; from optcli.parts import find\n"
        f"for name in {EMBEDDED!r}: part = find('data', name); part.facts(part.Options())\n"
        "assert not {'numpy', 'torch', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_own_tables_are_a_data_part_too():
    assert set(bundled("data")) == {*EMBEDDED, "arrays", "csv", "hf_dataset", "images", "text"}


def test_relabel_replaces_exactly_the_share_by_other_classes():
    labels = np.arange(1000) % 10
    noisy = relabel(labels, 0.3, 10, seed=1)
    changed = noisy != labels
    assert changed.sum() == 300
    assert set(noisy[changed]) == set(range(10))
    np.testing.assert_array_equal(noisy, relabel(labels, 0.3, 10, seed=1))
    assert (noisy != relabel(labels, 0.3, 10, seed=2)).any()


def test_relabel_by_nothing_changes_nothing():
    labels = np.array([1, 0, 1])
    np.testing.assert_array_equal(relabel(labels, 0.0, 2, seed=0), labels)
