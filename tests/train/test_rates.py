"""The schedule's factor, with and without a memory."""

import copy
import json

import pytest
import torch

from optcli.train.build import build
from optcli.train.rates import Rates
from optcli.train.signals import Signals
from optcli.train.world import World


def rates(recipe, *changes):
    return Rates(recipe(*changes).scheduled())


def built(recipe, *changes):
    return build(recipe(*changes), World("cpu"), Signals())


def test_a_pure_schedule_is_a_function_of_the_step(recipe):
    made = rates(recipe, "schedule.name=linear", "schedule.warmup=4")
    factors = [made(step) for step in range(24)]
    assert factors[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert factors[-1] < 0.1
    made.observe({"val/loss": 1.0})
    assert made.state_dict() == {}


def test_a_plateau_drops_the_rate_and_remembers_it(recipe):
    changes = ("schedule.name=plateau", "schedule.patience=0", "schedule.gamma=0.5")
    made = rates(recipe, *changes)
    made.observe({"val/loss": 1.0})
    assert made(10) == 1.0
    made.observe({"val/loss": 1.0})
    assert made(10) == 0.5
    again = rates(recipe, *changes)
    again.load_state_dict(made.state_dict())
    assert again(10) == 0.5


class TestMoving:
    PAIR = ("schedule={name: one_cycle, momentum: [0.85, 0.95], weight_decay: [1, 0]}",)

    @pytest.mark.parametrize(
        ("optimizer", "keys"),
        [
            ("{name: sgd, momentum: 0.9, weight_decay: 0.2}", ("momentum", "shrink")),
            ("{name: sgd, momentum: 0.9, weight_decay: 0.2, decay: l2}", ("momentum", "weight_decay")),
            ("{name: adam, weight_decay: 0.2}", ("betas", "weight_decay")),
            ("{name: adamw, weight_decay: 0.2, decay: cautious}", ("betas", "cautious")),
            ("{name: muon, weight_decay: 0.2}", ("beta", "weight_decay")),
            ("{name: lion, weight_decay: 0.2}", ("betas", "weight_decay")),
        ],
    )
    def test_sets_the_groups_of_every_kind(self, recipe, optimizer, keys):
        made = built(recipe, f"optimizer={optimizer}", *self.PAIR)
        peak = max(range(24), key=made.rates)
        for step, momentum in ((peak, 0.85), (23, 0.95)):
            made.update._moving(step)
            for group in made.optimizer.param_groups:
                found = group[keys[0]][0] if keys[0] == "betas" else group[keys[0]]
                assert found == pytest.approx(momentum, abs=2e-3)
                wanted = 0.2 * made.rates.others(step)["weight_decay"] if group["name"].startswith("decayed") else 0
                assert group.get(keys[1], 0) == pytest.approx(wanted)

    def test_the_kernel_obeys(self, recipe):
        """The fused kernel against torch's own loop, whose groups are set by hand."""
        changes = ("optimizer={name: sgd, lr: 0.1, momentum: 0.9, weight_decay: 0.2, decay: l2}", *self.PAIR)
        made = built(recipe, *changes)
        net = copy.deepcopy(made.objective.bare)
        spared = [p for p in net.parameters() if p.ndim == 1]
        groups = [{"params": [p for p in net.parameters() if p.ndim > 1]}, {"params": spared}]
        theirs = torch.optim.SGD(groups, momentum=0.9, foreach=False)
        for step in range(8):
            batches, others = made.batches.at(step), made.rates.others(step)
            for group, decay in zip(theirs.param_groups, (0.2 * others["weight_decay"], 0.0), strict=True):
                group |= {"lr": 0.1 * made.rates(step), "momentum": others["momentum"], "weight_decay": decay}
            theirs.zero_grad()
            torch.nn.functional.cross_entropy(net(batches[0][0]), batches[0][1]).backward()
            theirs.step()
            made.update(step, batches, made.rates(step))
            made.window.closes(step + 1, 1.0)
        for one, other in zip(made.objective.bare.parameters(), net.parameters(), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)

    def test_the_journal_has_them(self, run, tmp_path):
        run(tmp_path / "r", "optimizer.weight_decay=0.1", *self.PAIR)
        rows = [json.loads(line) for line in (tmp_path / "r" / "journal.jsonl").read_text().splitlines()]
        found = [row["momentum"] for row in rows if "momentum" in row]
        assert len(found) == 24
        assert (max(found), min(found)) == (pytest.approx(0.95), pytest.approx(0.85, abs=2e-3))

    def test_nothing_moves_unless_told(self, recipe):
        assert built(recipe).update._moving is None
