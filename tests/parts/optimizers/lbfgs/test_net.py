"""L-BFGS in a training loop: what it does when a search goes wrong, and without a search."""

import torch

from optcli.parts import find


def built(**options):
    parameter, part = torch.nn.Parameter(torch.tensor([3.0, -2.0])), find("optimizer", "lbfgs")
    group = {"params": [parameter], "name": "all", "weight_decay": 0.0, "lr_scale": 1.0}
    return parameter, part.build([group], part.Options(**options), "cpu")


def evaluated(parameter):
    value = parameter.detach()
    return value.square().sum(), [2 * value]


def test_a_quadratic_is_done_in_one_step():
    parameter, optimizer = built()
    parameter.grad = evaluated(parameter)[1][0]
    optimizer.given = evaluated(parameter)[0], lambda: evaluated(parameter)
    optimizer.step()
    torch.testing.assert_close(parameter.detach(), torch.zeros(2))


def test_a_step_into_nothing_is_undone_and_the_curvature_forgotten():
    parameter, optimizer = built(line_search="none")
    parameter.grad = evaluated(parameter)[1][0]
    optimizer.given = evaluated(parameter)[0], lambda: (torch.tensor(torch.nan), [torch.full((2,), torch.nan)])
    before = parameter.detach().clone()
    optimizer.step()
    assert torch.equal(parameter.detach(), before)
    assert not optimizer.state[parameter]
    optimizer.given = evaluated(parameter)[0], lambda: evaluated(parameter)
    parameter.grad = evaluated(parameter)[1][0]
    optimizer.step()
    assert evaluated(parameter)[0] < 13


def test_without_a_second_look_it_takes_one_iteration():
    parameter, optimizer = built(max_iter=7)
    parameter.grad = evaluated(parameter)[1][0]
    optimizer.step()
    assert optimizer.state[parameter]["func_evals"] == 1
    assert optimizer.param_groups[0]["max_iter"] == 7
    assert optimizer.param_groups[0]["line_search_fn"] == "strong_wolfe"
