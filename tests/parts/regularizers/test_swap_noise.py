"""Values swapped within their columns."""

import pytest
import torch

from optcli.parts.regularizers import swap_noise


def test_values_stay_in_their_columns():
    torch.manual_seed(0)
    made = swap_noise.build(swap_noise.Options(rate=0.3))
    x = torch.arange(4000.0).view(1000, 4)
    noisy, y = made.on_batch(x, torch.zeros(1000))
    assert torch.equal(noisy % 4, x % 4)
    changed = (noisy != x).float().mean().item()
    assert changed == pytest.approx(0.3, abs=0.03)
    assert y.shape == (1000,)
    assert made.report() == {"changed_values": pytest.approx(changed)}
    assert made.report() == {}


def test_what_is_only_tried_out_does_not_count():
    made = swap_noise.build(swap_noise.Options())
    with torch.no_grad():
        made.on_batch(torch.randn(4, 2), torch.zeros(4))
    assert made.report() == {}


def test_goes_on_from_its_state():
    one, other = (swap_noise.build(swap_noise.Options(rate=0.5)) for _ in range(2))
    one.on_batch(torch.randn(40, 2), torch.zeros(40))
    other.load_state_dict(one.state_dict())
    assert other.report() == one.report() != {}
