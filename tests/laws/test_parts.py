"""Laws that every part keeps: run over the listing of the folders."""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import math
import subprocess
import sys
from functools import partial

import pytest
import torch
import yaml
from pydantic import TypeAdapter, ValidationError

from optcli.parts import KINDS, bundled, doc, find
from optcli.parts.facts import Facts
from optcli.parts.optimizers import _direct, _groups
from optcli.parts.reference import options as documented
from optcli.parts.schedules import Plan, check, rate

EVERY = [(kind, name) for kind in KINDS for name in bundled(kind)]
every = pytest.mark.parametrize(("kind", "name"), EVERY, ids=["-".join(pair) for pair in EVERY])


def members(kind):
    return pytest.mark.parametrize("name", bundled(kind))


GIVEN = {"stages": [{"name": "constant", "until": "60%"}, {"name": "linear", "warmup": 5, "scale": 0.5}]}


def required(part):
    """Values for options without a default, as data sets of the user's own files have."""
    open_ = [f.name for f in part.Options.__dataclass_fields__.values() if "MISSING" in repr(f.default)]
    return {name: GIVEN.get(name, "x") for name in open_}


def usual(part):
    """Options at their defaults."""
    return TypeAdapter(part.Options).validate_python(required(part))


def test_importing_parts_imports_no_torch():
    modules = [f"optcli.parts.{KINDS[kind]}.{name}" for kind, name in EVERY]
    code = (
        f"import sys, importlib\nfor name in {modules!r}:\n    importlib.import_module(name)\n"
        "heavy = {'torch', 'numpy', 'pydantic', 'pandas'} & set(sys.modules); assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@every
def test_the_first_line_of_the_documentation_is_a_sentence(kind, name):
    first = doc(kind, name).partition("\n")[0]
    assert first.endswith(".")
    assert 10 < len(first) <= 120


@every
def test_every_option_is_documented(kind, name):
    told = documented(kind, name)
    assert [option.name for option in told] == list(find(kind, name).Options.__dataclass_fields__)
    assert all(option.doc.endswith(".") for option in told)


@every
def test_options_round_trip_through_yaml(kind, name):
    part = find(kind, name)
    adapter = TypeAdapter(part.Options)
    made = adapter.validate_python(required(part))
    text = yaml.safe_dump(adapter.dump_python(made, mode="json"))
    assert adapter.validate_python(yaml.safe_load(text)) == made


@every
def test_unknown_options_are_refused(kind, name):
    part = find(kind, name)
    with pytest.raises(ValidationError, match="no_such_option"):
        TypeAdapter(part.Options).validate_python({**required(part), "no_such_option": 1})


@every
def test_no_option_takes_infinity(kind, name):
    part = find(kind, name)
    for option in documented(kind, name):
        if option.type == "number":
            with pytest.raises(ValidationError):
                TypeAdapter(part.Options).validate_python({**required(part), option.name: math.inf})


# --- optimizers -------------------------------------------------------------------------------------------------------


def net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.Tanh(), torch.nn.LayerNorm(4), torch.nn.Linear(4, 2))


class Training:
    """A tiny regression with the optimizer `name`, from the same start each time."""

    def __init__(self, name, **options):
        part = find("optimizer", name)
        self.model, self.part = net(), part
        chosen = part.Options(**{"weight_decay": 0.01, **options})
        groups = _groups.groups(self.model, chosen.weight_decay, cautious=chosen.decay == "cautious")
        self.optimizer = part.build(groups, chosen, "cpu")
        self.step = _direct.stepper(self.optimizer)

    def run(self, steps, *, spoil=None):
        for t in steps:
            x = torch.randn(8, 5, generator=torch.Generator().manual_seed(t))
            loss, grads = self.evaluate(x)
            if spoil is not None:
                grads[1] = torch.full_like(grads[1], spoil)
            if hasattr(self.optimizer, "given"):
                self.optimizer.given = loss, partial(self.evaluate, x)
            self.step(0.5 + 0.5 / (t + 1), grads)
        return self

    def evaluate(self, x):
        with torch.enable_grad():
            loss = (self.model(x) - x[:, :2].square()).square().mean()
            return loss.detach(), list(torch.autograd.grad(loss, self.step.params))

    def tensors(self):
        """Copies of all parameters and all tensors of the state."""
        state = [t for p in self.step.params for t in self.optimizer.state[p].values() if isinstance(t, torch.Tensor)]
        return [t.detach().clone() for t in (*self.step.params, *state)]


def decays(*names):
    """(optimizer, kind of decay) for each kind that the optimizer has."""
    told = {name: next(o.type for o in documented("optimizer", name) if o.name == "decay") for name in names}
    cases = [(name, decay) for name in names for decay in told[name].split(" | ")]
    return pytest.mark.parametrize(("name", "decay"), cases)


def same(one, other):
    return len(one) == len(other) and all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@members("optimizer")
def test_an_optimizer_has_the_common_options(name):
    fields = find("optimizer", name).Options.__dataclass_fields__
    assert {"lr", "weight_decay", "decay"} <= set(fields)


@members("optimizer")
def test_an_optimizer_lowers_the_loss(name):
    x = torch.randn(256, 5, generator=torch.Generator().manual_seed(99))

    def loss(model):
        return (model(x) - x[:, :2].square()).square().mean().item()

    part = find("optimizer", name)
    rate, steps = (1, 10) if getattr(part, "SEARCHES", False) else (10, 100)
    made = Training(name, lr=rate * part.Options().lr)
    before = loss(made.model)
    assert loss(made.run(range(steps)).model) < 0.9 * before


@decays(*bundled("optimizer"))
def test_an_optimizer_resumes_bit_equal(name, decay):
    whole, first, second = (Training(name, decay=decay) for _ in range(3))
    whole.run(range(6))
    first.run(range(3))
    second.model.load_state_dict(first.model.state_dict())
    second.optimizer.load_state_dict(copy.deepcopy(first.optimizer.state_dict()))
    assert same(second.run(range(3, 6)).tensors(), whole.tensors())


@decays(*bundled("optimizer"))
@pytest.mark.parametrize("spoil", [math.nan, math.inf])
def test_a_gated_optimizer_skips_a_step_without_a_trace(name, decay, spoil):
    made, other = Training(name, decay=decay), Training(name, decay=decay)
    if not getattr(made.part, "GATED", False):
        pytest.skip("not gated: the training loop does it")
    made.optimizer.found_inf = torch.ones(())
    start = made.tensors()
    assert same(made.run(range(1), spoil=spoil).tensors(), start)
    for t in range(4):
        made.optimizer.found_inf = torch.zeros(())
        made.run(range(t, t + 1))
        before = made.tensors()
        made.optimizer.found_inf = torch.ones(())
        assert same(made.run(range(t + 1, t + 2), spoil=spoil).tensors(), before)
    assert same(made.tensors(), other.run(range(4)).tensors())


@pytest.mark.parametrize("name", [name for name in bundled("optimizer") if name != "lbfgs"])
def test_cautious_decay_acts_where_the_step_makes_weights_smaller(name):
    options = {"d0": 0.01} if name == "prodigy" else {}  # its rate begins too small to be seen in single precision
    plain = Training(name, weight_decay=0.0, **options)
    careful = Training(name, weight_decay=2.0, decay="cautious", **options)
    before = {name: p.detach().clone() for name, p in plain.model.named_parameters()}
    for made in (plain, careful):
        made.run(range(1))
    careful_by_name = dict(careful.model.named_parameters())
    for at, now in plain.model.named_parameters():
        old = before[at]
        lr = careful.optimizer.param_groups[0]["lr"] * options.get("d0", 1.0)
        decayed = (old - now) * old > 0 if now.ndim > 1 else torch.zeros_like(old, dtype=torch.bool)
        wanted = now - torch.where(decayed, 2.0 * lr * old, 0.0)
        torch.testing.assert_close(careful_by_name[at].detach(), wanted.detach())


@members("optimizer")
def test_the_direct_step_is_the_plain_step(name):
    direct, plain = Training(name), Training(name)
    plain.step = _direct.Step(plain.optimizer)
    assert same(direct.run(range(5)).tensors(), plain.run(range(5)).tensors())


@members("optimizer")
def test_parameters_without_decay_are_not_decayed(name):
    options = {"d0": 0.01} if name == "prodigy" else {}  # its rate begins too small to be seen in single precision
    decayed, not_decayed = (Training(name, weight_decay=decay, lr=0.1, **options) for decay in (0.5, 0.0))
    bias = {id(made): dict(made.model.named_parameters())["0.bias"] for made in (decayed, not_decayed)}
    weight = dict(decayed.model.named_parameters())["0.weight"]
    before = weight.detach().clone()
    for made in (decayed, not_decayed):
        made.step(1.0, [torch.zeros_like(p) for p in made.step.params])
    assert torch.equal(bias[id(decayed)], bias[id(not_decayed)])
    assert (weight.abs() < before.abs()).all()


# --- schedules --------------------------------------------------------------------------------------------------------


@members("schedule")
@pytest.mark.parametrize("warmup", ["0", "7", "10%"])
def test_a_schedule_is_a_pure_bounded_function(name, warmup):
    module = find("schedule", name)
    options = TypeAdapter(module.Options).validate_python({**required(module), "warmup": warmup})
    plan = Plan.of(options, 400, 40)
    rates = [rate(module, options, step, plan) for step in range(400)]
    assert all(math.isfinite(r) and 0 <= r <= 1 for r in rates)
    assert max(rates) == pytest.approx(1.0)
    assert rates == [rate(module, options, step, plan) for step in reversed(range(400))][::-1]
    assert all(isinstance(r, float) for r in rates)


@members("schedule")
def test_a_schedule_finds_its_defaults_right(name):
    module = find("schedule", name)
    options = usual(module)
    assert check(module, options, Plan.of(options, 1000, 100)) == []


@members("schedule")
def test_a_schedule_survives_short_runs(name):
    module = find("schedule", name)
    options = usual(module)
    for total in (1, 2, 3):
        plan = Plan.of(options, total, 1)
        assert all(math.isfinite(rate(module, options, step, plan)) for step in range(total))


# --- regularizers -----------------------------------------------------------------------------------------------------

HOOKS = {
    "on_model", "on_loss", "on_batch", "penalty", "after_step", "on_grads", "after_update", "ascend", "should_stop",
}  # fmt: skip


@members("regularizer")
def test_a_regularizer_has_a_hook(name):
    part = find("regularizer", name)
    made = part.build(part.Options())
    assert HOOKS & set(dir(made))
    if hasattr(made, "report"):
        assert all(isinstance(value, float) for value in made.report().values())
    assert hasattr(made, "state_dict") == hasattr(made, "load_state_dict")


# --- models -----------------------------------------------------------------------------------------------------------

INPUTS = {
    "vector": (Facts("classification", 9, 9, (12,), 4), lambda: torch.randn(3, 12), (3, 4)),
    "image": (Facts("classification", 9, 9, (1, 8, 8), 4), lambda: torch.randn(3, 1, 8, 8), (3, 4)),
    "tokens": (Facts("language", 9, 9, (6,), 11), lambda: torch.randint(11, (3, 6)), (3, 6, 11)),
}


def model_cases():
    return [(name, takes) for name in bundled("model") for takes in sorted(find("model", name).TAKES)]


def case(part, takes):
    """(facts, inputs, shape of the output) for a model that takes such inputs."""
    facts, inputs, shape = INPUTS[takes]
    if getattr(part, "RECONSTRUCTS", False):
        return facts.reconstruction(), inputs, (3, math.prod(facts.shape))
    return facts, inputs, shape


@pytest.mark.parametrize(("name", "takes"), model_cases())
def test_a_model_gives_what_the_task_needs(name, takes):
    part = find("model", name)
    facts, inputs, shape = case(part, takes)
    torch.manual_seed(1)
    model = part.build(part.Options(), facts)
    output = model(inputs())
    assert output.shape == shape
    assert output.dtype == torch.float32
    output.square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize(("name", "takes"), model_cases())
def test_a_model_is_decided_by_the_seed(name, takes):
    part, made = find("model", name), []
    for _ in range(2):
        torch.manual_seed(7)
        made.append(part.build(part.Options(), case(part, takes)[0]).state_dict())
    assert list(made[0]) == list(made[1])
    assert same(list(made[0].values()), list(made[1].values()))


@pytest.mark.parametrize(("name", "takes"), model_cases())
def test_a_model_never_mixes_samples_in_evaluation(name, takes):
    part = find("model", name)
    facts, inputs, _ = case(part, takes)
    model, x = part.build(part.Options(), facts).eval(), inputs()
    torch.testing.assert_close(model(x)[:1], model(x[:1]), rtol=1e-4, atol=1e-5)


# --- losses and metrics -----------------------------------------------------------------------------------------------

BATCHES = {
    "classification": lambda: (torch.randn(6, 4), torch.randint(4, (6,))),
    "multilabel": lambda: (torch.randn(6, 4), torch.randint(2, (6, 4)).float()),
    "regression": lambda: (torch.randn(6, 2), torch.randn(6, 2)),
    "language": lambda: (torch.randn(6, 3, 5), torch.randint(5, (6, 3))),
}


def cases(kind):
    listed = [(name, task) for name in bundled(kind) for task in sorted(find(kind, name).TASKS)]
    return pytest.mark.parametrize(("name", "task"), listed)


@cases("loss")
def test_a_loss_is_a_mean_with_a_gradient(name, task):
    part, (output, target) = find("loss", name), BATCHES[task]()
    loss = part.build(part.Options())
    output.requires_grad_()
    value = loss(output, target)
    assert value.shape == ()
    assert value.item() > 0
    torch.testing.assert_close(loss(torch.cat([output, output]), torch.cat([target, target])), value)
    (grad,) = torch.autograd.grad(value, output)
    assert grad.isfinite().all()
    assert grad.any()
    expected = part.at_init(Facts(task, 9, 9, (3,), 4, 1.0))
    assert expected is None or expected > 0


@cases("metric")
def test_a_metric_adds_up_over_batches(name, task):
    part, (output, target) = find("metric", name), BATCHES[task]()
    whole, first, second = (part.update(output[s], target[s]) for s in (slice(None), slice(2), slice(2, None)))
    assert whole.shape == (part.WIDTH,)
    assert whole.dtype == torch.float64
    torch.testing.assert_close(first + second, whole)
    assert isinstance(part.compute(whole.tolist()), float)


@cases("metric")
def test_a_metric_knows_better_from_worse(name, task):
    part, (output, target) = find("metric", name), BATCHES[task]()
    ways = {"regression": lambda: target, "multilabel": lambda: 18.0 * target - 9.0}
    right = ways.get(task, lambda: 9.0 * torch.nn.functional.one_hot(target, output.shape[-1]))()
    good, bad = (part.compute(part.update(o, target).tolist()) for o in (right + 0.01 * output, -right))
    assert (good > bad) == part.HIGHER_IS_BETTER
    assert good != bad


@cases("metric")
def test_a_metric_reads_nothing_back(name, task):
    """The host must not wait for the device: on a fake tensor, asking for a value raises."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    part = find("metric", name)
    with FakeTensorMode():
        output, target = BATCHES[task]()
        assert part.update(output, target).shape == (part.WIDTH,)


@every
def test_the_file_has_what_the_kind_promises(kind, name):
    promised = {
        "optimizer": ["build"], "schedule": ["factor"], "regularizer": ["build", "REPORTS"],
        "model": ["build", "TAKES"], "data": ["facts", "load"], "loss": ["build", "at_init", "TASKS"],
        "metric": ["update", "compute", "TASKS", "WIDTH", "HIGHER_IS_BETTER"],
    }[kind]  # fmt: skip
    part = find(kind, name)
    assert all(hasattr(part, one) for one in promised)
    assert part.Options.__dataclass_params__.frozen


def test_renamed_parts_lead_somewhere():
    for kind, folder in KINDS.items():
        for new in importlib.import_module(f"optcli.parts.{folder}").RENAMED.values():
            assert new in bundled(kind)


@every
def test_torch_is_imported_inside_functions(kind, name):
    part = find(kind, name)
    tree = ast.parse(inspect.getsource(part))
    top = [n for n in tree.body if isinstance(n, (ast.Import, ast.ImportFrom))]
    assert not [n for n in top if "torch" in ast.unparse(n) or "numpy" in ast.unparse(n)]
