"""Regularizers that change batches, with the losses that go with them."""

import pytest
import torch
from torch.nn.functional import cross_entropy, kl_div

from optcli.parts import find
from optcli.parts.losses import cross_entropy as part
from optcli.parts.origin import Misuse


def made(name, **options):
    module = find("regularizer", name)
    return module.build(module.Options(**options))


@pytest.mark.parametrize(("name", "x"), [("mixup", torch.randn(6, 5)), ("cutmix", torch.randn(6, 1, 8, 9))])
def test_mixing_is_soft_targets(name, x):
    torch.manual_seed(3)
    y, output = torch.randint(4, (6,)), torch.randn(6, 4)
    mixing = made(name, share=1.0)
    loss = mixing.on_loss(part.build(part.Options()))
    mixed, same = mixing.on_batch(x, y)
    kept = mixing.kept
    assert torch.equal(same, y)
    assert 0 < kept.item() < 1
    soft = kept * torch.eye(4)[y] + (1 - kept) * torch.eye(4)[y.flip(0)]
    torch.testing.assert_close(loss(output, y), cross_entropy(output, soft))
    if name == "mixup":
        torch.testing.assert_close(mixed, kept * x + (1 - kept) * x.flip(0))
    else:
        own = (mixed == x).float().mean()
        torch.testing.assert_close(own, kept)
        assert torch.equal(torch.where(mixed == x, x, x.flip(0)), mixed)


def test_the_share_kept_is_beta_distributed():
    torch.manual_seed(0)
    mixing = made("mixup", alpha=0.4)
    drawn = torch.stack([mixing.draw(torch.zeros(1)) for _ in range(4000)])
    assert drawn.mean().item() == pytest.approx(0.5, abs=0.03)
    assert drawn.var().item() == pytest.approx(1 / (4 * (2 * 0.4 + 1)), rel=0.06)


def test_some_batches_are_left_alone():
    torch.manual_seed(0)
    mixing = made("mixup", alpha=1.0, share=0.25)
    alone = sum(mixing.draw(torch.zeros(1)).item() == 1.0 for _ in range(1000))
    assert alone == pytest.approx(750, abs=50)


def test_cutmix_is_for_images():
    with pytest.raises(ValueError, match="for images"):
        made("cutmix").on_batch(torch.zeros(3, 4), torch.zeros(3))


def test_mixing_and_smoothing_go_together():
    loss = part.build(part.Options())
    mixup, smoothing = made("mixup"), made("label_smoothing")
    y, output = torch.randint(4, (6,)), torch.randn(6, 4)
    mixup.on_batch(torch.zeros(6, 2), y)
    one = mixup.on_loss(smoothing.on_loss(loss))(output, y)
    other = smoothing.on_loss(mixup.on_loss(loss))(output, y)
    torch.testing.assert_close(one, other)


def test_r_drop_is_the_paper_s_loss():
    torch.manual_seed(0)
    y, output = torch.randint(4, (3,)), torch.randn(6, 4)
    regularizer = made("r_drop", strength=2.0)
    x, twice = regularizer.on_batch(torch.arange(3.0), y)
    assert x.tolist() == [0, 1, 2, 0, 1, 2]
    loss = regularizer.on_loss(part.build(part.Options()))(output, twice)
    one, other = output[:3].log_softmax(1), output[3:].log_softmax(1)
    both = kl_div(one, other, reduction="sum", log_target=True) + kl_div(other, one, reduction="sum", log_target=True)
    nll = (cross_entropy(output[:3], y) + cross_entropy(output[3:], y)) / 2
    torch.testing.assert_close(loss, nll + 2.0 * both / 3 / 2)
    assert regularizer.report()["penalty"] == pytest.approx((both / 3).item(), rel=1e-5)


def test_r_drop_wants_one_prediction():
    loss = made("r_drop").on_loss(lambda output, target: output["a"].sum())
    with pytest.raises(Misuse, match="the model gives a dict of them"):
        loss({"a": torch.ones(2, 3)}, torch.zeros(2))


def test_input_noise_has_its_spread():
    torch.manual_seed(0)
    x, y = made("input_noise", std=0.3).on_batch(torch.ones(200, 200), torch.zeros(200))
    assert (x - 1).std().item() == pytest.approx(0.3, rel=0.02)
    assert y.shape == (200,)


@pytest.mark.parametrize(("name", "x"), [("mixup", torch.randn(6, 5)), ("cutmix", torch.randn(6, 1, 8, 9))])
def test_mixing_tells_how_much_of_a_sample_is_its_own(name, x):
    mixing, y, kept = made(name, alpha=1.0, share=1.0), torch.zeros(6), []
    for _ in range(5):
        mixing.on_batch(x, y)
        kept.append(mixing.kept.item())
    assert mixing.report() == {"kept_share": pytest.approx(sum(kept) / 5)}
    assert mixing.report() == {}
