"""One step: equal to the plain loop's, deaf to bad values, and nothing is read back."""

import cProfile
import pstats

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import optcli
from optcli.train.build import build
from optcli.train.signals import Signals
from optcli.train.world import World


def built(recipe, *changes):
    world = World("cpu", recipe(*changes).train.precision)
    return build(recipe(*changes), world, Signals())


def step(made, number):
    made.update(number, made.batches.at(number), made.rates(number))
    made.window.closes(number + 1, 1.0)


def weights(made):
    return [p.detach().clone() for p in made.objective.bare.parameters()]


def same(one, other, **tolerance):
    return all(torch.allclose(a, b, **tolerance) for a, b in zip(one, other, strict=True))


def test_it_is_the_plain_loop(recipe):
    made, plain = built(recipe), built(recipe)
    net = plain.objective.bare
    optimizer = torch.optim.AdamW(
        [{"params": g["params"], "weight_decay": g["weight_decay"]} for g in plain.groups], lr=0.01, fused=True
    )
    for number in range(5):
        step(made, number)
        [(x, y)] = plain.batches.at(number)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        norm = nn.utils.get_total_norm([p.grad for p in net.parameters()])
        optimizer.step()
    assert same(weights(made), weights(plain), rtol=0, atol=0)
    row = made.window.read(drain=True)[-1]
    assert row.loss == loss.item()
    assert row.grad_norm == pytest.approx(norm.item(), rel=1e-6)


def test_accumulation_is_the_big_batch(recipe):
    big, small = built(recipe), built(recipe, "data.batch_size=2", "train.accumulate=4")
    for number in range(4):
        step(big, number)
        step(small, number)
    assert same(weights(big), weights(small), rtol=1e-5, atol=1e-6)
    losses = [[row.loss for row in made.window.read(drain=True)] for made in (big, small)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


@optcli.model
def sideways(facts):
    """Its weight is used the other way round, and so its gradient lies in memory the other way round."""

    class Sideways(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(facts.outputs, *facts.shape) / 2)

        def forward(self, x):
            return torch.einsum("ni,oi->no", x, self.weight) + x @ self.weight.t().contiguous()

    return Sideways()


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_a_gradient_that_lies_otherwise_in_memory_is_no_other_gradient(recipe, monkeypatch, optimizer):
    optcli.model(sideways)
    changes = ("model=sideways", f"optimizer.name={optimizer}", "optimizer.lr=0.01", "optimizer.weight_decay=0")
    made, plain = built(recipe, *changes), built(recipe, *changes)
    net = plain.objective.bare
    rule = {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[optimizer]([net.weight], lr=0.01, weight_decay=0)
    strides = set()
    for number in range(4):
        step(made, number)
        [(x, y)] = plain.batches.at(number)
        loss = nn.functional.cross_entropy(net(x), y)
        strides.add(torch.autograd.grad(loss, [net.weight], retain_graph=True)[0].stride())
        rule.zero_grad()
        loss.backward()
        rule.step()
    assert strides == {(1, 3)}  # else this shows nothing
    assert same(weights(made), weights(plain), rtol=1e-5, atol=1e-6)


FINE = ("train.precision=fp64", "optimizer.name=sgd", "optimizer.weight_decay=0", "schedule=constant")


def accumulated(recipe, parts, *changes):
    """Losses and weights after some steps of 64 samples in so many parts."""
    made = built(recipe, f"data.batch_size={64 // parts}", f"train.accumulate={parts}", *FINE, *changes)
    for number in range(4):
        step(made, number)
    return [t.double() for t in (*weights(made), *(b.clone() for b in made.objective.bare.buffers()))]


@optcli.data(task="regression")
def eighths(n: int = 320):
    """Small whole numbers, so that sums of products are exact in whatever order."""
    import numpy as np

    random = np.random.default_rng(0)
    x, y = random.integers(-2, 3, (n, 4)), random.integers(-2, 3, (n, 2))
    return x.astype("float32"), y.astype("float32"), x[:64].astype("float32"), y[:64].astype("float32")


def summed(facts):
    """Two parameters that are only ever added: autograd gives both the same tensor as their gradient."""

    class Summed(nn.Module):
        def __init__(self):
            super().__init__()
            self.base = nn.Parameter(torch.randn(facts.outputs, *facts.shape))
            self.change = nn.Parameter(torch.zeros(facts.outputs, *facts.shape))

        def forward(self, x):
            return nn.functional.linear(x, self.base + self.change)

    return Summed()


SUMMED = ("model=summed", "optimizer={name: sgd, lr: 0.1}")


def test_a_gradient_that_two_parameters_share_is_clipped_once(recipe):
    optcli.model(summed)
    made, plain = (built(recipe, *SUMMED, "regularizers.clip_norm.max_norm=0.01") for _ in range(2))
    step(made, 0)
    net, [(x, y)] = plain.objective.bare, plain.batches.at(0)
    nn.functional.cross_entropy(net(x), y).backward()
    nn.utils.clip_grad_norm_(net.parameters(), 0.01)
    torch.optim.SGD(net.parameters(), lr=0.1).step()
    assert same(weights(made), weights(plain), rtol=1e-6, atol=0)


def test_a_gradient_that_two_parameters_share_is_added_up_once(recipe):
    optcli.model(summed)
    big, small = built(recipe, *SUMMED), built(recipe, *SUMMED, "data.batch_size=2", "train.accumulate=4")
    step(big, 0)
    step(small, 0)
    assert same(weights(big), weights(small), rtol=1e-5, atol=1e-6)


def test_accumulation_is_the_big_batch_bit_for_bit_where_sums_are_exact(recipe):
    optcli.data(task="regression")(eighths)
    exact = ("data.name=eighths", "model.name=linear", "loss=mse", "metrics=[]", "optimizer.lr=0.125")

    def dyadic(made):
        with torch.no_grad():
            for parameter in made.objective.bare.parameters():
                parameter.copy_((parameter * 8).round() / 8)
        for number in range(3):
            step(made, number)
        return weights(made)

    big = dyadic(built(recipe, *FINE, *exact, "data.batch_size=64"))
    for parts in (2, 8, 64):
        small = dyadic(built(recipe, *FINE, *exact, f"data.batch_size={64 // parts}", f"train.accumulate={parts}"))
        assert same(big, small, rtol=0, atol=0)


def test_accumulation_is_the_big_batch_to_the_last_digits(recipe):
    changes = ("data.n=320", "model.hidden=[32, 32]", "optimizer.lr=0.1", "regularizers.clip_norm.max_norm=0.5")
    big = accumulated(recipe, 1, *changes)
    for parts in (2, 8, 32):
        small = accumulated(recipe, parts, *changes)
        size = max(float(t.abs().max()) for t in big)
        assert max(float((a - b).abs().max()) for a, b in zip(big, small, strict=True)) <= 1e-15 * size * 4


def test_double_precision_is_double_throughout(recipe):
    made = built(recipe, *FINE)
    assert {p.dtype for p in made.objective.bare.parameters()} == {torch.float64}
    assert made.objective(*made.batches.at(0)[0]).dtype == torch.float64


def test_clipping_is_torchs(recipe):
    changes = (
        "optimizer.name=sgd",
        "optimizer.lr=1",
        "optimizer.weight_decay=0",
        "regularizers.clip_norm.max_norm=0.05",
    )
    made, plain = built(recipe, *changes), built(recipe, *changes)
    net = plain.objective.bare
    for number in range(3):
        step(made, number)
        [(x, y)] = plain.batches.at(number)
        net.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.05)
        with torch.no_grad():
            for parameter in net.parameters():
                parameter -= parameter.grad
    assert same(weights(made), weights(plain), rtol=1e-5, atol=1e-7)


def test_a_clip_goes_by_what_the_one_before_has_left(recipe):
    """By values first, the norm is below its limit and must not be cut a second time."""
    first = "regularizers.clip_value.max_value=1e-4"
    one, two = (
        built(recipe, "optimizer.name=sgd", first, *more) for more in ((), ("regularizers.clip_norm.max_norm=0.1",))
    )
    start = weights(one)
    step(one, 0)
    step(two, 0)
    assert not same(weights(one), start, rtol=0, atol=0)
    assert same(weights(one), weights(two), rtol=0, atol=0)


def test_both_passes_of_sam_see_the_same_batch(recipe):
    """At the worst point of the batch, and not of another one that was blended anew."""
    blends = ("regularizers.mixup.alpha=1", "regularizers.input_noise.std=0.5", "regularizers.dropout.rate=0.5")
    made, seen = built(recipe, "regularizers.sam.radius=1e-9", *blends, "train.accumulate=2"), []
    hidden = next(m for m in made.objective.bare.modules() if isinstance(m, nn.Dropout))
    hidden.register_forward_hook(lambda module, given, output: seen.append(output.detach()))
    step(made, 0)
    step(made, 1)
    one, two, again, anew, *second = seen
    assert not torch.equal(one, two)
    torch.testing.assert_close((again, anew), (one, two))
    assert not torch.equal(second[0], one)


def test_the_update_ratio_is_measured(recipe):
    made = built(recipe)
    before = weights(made)
    step(made, 0)
    step(made, 1)
    first, second = made.window.read(drain=True)
    assert second.update_ratio is None
    again = built(recipe)
    step(again, 0)
    moved = sum((a - b).square().sum() for a, b in zip(weights(again), before, strict=True)).sqrt()
    size = sum(b.square().sum() for b in before).sqrt()
    assert first.update_ratio == pytest.approx((moved / size).item(), rel=1e-5)


VARIANTS = {
    "adamw": ("optimizer.name=adamw",),
    "sgd": ("optimizer.name=sgd", "optimizer.momentum=0.9"),
    "rmsprop": ("optimizer.name=rmsprop",),
    "batch norm": ("model.norm=batch",),
    "l1": ("regularizers.l1.strength=0.1",),
    "l1, then debiased": ("regularizers.l1.strength=0.1", "regularizers.l1.until=1"),
    "penalties": ("regularizers.spectral.strength=0.1", "regularizers.orthogonal.strength=0.1"),
    "swaps": ("regularizers.swap_noise.rate=0.2", "regularizers.label_smoothing.strength=0.1"),
    "courses": (
        "optimizer={name: sgd, momentum: 0.9, weight_decay: 0.1}",
        "schedule={name: one_cycle, momentum: [0.85, 0.95], weight_decay: [1, 0]}",
    ),
    "clip": ("regularizers.clip_norm.max_norm=0.1",),
    "cautious": ("optimizer.decay=cautious", "optimizer.weight_decay=0.5", "optimizer.groups={head: {lr_scale: 3}}"),
    "gradients": (
        "regularizers.gradient_noise.strength=0.1",
        "regularizers.zclip.warmup=1",
        "regularizers.agc.clipping=0.1",
        "regularizers.clip_value.max_value=0.1",
    ),
    "averages": ("regularizers.ema.decay=0.9", "regularizers.swa.every=1"),
    "sam": ("regularizers.sam.radius=0.1", "model.norm=batch"),
    "batches": ("regularizers.mixup.alpha=0.4", "regularizers.input_noise.std=0.1", "regularizers.r_drop.strength=1"),
    "group lasso": ("regularizers.group_lasso.strength=0.1",),
    "accumulate": ("data.batch_size=4", "train.accumulate=2"),
}


READING = {
    "schedule-free": ("optimizer.name=schedule_free_adamw",),
    "prodigy": ("optimizer.name=prodigy",),
    "soap": ("optimizer.name=soap",),
    "adafactor": ("optimizer.name=adafactor",),
}
"""These ask the gate on a CPU, where that costs nothing."""


@pytest.mark.parametrize("name", [*VARIANTS, *READING])
def test_a_bad_step_changes_nothing(recipe, name):
    made = built(recipe, *{**VARIANTS, **READING}[name])
    step(made, 0)
    net = made.objective.bare
    kept = {k: v.clone() for k, v in net.state_dict().items()}
    state = {k: v.clone() for k, v in _state(made.optimizer).items()}
    x, y = made.batches.at(1)[0]
    bad = x.clone()
    bad[0, 0] = float("nan")
    made.update(1, [(bad, y), *made.batches.at(1)[1:]], 1.0)
    made.window.closes(2, 1.0)
    step(made, 2)  # the gate stays up
    assert all(torch.equal(v, kept[k]) for k, v in net.state_dict().items())
    assert all(torch.equal(v, state[k]) for k, v in _state(made.optimizer).items())
    assert all(torch.isfinite(t).all() for t in _memories(made))
    assert [row.finite for row in made.window.read(drain=True)[:2]] == [True, False]


def test_an_optimizer_without_a_gate_is_put_back(recipe):
    made = built(recipe)
    made.update._ungated = True
    made.optimizer.found_inf = None
    first = weights(made)
    state = {k: v.clone() for k, v in _state(made.optimizer).items()}
    x, y = made.batches.at(0)[0]
    made.update(0, [(x * float("inf"), y)], 1.0)
    assert same(weights(made), first, rtol=0, atol=0)
    assert all(torch.equal(v, state[k]) for k, v in _state(made.optimizer).items())
    made.gate.lower()
    step(made, 1)
    assert not same(weights(made), first)


def _memories(made):
    states = [r.state_dict() for r in made.regularizers.values() if hasattr(r, "state_dict")]
    tensors = [t for state in states for value in state.values() for t in (value if type(value) is list else [value])]
    return [t for t in tensors if torch.is_tensor(t)]


def _state(optimizer):
    return {(i, k): v for i, one in enumerate(optimizer.state.values()) for k, v in one.items() if torch.is_tensor(v)}


def test_parameters_that_take_no_part_are_no_error(recipe):
    made = built(recipe)
    extra = nn.Parameter(torch.ones(2))
    made.optimizer.add_param_group({"params": [extra], "weight_decay": 0.0, "initial_lr": 0.01, "name": "idle"})
    from optcli.parts.optimizers._direct import stepper
    from optcli.train.probes import Window
    from optcli.train.update import Update

    world, walk = World("cpu"), stepper(made.optimizer)
    window = Window(world, len(walk.params), Signals())
    Update(made.objective, walk, made.gate, window, world)(0, made.batches.at(0), 1.0)
    window.closes(1, 1.0)
    assert window.read(drain=True)[0].norms[-1] == 0
    assert extra.tolist() == [1.0, 1.0]


class Reads(TorchDispatchMode):
    """Counts operators, and tensors read as Python numbers, each of which makes a GPU wait."""

    def __init__(self):
        super().__init__()
        self.ops, self.reads = 0, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.ops += 1
        self.reads += "_local_scalar_dense" in str(func)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", [*VARIANTS, "fp16"])
def test_no_step_reads_a_tensor(recipe, name):
    changes = VARIANTS.get(name, ())
    made = built(recipe, *changes) if name != "fp16" else _fp16(recipe)
    step(made, 0)
    with Reads() as seen:
        for number in range(1, 12):
            step(made, number)
    assert seen.reads == 0


def _fp16(recipe):
    chosen = recipe("train.precision=fp16", "train.device=auto")
    return build(chosen, World("cpu", "fp16"), Signals())


def test_a_step_takes_few_calls(recipe):
    made = built(recipe, "model.hidden=[256, 256]", "train.epochs=30")
    stream = made.batches.stream(0, 90)

    def some(count):
        for _ in range(count):
            number, batches = next(stream)
            made.update(number, batches, made.rates(number))
            if made.window.closes(number + 1, 1.0):
                made.window.read(drain=True)

    some(20)
    profile = cProfile.Profile()
    profile.runcall(some, 60)
    assert pstats.Stats(profile).total_calls / 60 <= 320


def test_a_step_takes_few_operators(recipe):
    made = built(recipe, "model.hidden=[256, 256]", "train.epochs=9")
    steps = list(made.batches.stream(0, 21))
    made.update(*steps[0], 1.0)
    with Reads() as seen:
        for number, batches in steps[1:]:
            made.update(number, batches, 1.0)
    assert seen.ops / 20 <= 57


def test_a_line_search_looks_at_all_batches_of_a_step(recipe):
    search = ("optimizer=lbfgs", "optimizer.max_iter=4")
    big, small = built(recipe, *search), built(recipe, *search, "data.batch_size=2", "train.accumulate=4")
    for number in range(2):
        step(big, number)
        step(small, number)
    assert same(weights(big), weights(small), rtol=1e-3, atol=1e-5)
    assert big.optimizer.state[big.update._params[0]]["func_evals"] > 4


def test_a_line_search_lowers_the_loss_of_its_batch(recipe):
    made = built(recipe, "optimizer=lbfgs")
    [(x, y)] = made.batches.at(0)
    before = made.objective(x, y).item()
    step(made, 0)
    assert made.objective(x, y).item() < 0.1 * before


def test_a_line_search_is_deaf_to_bad_values(recipe):
    made = built(recipe, "optimizer=lbfgs", "data.nan_at=5", "monitor.nonfinite=skip")
    moved = []
    for number in range(8):
        before = weights(made)
        step(made, number)
        assert all(w.isfinite().all() for w in weights(made))
        moved.append(not same(before, weights(made), rtol=0, atol=0))
    rows = made.window.read(drain=True)
    assert [row.finite for row in rows] == moved
    assert not all(moved)
