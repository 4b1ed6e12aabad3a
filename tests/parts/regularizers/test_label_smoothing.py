"""Label smoothing, against torch's and by hand."""

import pytest
import torch
from torch.nn import functional as F

from optcli.parts import find
from optcli.parts.regularizers import label_smoothing


def smoothed(name, strength=0.2):
    part = find("loss", name)
    return label_smoothing.build(label_smoothing.Options(strength=strength)).on_loss(part.build(part.Options()))


def test_cross_entropy():
    output, target = torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])
    wanted = 0.8 * F.cross_entropy(output, target) - 0.2 * F.log_softmax(output, -1).mean()
    torch.testing.assert_close(smoothed("cross_entropy")(output, target), wanted)


def test_language():
    output, target = torch.randn(2, 4, 3), torch.randint(3, (2, 4))
    wanted = F.cross_entropy(output.view(8, 3), target.view(8), label_smoothing=0.2)
    torch.testing.assert_close(smoothed("cross_entropy")(output, target), wanted)


def test_bce():
    output, target = torch.randn(4, 2), torch.tensor([0, 1, 1, 0])
    soft = F.one_hot(target, 2).float() * 0.8 + 0.1
    torch.testing.assert_close(smoothed("bce")(output, target), F.binary_cross_entropy_with_logits(output, soft))


@pytest.mark.parametrize("name", ["mse", "huber"])
def test_losses_without_classes_are_refused(name):
    with pytest.raises(ValueError, match="label smoothing needs a loss"):
        smoothed(name)


@pytest.mark.parametrize("name", ["cross_entropy", "bce"])
def test_tells_the_least_loss_there_can_be(name):
    part = find("loss", name)
    made = label_smoothing.build(label_smoothing.Options(strength=0.2))
    loss = made.on_loss(part.build(part.Options()))
    assert made.report() == {}
    soft = F.one_hot(torch.tensor([2]), 4) * 0.8 + (0.05 if name == "cross_entropy" else 0.1)
    best = soft.log() if name == "cross_entropy" else soft.logit()
    least = loss(best, torch.tensor([2])).item()
    assert made.report() == {"loss_floor": pytest.approx(least, rel=1e-5)}
