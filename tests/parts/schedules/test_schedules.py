"""The plan, the warm-up, and each schedule against torch's or transformers' over 1,000 steps."""

import math

import pytest
import torch
from pydantic import TypeAdapter

from optcli import parts
from optcli.parts import advice, find, house, names
from optcli.parts.schedules import ADVICE, ALIASES, Plan, check, height, rate
from optcli.parts.schedules._course import Course, Scheduled
from optcli.units import Duration

TOTAL = 1000


def rates(name, total=TOTAL, per_epoch=100, unit="step", **options):
    module = find("schedule", name)
    chosen = module.Options(**options)
    plan = Plan.of(chosen, total, per_epoch, unit)
    return [rate(module, chosen, step, plan) for step in range(total)]


def torch_rates(make, total=TOTAL, key="lr"):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9)
    scheduler, found = make(optimizer), []
    for step in range(total):
        found.append(optimizer.param_groups[0][key])
        optimizer.step()
        if step < total - 1:  # OneCycleLR counts its own end
            scheduler.step()
    return found


def check_equal(ours, theirs):
    assert len(ours) == len(theirs) == TOTAL
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-12)


TORCH = torch.optim.lr_scheduler


def test_constant():
    assert set(rates("constant")) == {1.0}


@pytest.mark.parametrize("floor", [0.0, 0.2])
def test_linear_is_torch_s(floor):
    theirs = torch_rates(lambda o: TORCH.LinearLR(o, 1.0, floor, TOTAL))
    check_equal(rates("linear", min_ratio=floor), theirs)


@pytest.mark.parametrize("floor", [0.0, 0.1])
def test_cosine_is_torch_s(floor):
    check_equal(rates("cosine", min_ratio=floor), torch_rates(lambda o: TORCH.CosineAnnealingLR(o, TOTAL, floor)))


def test_step_is_torch_s():
    ours = rates("step", every=Duration(3, "epochs"), gamma=0.5)
    check_equal(ours, torch_rates(lambda o: TORCH.StepLR(o, 300, 0.5)))


def test_step_has_a_floor():
    assert rates("step", every=Duration(100), gamma=0.1, min_ratio=0.005)[-1] == 0.005


@pytest.mark.parametrize(("shape", "strategy"), [("cosine", "cos"), ("linear", "linear")])
def test_one_cycle_is_torch_s(shape, strategy):
    ours = rates("one_cycle", peak_at=0.4, div=10.0, final_div=100.0, shape=shape)
    theirs = torch_rates(
        lambda o: TORCH.OneCycleLR(
            o, 1.0, TOTAL, pct_start=0.4, div_factor=10, final_div_factor=100, anneal_strategy=strategy,
            cycle_momentum=False,
        )
    )  # fmt: skip
    check_equal(ours, theirs)
    assert ours[-1] == pytest.approx(1 / 1000)


class TestWarmUp:
    def test_rises_in_equal_steps_and_reaches_the_peak_after_its_length(self):
        found = rates("constant", warmup=Duration(4))
        assert found[:6] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0])

    def test_starts_where_it_is_told(self):
        assert rates("constant", warmup=Duration(1), warmup_from=0.5)[:2] == pytest.approx([0.75, 1.0])

    def test_takes_any_duration(self):
        for warmup in (Duration(100), Duration(1, "epochs"), Duration(0.1, "share")):
            assert rates("linear", warmup=warmup).index(1.0) == 100

    def test_decay_spans_the_rest(self):
        found = rates("linear", warmup=Duration(200))
        assert found[600] == pytest.approx(0.5)
        assert found[200:] == pytest.approx([1 - i / 800 for i in range(800)])

    def test_as_long_as_the_run_is_told(self):
        module = find("schedule", "cosine")
        options = module.Options(warmup=Duration(10))
        assert [option for option, _, _ in check(module, options, Plan.of(options, 10, 5))] == ["warmup"]
        assert check(module, options, Plan.of(options, 11, 5)) == []


def test_progress_stays_between_0_and_1():
    plan = Plan(100, 10, 20)
    assert [plan.progress(step) for step in (0, 20, 60, 100, 200)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert Plan(10, 10, 10).progress(10) == 0.0


@pytest.mark.parametrize(("every", "told"), [(Duration(0), True), (Duration(1000), True), (Duration(999), False)])
def test_step_tells_drops_that_never_come(every, told):
    module = find("schedule", "step")
    options = module.Options(every=every)
    assert bool(check(module, options, Plan.of(options, TOTAL, 10))) is told


def test_one_cycle_wants_no_warm_up():
    module = find("schedule", "one_cycle")
    options = module.Options(warmup=Duration(5))
    assert [o for o, _, _ in check(module, options, Plan.of(options, 100, 10))] == ["warmup"]


class TestPlateau:
    VALUES = (5.0, 4.0, 4.0, 4.1, 4.0, 3.0, 3.5, math.nan, 3.1, 3.2, 3.3, 3.1, 2.0, 2.5, 2.5, 2.5, 2.5, 2.5)

    @pytest.mark.parametrize("cooldown", [0, 2])
    def test_is_torch_s(self, cooldown):
        plateau = find("schedule", "plateau")
        ours = plateau.build(plateau.Options(gamma=0.5, patience=2, threshold=0.01, cooldown=cooldown))
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        theirs = TORCH.ReduceLROnPlateau(optimizer, "min", 0.5, 2, 0.01, cooldown=cooldown)
        for value in self.VALUES:
            ours.observe(value)
            theirs.step(value)
            assert ours.factor == pytest.approx(optimizer.param_groups[0]["lr"])
        assert ours.factor < 1

    def test_asks_the_metric_for_its_direction(self):
        plateau = find("schedule", "plateau")
        built = plateau.build(plateau.Options(metric="accuracy", patience=0))
        assert built.metric == "val/accuracy"
        for value in (0.5, 0.6, 0.7):
            built.observe(value)
        assert built.factor == 1.0
        built.observe(0.65)
        assert built.factor == 0.1

    def test_goes_on_from_its_state(self):
        plateau = find("schedule", "plateau")
        options = plateau.Options(patience=1, gamma=0.5)
        whole, first, second = (plateau.build(options) for _ in range(3))
        for value in self.VALUES:
            whole.observe(value)
        for value in self.VALUES[:7]:
            first.observe(value)
        second.load_state_dict(first.state_dict())
        for value in self.VALUES[7:]:
            second.observe(value)
        assert second.state_dict() == whole.state_dict()

    def test_has_a_floor(self):
        plateau = find("schedule", "plateau")
        built = plateau.build(plateau.Options(patience=0, min_ratio=0.05))
        for _ in range(9):
            built.observe(1.0)
        assert built.factor == 0.05


def test_multistep_is_torch_s():
    ours = rates("multistep", at=(Duration(3, "epochs"), Duration(700)), gamma=0.5)
    check_equal(ours, torch_rates(lambda o: TORCH.MultiStepLR(o, [300, 700], 0.5)))


def test_exponential_is_torch_s():
    check_equal(rates("exponential", half_life=Duration(50)), torch_rates(lambda o: TORCH.ExponentialLR(o, 0.5**0.02)))
    assert rates("exponential", half_life=Duration(5), min_ratio=0.25)[-1] == pytest.approx(0.25)


@pytest.mark.parametrize("power", [0.9, 2.0])
def test_polynomial_is_torch_s(power):
    check_equal(rates("polynomial", power=power), torch_rates(lambda o: TORCH.PolynomialLR(o, TOTAL, power)))


def test_inverse_sqrt_is_that_of_the_first_transformers():
    found = rates("inverse_sqrt", warmup=Duration(100))
    assert found[100:] == pytest.approx([math.sqrt(100 / step) for step in range(100, TOTAL)])
    assert rates("inverse_sqrt", warmup=Duration(0), timescale=Duration(30))[30] == pytest.approx(math.sqrt(0.5))


@pytest.mark.parametrize(("shape", "half"), [("1-sqrt", 1 - math.sqrt(0.5)), ("linear", 0.5), ("cosine", 0.5)])
def test_wsd(shape, half):
    found = rates("wsd", warmup=Duration(10), decay=Duration(200), shape=shape, min_ratio=0.2)
    assert set(found[10:801]) == {1.0}
    assert found[900] == pytest.approx(0.2 + 0.8 * half)
    assert found[801:] == sorted(found[801:], reverse=True)
    assert 0.2 < found[-1] < 0.21
    assert set(rates("wsd", decay=Duration(0))) == {1.0}


@pytest.mark.parametrize("mult", [1, 2, 3])
def test_cosine_restarts_are_torch_s(mult):
    ours = rates("cosine_restarts", first=Duration(90), mult=mult, min_ratio=0.1)
    check_equal(ours, torch_rates(lambda o: TORCH.CosineAnnealingWarmRestarts(o, 90, mult, 0.1)))


@pytest.mark.parametrize("mult", [1, 2])
def test_cosine_restarts_may_get_lower_with_each(mult):
    ours, plain = (rates("cosine_restarts", first=Duration(90), mult=mult, decay=d) for d in (0.5, 1.0))
    starts = [step for step in range(1, TOTAL) if plain[step] > plain[step - 1]]
    assert [ours[step] for step in (0, *starts)] == pytest.approx([0.5**n for n in range(len(starts) + 1)])
    assert ours[:90] == plain[:90]


@pytest.mark.parametrize("mode", ["triangular", "triangular2"])
def test_cyclic_is_torch_s(mode):
    ours = rates("cyclic", low=0.2, up=Duration(70), down=Duration(40), mode=mode)
    theirs = torch_rates(lambda o: TORCH.CyclicLR(o, 0.2, 1.0, 70, 40, mode, cycle_momentum=False))
    check_equal(ours, theirs)


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("multistep", {"at": (Duration(0.5, "share"), Duration(1, "share"))}, "at"),
        ("exponential", {"half_life": Duration(0)}, "half_life"),
        ("wsd", {"decay": Duration(0.9, "share"), "warmup": Duration(0.2, "share")}, "decay"),
        ("cosine_restarts", {"first": Duration(0)}, "first"),
        ("cosine_restarts", {"first": Duration(TOTAL)}, "first"),
        ("cyclic", {"down": Duration(0)}, "down"),
        ("cyclic", {"up": Duration(TOTAL - 50), "warmup": Duration(50)}, "up"),
    ],
)
def test_values_that_do_not_fit_are_told(name, options, told):
    module = find("schedule", name)
    chosen = module.Options(**options)
    assert [o for o, _, _ in check(module, chosen, Plan.of(chosen, TOTAL, 100))] == [told]


# --- transformers: the formulas of its documentation, written down anew -----------------------------------------------

WARM = 50


def theirs(step, kind, warm, total):
    """`transformers.get_*_schedule` at `step`, from the descriptions of `transformers.optimization`."""
    if step < warm:
        return step / warm
    gone = (step - warm) / (total - warm)
    return {
        "constant_with_warmup": lambda: 1.0,
        "linear": lambda: (total - step) / (total - warm),
        "cosine": lambda: 0.5 * (1 + math.cos(math.pi * gone)),
        "cosine_with_min_lr": lambda: 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * gone)),
        "cosine_with_restarts": lambda: (
            0.5 * (1 + math.cos(math.pi * (3 * (step - warm) % (total - warm)) / (total - warm)))
        ),
        "polynomial": lambda: 1e-7 + (1 - 1e-7) * (1 - gone) ** 1.0,
        "inverse_sqrt": lambda: 1 / math.sqrt(step / warm),
        "warmup_stable_decay": lambda: (
            1.0 if step < total - 200 else 0.5 * (1 + math.cos(math.pi * (step - (total - 200)) / 200))
        ),
    }[kind]()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("constant_with_warmup", {}),
        ("linear", {}),
        ("cosine", {}),
        ("cosine_with_min_lr", {"min_ratio": 0.1}),
        ("cosine_with_restarts", {"first": Duration((TOTAL + 1 - WARM) // 3)}),
        ("polynomial", {"power": 1.0, "min_ratio": 1e-7}),
        ("inverse_sqrt", {"timescale": Duration(WARM)}),
        ("warmup_stable_decay", {"decay": Duration(200), "shape": "cosine"}),
    ],
)
def test_is_that_of_transformers_one_step_on(kind, options):
    """Theirs begins at 0 and wastes that step: ours is theirs without it, with the peak after `warmup` steps."""
    ours = rates(house("schedule", kind), warmup=Duration(WARM - 1), **options)
    wanted = [theirs(step + 1, kind, WARM, TOTAL + 1) for step in range(TOTAL)]
    assert ours == pytest.approx(wanted, rel=1e-9, abs=1e-12)


# --- sequences --------------------------------------------------------------------------------------------------------


def sequence(*stages, **options):
    module = find("schedule", "sequence")
    made = TypeAdapter(module.Options).validate_python({"stages": list(stages), **options})
    plan = Plan.of(made, TOTAL, 100)
    return [rate(module, made, step, plan) for step in range(TOTAL)], check(module, made, plan)


def test_an_installed_schedule_that_fails_to_load_is_no_stage(monkeypatch):
    class Broken:
        def load(self):
            raise ImportError("no module named `wheel_of_fortune`")

    monkeypatch.setattr(parts, "_installed", lambda kind: {"broken": Broken()} if kind == "schedule" else {})
    assert sequence({"name": "linear"})[0][0] == 1.0


def test_a_sequence_is_torch_s():
    found, troubles = sequence(
        {"name": "exponential", "half_life": 50, "until": "2 epochs"},
        {"name": "constant", "until": 500, "scale": 0.3},
        {"name": "cosine", "min_ratio": 0.1},
    )

    def chained(o):
        parts = [
            TORCH.ExponentialLR(o, 0.5**0.02),
            TORCH.ConstantLR(o, 0.3, TOTAL),
            TORCH.CosineAnnealingLR(o, 500, 0.1),
        ]
        return TORCH.SequentialLR(o, parts, [200, 500])

    check_equal(found, torch_rates(chained))
    assert troubles == []


def test_a_stage_has_its_own_warm_up_and_shares():
    found, troubles = sequence(
        {"name": "wsd", "decay": "50%", "shape": "linear", "until": 400},
        {"name": "linear", "warmup": "10%"},
        warmup=100,
    )
    assert troubles == []
    assert found[:101] == pytest.approx([(s + 1) / 101 for s in range(101)])
    assert set(found[100:251]) == {1.0}
    assert found[325] == pytest.approx(0.5)
    assert found[400:461] == pytest.approx([(s + 1) / 61 for s in range(61)])
    assert found[730] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("stages", "told"),
    [
        ([{"name": "constant", "until": 400}, {"name": "linear", "until": 400}, {"name": "wsd"}], "begin at step 400"),
        ([{"name": "constant", "until": 400}, {"name": "linear", "until": 999}], "the run at step 1000"),
        ([{"name": "constant"}, {"name": "linear"}], "stage 1 (`constant`) ends at step 1000"),
        ([{"name": "constant", "until": "1%"}, {"name": "linear"}], "would begin at step 20"),
        ([{"name": "constant", "until": 900}, {"name": "step", "every": 200}], "stage 2 (`step`): the first drop"),
    ],
)
def test_stages_with_gaps_are_told(stages, told):
    _, troubles = sequence(*stages, warmup=20)
    assert told in troubles[0][1]
    assert {option for option, _, _ in troubles} == {"stages"}


# --- what goes along --------------------------------------------------------------------------------------------------


class Pace:
    def __init__(self, **ways):
        self.__dict__.update(ways)


def course(way, name="constant", **options):
    module = find("schedule", name)
    chosen = module.Options(**options)
    scheduled = Scheduled(module, chosen, Pace(momentum=way), Plan.of(chosen, TOTAL, 100))
    return [scheduled.others(step)["momentum"] for step in range(TOTAL)]


@pytest.mark.parametrize(("shape", "strategy"), [("cosine", "cos"), ("linear", "linear")])
def test_the_momentum_of_one_cycle_is_torch_s(shape, strategy):
    make = lambda o: TORCH.OneCycleLR(o, 1.0, TOTAL, anneal_strategy=strategy)  # noqa: E731
    check_equal(course((0.85, 0.95), "one_cycle", shape=shape), torch_rates(make, key="momentum"))


@pytest.mark.parametrize("mode", ["triangular", "triangular2"])
def test_the_momentum_of_cycles_is_torch_s(mode):
    make = lambda o: TORCH.CyclicLR(o, 0.2, 1.0, 70, 40, mode)  # noqa: E731
    ours = course((0.8, 0.9), "cyclic", low=0.2, up=Duration(70), down=Duration(40), mode=mode)
    check_equal(ours, torch_rates(make, key="momentum"))


def test_along_a_decay_a_value_goes_with_the_rate():
    found = course((0.5, 0.9), "linear", warmup=Duration(100))
    assert found == pytest.approx([0.9 - 0.4 * r for r in rates("linear", warmup=Duration(100))])


def test_a_way_of_its_own():
    found = course(Course(0.85, 0.95, Duration(3, "epochs")))
    assert found[:301] == pytest.approx([0.85 + 0.1 * s / 300 for s in range(301)])
    assert set(found[300:]) == {0.95}
    half = course(Course(0.0, 1.0, shape="cosine"))
    assert half == pytest.approx([(1 - math.cos(math.pi * s / TOTAL)) / 2 for s in range(TOTAL)])


def test_nothing_goes_along_unless_told():
    module = find("schedule", "linear")
    scheduled = Scheduled(module, module.Options(), Pace(), Plan(TOTAL, 100))
    assert scheduled.others(3) == {}
    assert [scheduled.rate(s) for s in range(TOTAL)] == rates("linear")


def test_the_height_stays_between_0_and_1():
    module = find("schedule", "sequence")
    made = TypeAdapter(module.Options).validate_python({"stages": [{"name": "linear", "scale": 3}]})
    assert [height(module, made, step, Plan(10, 5)) for step in (0, 9)] == [1.0, pytest.approx(0.3)]


def test_a_rate_by_epochs_is_held_within_each():
    found = rates("cosine", unit="epoch", warmup=Duration(150))
    by_step = rates("cosine", warmup=Duration(150))
    assert found[:151] == by_step[:151]
    assert set(found[150:200]) == {1.0}
    assert all(set(found[at : at + 100]) == {by_step[at]} for at in range(200, TOTAL, 100))


# --- floors and names -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("multistep", {"at": (Duration(10), Duration(20), Duration(30))}),
        ("inverse_sqrt", {"warmup": Duration(0), "timescale": Duration(1)}),
        ("step", {"every": Duration(100)}),
        ("polynomial", {"power": 9.0}),
        ("exponential", {"half_life": Duration(1)}),
        ("linear", {}),
        ("cosine", {}),
        ("wsd", {}),
    ],
)
def test_a_floor_is_kept(name, options):
    found = rates(name, min_ratio=0.07, **options)
    assert min(found) >= 0.07
    assert found[-1] == pytest.approx(0.07, abs=3e-3)


def test_other_libraries_names_lead_to_ours():
    for other, own in ALIASES.items():
        assert own in names("schedule")
        assert other not in names("schedule")
        assert find("schedule", other) is find("schedule", own)
    assert house("schedule", "linear") == "linear"
    assert house("schedule", "no such") == "no such"


def test_every_scheduler_of_torch_is_known_or_explained():
    made = {n for n in dir(TORCH) if n.endswith(("LR", "Restarts", "Plateau", "Scheduler"))} - {
        "LRScheduler",
        "_LRScheduler",
    }
    assert made - {"LambdaLR"} <= {*ALIASES, *ADVICE}
    assert not set(ALIASES) & set(ADVICE)
    assert advice("schedule", "LinearLR")
    assert advice("schedule", "no such") == ""
