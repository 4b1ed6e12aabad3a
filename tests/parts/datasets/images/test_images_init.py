"""Folders of pictures: what is found, in which part, as which bytes, and which files are named when damaged."""

import re
import subprocess
import sys

import numpy as np
import pytest

from optcli.parts.datasets import images

Image = pytest.importorskip("PIL.Image", reason="Pillow comes with the extra `images`")
RANDOM = np.random.default_rng(0)


def put(path, shape=(6, 5), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = RANDOM.integers(0, 256, shape, np.uint8)
    Image.fromarray(pixels).save(path, **options)
    return pixels


def pets(folder, each=5, **options):
    return {name: [put(folder / name / f"{i}.png", **options) for i in range(each)] for name in ("cat", "dog")}


def both(folder, **options):
    chosen = images.Options(folder=str(folder), **options)
    facts, splits = images.facts(chosen), images.load(chosen, seed=0)
    assert (len(splits.train_x), len(splits.val_x)) == (facts.train, facts.val)
    assert splits.train_x.shape[1:] == splits.val_x.shape[1:] == facts.shape
    assert splits.train_x.dtype == splits.val_x.dtype == np.uint8
    return facts, splits


def test_folders_are_classes_and_a_share_of_each_validates(tmp_path):
    pixels = pets(tmp_path)
    facts, splits = both(tmp_path)
    assert (facts.task, facts.train, facts.val, facts.shape) == ("classification", 8, 2, (1, 6, 5))
    assert facts.names == ("cat", "dog")
    assert sorted(splits.val_y) == [0, 1]
    for x, y in zip(splits.train_x, splits.train_y, strict=True):
        assert any((x[0] == one).all() for one in pixels[facts.names[y]])


def test_folders_for_training_and_validation_are_honoured(tmp_path):
    pets(tmp_path / "train")
    held = put(tmp_path / "valid" / "dog" / "x.png")
    put(tmp_path / "test" / "dog" / "x.png")
    facts, splits = both(tmp_path)
    assert (facts.train, facts.val) == (10, 1)
    assert splits.val_y.tolist() == [1]
    np.testing.assert_array_equal(splits.val_x[0, 0], held)


def test_a_folder_for_training_alone_is_split(tmp_path):
    pets(tmp_path / "train")
    assert both(tmp_path)[0].val == 2


def test_sizes_and_colours_are_made_alike(tmp_path):
    put(tmp_path / "a" / "0.png", (6, 8, 3))
    put(tmp_path / "a" / "deep" / "1.PNG", (20, 8))
    put(tmp_path / "b" / "0.bmp", (7, 7, 3))
    put(tmp_path / "b" / "1.png", (7, 7, 4))
    assert both(tmp_path)[0].shape == (3, 6, 8)
    assert both(tmp_path, size=4, color="gray")[0].shape == (1, 4, 4)


def test_scaling_crops_at_the_centre(tmp_path):
    (tmp_path / "a").mkdir()
    wide = np.full((8, 24), 0, np.uint8)
    wide[:, 8:16] = 200
    Image.fromarray(wide).save(tmp_path / "a" / "0.png")
    put(tmp_path / "b" / "0.png")
    put(tmp_path / "a" / "1.png")
    _, splits = both(tmp_path, size=8)
    whole = np.concatenate([splits.train_x, splits.val_x])
    assert any((x == 200).all() for x in whole)


def test_sixteen_bits_keep_their_upper_half(tmp_path):
    (tmp_path / "a").mkdir()
    Image.fromarray(np.full((6, 5), 0x8123, np.uint16)).save(tmp_path / "a" / "0.png")
    put(tmp_path / "a" / "1.png")
    put(tmp_path / "b" / "0.png")
    facts, splits = both(tmp_path)
    assert facts.shape == (1, 6, 5)
    assert any((x == 0x81).all() for x in np.concatenate([splits.train_x, splits.val_x]))


def test_turned_pictures_are_put_upright(tmp_path):
    for name in ("a/0.jpg", "a/1.jpg", "b/0.jpg"):
        exif = Image.Exif()
        exif[0x0112] = 6
        put(tmp_path / name, (6, 10), exif=exif)
    assert both(tmp_path)[0].shape == (1, 10, 6)


def test_hidden_and_other_files_are_passed_over(tmp_path):
    pets(tmp_path)
    (tmp_path / "cat" / "notes.txt").touch()
    (tmp_path / "cat" / "._0.png").touch()
    (tmp_path / ".cache").mkdir()
    assert both(tmp_path)[0].train == 8


def test_the_split_is_the_same_each_time_and_goes_by_its_own_seed(tmp_path):
    pets(tmp_path, each=20)
    one, same, other = (both(tmp_path, split_seed=seed)[1].val_x for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_copies_in_both_parts_are_reported_with_their_paths(tmp_path):
    pets(tmp_path / "train")
    (tmp_path / "val" / "dog").mkdir(parents=True)
    (tmp_path / "val" / "dog" / "same.png").write_bytes((tmp_path / "train" / "dog" / "3.png").read_bytes())
    (note,) = both(tmp_path)[1].notes
    assert note.startswith("1 of 1 validation inputs are training inputs too")
    assert str(tmp_path / "val/dog/same.png") in note
    assert str(tmp_path / "train/dog/3.png") in note


@pytest.mark.parametrize("damage", [b"", b"no picture at all", None])
def test_damaged_pictures_are_named(tmp_path, damage):
    pets(tmp_path)
    bad = tmp_path / "dog" / "2.png"
    bad.write_bytes(bad.read_bytes()[:60] if damage is None else damage)
    with pytest.raises(ValueError, match="^1 picture can't be read: " + re.escape(str(bad)) + r" \(.*; repair"):
        both(tmp_path)


def test_a_damaged_first_picture_is_named_before_anything_is_loaded(tmp_path):
    pets(tmp_path)
    (tmp_path / "cat" / "0.png").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"cat/0\.png: not a readable picture"):
        images.facts(images.Options(folder=str(tmp_path)))


def test_folders_that_are_not_such(tmp_path):
    with pytest.raises(FileNotFoundError):
        both(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="at least two; there is none"):
        both(tmp_path)
    put(tmp_path / "cat" / "0.png")
    with pytest.raises(ValueError, match="there is only `cat`"):
        both(tmp_path)
    (tmp_path / "dog").mkdir()
    with pytest.raises(ValueError, match="dog: no pictures in it"):
        both(tmp_path)
    put(tmp_path / "dog" / "0.png")
    with pytest.raises(ValueError, match="every class has one picture only"):
        both(tmp_path)


def test_parts_must_fit_together(tmp_path):
    pets(tmp_path / "val")
    put(tmp_path / "other" / "0.png")
    with pytest.raises(ValueError, match="a folder `val` but none called `train`"):
        both(tmp_path)
    pets(tmp_path / "train")
    put(tmp_path / "val" / "cow" / "0.png")
    with pytest.raises(ValueError, match="cow: no such class in training; there is cat, dog"):
        both(tmp_path)


def test_without_pillow_the_way_to_get_it_is_told(tmp_path, monkeypatch):
    pets(tmp_path)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ValueError, match=re.escape('pip install "optcli[images]"')):
        both(tmp_path)


def test_facts_need_neither_numpy_nor_torch(tmp_path):
    pets(tmp_path)
    code = (
        "import sys; from optcli.parts.datasets import images\n"
        f"images.facts(images.Options(folder={str(tmp_path)!r}))\n"
        "assert not {'numpy', 'torch', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
