"""Augmentation of images: each change by itself, against what it must be."""

import pytest
import torch

from optcli.parts.regularizers import augment
from optcli.recipe import loads
from optcli.recipe.problem import BadRecipe

NOTHING = {"shift": 0.0}


def changed(x, y=None, seed=0, **options):
    torch.manual_seed(seed)
    part = augment.build(augment.Options(**{**NOTHING, **options}))
    return part.on_batch(x, torch.zeros(len(x)) if y is None else y)


def pictures(n=200, channels=2, height=6, width=8):
    return torch.arange(n * channels * height * width).float().view(n, channels, height, width)


@pytest.mark.parametrize(
    ("flip", "axes"), [("horizontal", [()]), ("vertical", [()]), ("both", [(), (1, 2)]), ("none", [()])]
)
def test_half_of_the_images_are_mirrored(flip, axes):
    x = pictures()
    out = changed(x, flip=flip)[0]
    ways = {"horizontal": [(2,)], "vertical": [(1,)], "both": [(2,), (1,)], "none": []}[flip] + axes
    found = [[torch.equal(o, i.flip(way) if way else i) for way in ways] for i, o in zip(x, out, strict=True)]
    assert all(sum(one) == 1 for one in found)
    shares = torch.tensor(found).float().mean(0)
    assert (shares - 1 / len(ways)).abs().max() < 0.15


def test_images_are_moved_by_whole_pixels_and_edges_are_repeated():
    x = pictures(300, height=10, width=20)
    out = changed(x, shift=0.1)[0]
    seen = set()
    for before, after in zip(x, out, strict=True):
        by = [(dy, dx) for dy in (-1, 0, 1) for dx in (-2, -1, 0, 1, 2)
              if torch.equal(after, before[:, (torch.arange(10) + dy).clamp(0, 9)][:, :, (torch.arange(20) + dx).clamp(0, 19)])]  # fmt: skip  # noqa: E501
        assert len(by) == 1
        seen |= set(by)
    assert len(seen) == 15


def test_a_turn_is_a_rotation_around_the_centre(monkeypatch):
    monkeypatch.setattr(augment, "_drawn", lambda x: torch.ones(len(x), 1, 1, 1))
    square = pictures(2, height=7, width=7)
    torch.testing.assert_close(changed(square, rotate=90)[0], square.rot90(1, (2, 3)), rtol=0, atol=1e-2)
    torch.testing.assert_close(changed(square, rotate=180)[0], square.flip((2, 3)), rtol=0, atol=1e-2)
    spot = torch.zeros(1, 1, 9, 15)
    spot[0, 0, 4, 11] = 1.0  # four pixels to the right of the centre comes four pixels above it
    turned = changed(spot, rotate=90)[0]
    assert turned[0, 0, 0, 7] > 0.99


def test_zoom_keeps_the_centre_and_scales_the_rest(monkeypatch):
    monkeypatch.setattr(augment, "_drawn", lambda x: torch.ones(len(x), 1, 1, 1))
    x = torch.zeros(1, 1, 9, 9)
    x[0, 0, 4, 4:7] = torch.tensor([1.0, 0.0, 2.0])
    out = changed(x, zoom=0.5)[0]
    assert out[0, 0, 4, 4] == pytest.approx(1.0, abs=1e-4)
    assert out[0, 0, 4, 7] == pytest.approx(2.0, abs=1e-4)  # two pixels away comes three pixels away


def test_light_and_contrast():
    x = torch.randn(500, 1, 4, 4) + 3
    lit = changed(x, brightness=0.5)[0] - x
    assert lit.amax((1, 2, 3)).sub(lit.amin((1, 2, 3))).max() < 1e-5
    assert 0.4 < lit.max() <= 0.5
    assert -0.5 <= lit.min() < -0.4
    mean = x.mean((1, 2, 3), keepdim=True)
    ratio = ((changed(x, contrast=0.3)[0] - mean) / (x - mean)).flatten(1).median(1).values
    assert 0.7 <= ratio.min() < 0.75
    assert 1.25 < ratio.max() <= 1.3


def test_a_square_is_cut_out_somewhere_else_in_each():
    x = torch.ones(400, 3, 10, 20)
    cut = changed(x, cutout=0.5)[0] == 0
    assert torch.equal(cut[:, 0], cut[:, 2])
    tall, wide = cut[:, 0].any(2).sum(1), cut[:, 0].any(1).sum(1)
    assert (int(tall.max()), int(wide.max())) == (5, 10)
    assert torch.equal(cut[:, 0].sum((1, 2)), tall * wide)  # rectangles
    assert int(tall.min()) >= 2  # half outside
    assert len({tuple(one.flatten().tolist()) for one in cut[:, 0]}) > 100
    assert (cut[:, 0].float().mean(0) > 0.05).all()


def test_an_image_that_is_the_target_moves_along():
    x = pictures(50)
    out, target = changed(x, x.clone(), flip="both", shift=0.3, rotate=30, zoom=0.2)
    torch.testing.assert_close(out, target)
    assert not torch.equal(out, x)
    out, target = changed(x, x.clone(), cutout=0.5, brightness=1.0)
    assert torch.equal(target, x)
    assert not torch.equal(out, x)


def test_the_seed_decides_and_each_batch_is_another():
    x = pictures(20)
    assert torch.equal(changed(x, shift=0.3)[0], changed(x, shift=0.3)[0])
    assert not torch.equal(changed(x, shift=0.3)[0], changed(x, shift=0.3, seed=1)[0])


def test_it_reads_nothing_back():
    from torch._subclasses.fake_tensor import FakeTensorMode

    part = augment.build(augment.Options(0.2, "both", 10, 0.1, 0.1, 0.1, 0.2))
    with FakeTensorMode():
        assert part.on_batch(torch.randn(3, 1, 8, 8), torch.zeros(3))[0].shape == (3, 1, 8, 8)


def test_only_for_images():
    with pytest.raises(ValueError, match="augment is for images"):
        augment.build(augment.Options()).on_batch(torch.zeros(3, 4), torch.zeros(3))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("data: digits\nregularizers: [{name: augment, shift: 0}]\n", "`augment` has nothing to do"),
        ("data: digits\nregularizers: [{name: augment, rotate: 200}]\n", "must be a number from 0 to 180"),
        ("data: digits\nregularizers: [{name: augment, crop: 2}]\n", "unknown key `crop`"),
        ("data: diamonds\nregularizers: [augment]\n", "`augment` is for image inputs"),
    ],
)
def test_mistakes_are_problems(text, told):
    with pytest.raises(BadRecipe) as caught:
        loads(text)
    assert told in caught.value.problems[0].message
