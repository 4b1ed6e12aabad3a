"""Own parts: decorated functions, and files that are run for them."""

import sys
from textwrap import dedent
from typing import Annotated

import numpy as np
import pytest
import torch
from annotated_types import Ge
from pydantic import TypeAdapter, ValidationError

import optcli
from optcli.parts import advice, doc, find, forget, names
from optcli.parts._made import KEYS
from optcli.parts.facts import Facts
from optcli.parts.origin import Misuse, PartFailed
from optcli.parts.own import ImportFailed, load_file
from optcli.recipe import loads
from optcli.recipe.problem import BadRecipe
from optcli.recipe.sections import Batches, Freezing


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    forget()


FACTS = Facts("classification", 10, 10, (4,), 3)


class TestDecorators:
    def test_model(self):
        @optcli.model
        def mine(facts, width: Annotated[int, Ge(1)] = 5, deep=False):
            """A net of mine."""
            return torch.nn.Linear(facts.shape[0], width)

        part = find("model", "mine")
        assert "mine" in names("model")
        assert doc("model", "mine") == "A net of mine."
        assert {"vector", "image", "tokens", "several"} == part.TAKES
        assert part.build(part.Options(width=7), FACTS).out_features == 7
        adapter = TypeAdapter(part.Options)
        assert adapter.validate_python({"deep": True}).width == 5
        for wrong in ({"width": 0}, {"deep": "maybe"}, {"wide": 3}):
            with pytest.raises(ValidationError):
                adapter.validate_python(wrong)
        assert mine(FACTS, width=2).out_features == 2

    def test_model_of_a_class_with_a_name(self):
        @optcli.model(name="net", takes=["vector"])
        class Net(torch.nn.Module):
            def __init__(self, facts, layers: list[int] = [3]):  # noqa: B006
                super().__init__()
                self.layers = layers
                self.only = torch.nn.Linear(4, 3)

        part = find("model", "net")
        assert {"vector"} == part.TAKES
        built = part.build(part.Options(), FACTS)
        built.layers.append(4)
        assert part.build(part.Options(), FACTS).layers == [3]

    def test_loss(self):
        @optcli.loss
        def plain(output, target):
            return (output - target).abs().mean()

        @optcli.loss(tasks=["regression"])
        def powered(output, target, power: float = 2.0):
            return (output - target).abs().pow(power).mean()

        one, other = find("loss", "plain"), find("loss", "powered")
        output, target = torch.tensor([1.0, 3.0]), torch.zeros(2)
        assert one.build(one.Options())(output, target) == plain(output, target)
        assert other.build(other.Options(power=3.0))(output, target).item() == 14.0
        assert (other.TASKS, other.at_init(FACTS)) == ({"regression"}, None)
        assert {"classification", "multilabel", "regression", "language"} == one.TASKS

    def test_metric_is_averaged_over_samples(self):
        @optcli.metric(higher_is_better=True)
        def right(output, target):
            return (output.argmax(-1) == target).float().mean()

        part = find("metric", "right")
        sums = part.update(torch.eye(3), torch.tensor([0, 1, 0])) + part.update(torch.eye(3)[:1], torch.tensor([0]))
        assert part.compute(sums.tolist()) == pytest.approx(0.75)
        assert (part.HIGHER_IS_BETTER, part.WIDTH, sums.dtype) == (True, 2, torch.float64)

    def test_metric_may_give_a_number(self):
        optcli.metric(higher_is_better=False, name="two")(lambda output, target: 2.0)
        assert find("metric", "two").update(torch.zeros(4, 1), torch.zeros(4)).tolist() == [8.0, 4.0]

    def test_metric_has_no_options(self):
        with pytest.raises(TypeError, match="no options"):
            optcli.metric(higher_is_better=True)(lambda output, target, k=3: 0.0)

    @pytest.mark.parametrize(
        ("function", "told"),
        [
            (lambda facts, width: None, "say what `width` is"),
            (lambda facts, width=None: None, "say what `width` is"),
            (lambda facts, *widths: None, "options need names"),
            (lambda facts, **widths: None, "options need names"),
        ],
    )
    def test_options_need_a_name_and_a_type(self, function, told):
        with pytest.raises(TypeError, match=told):
            optcli.model(function)


class TestData:
    def test_classification(self):
        calls = []

        @optcli.data(task="classification")
        def mine(n: int = 4, seed: int = 0):
            calls.append((n, seed))
            x = torch.arange(n * 2).view(n, 2)
            return x, torch.arange(n) % 3, x[:2], [0, 1]

        part = find("data", "mine")
        options = part.Options(n=6)
        assert part.facts(options) == Facts("classification", 6, 2, (2,), 3, tokens=12)
        splits = part.load(options, 0)
        assert calls == [(6, 0)]
        assert (splits.train_x.dtype, splits.train_y.dtype) == (np.int32, np.int64)
        part.load(options, 1)
        assert calls == [(6, 0), (6, 1)]
        assert list(part.Options.__dataclass_fields__) == ["n"]

    def test_regression(self):
        @optcli.data(task="regression")
        def mine():
            return np.zeros((5, 3)), np.arange(5), np.zeros((2, 3)), np.array([1.0, 3.0])

        part = find("data", "mine")
        assert part.facts(part.Options()) == Facts("regression", 5, 2, (3,), 1, 1.0)
        assert part.load(part.Options(), 0).val_y.shape == (2, 1)

    def test_infinite_and_large_numbers_stay(self):
        y = np.array([np.inf, np.nan, 1e38, 3e38, 1.0])
        optcli.data(task="regression", name="mine")(
            lambda: (np.zeros((5, 3)), y, np.zeros((5, 3)), y[2:4].repeat(3)[:5])
        )
        part = find("data", "mine")
        np.testing.assert_array_equal(part.load(part.Options(), 0).train_y[:, 0], y.astype(np.float32))
        assert part.facts(part.Options()).target_variance == pytest.approx(np.float64(1e76) * 0.96, rel=1e-3)

    def test_several_labels(self):
        y = np.array([[0, 1, 1], [1, 0, 0], [1, 1, 1], [0, 0, 0]])
        optcli.data(task="multilabel", name="mine")(lambda: (np.zeros((4, 2)), y, np.zeros((2, 2)), y[:2] > 0))
        part = find("data", "mine")
        assert part.facts(part.Options()) == Facts("multilabel", 4, 2, (2,), 3)
        assert part.load(part.Options(), 0).val_y.dtype == np.float32
        for number, wrong in enumerate((y * 2, y[:, 0])):
            made = (np.zeros((4, 2)), wrong, np.zeros((4, 2)), wrong)
            optcli.data(task="multilabel", name=f"wrong{number}")(lambda made=made: made)
            with pytest.raises(Misuse, match="train_y must hold rows of 0 and 1, one for each class"):
                find("data", f"wrong{number}").facts(find("data", f"wrong{number}").Options())

    def test_language(self):
        @optcli.data(task="language")
        def mine():
            tokens = np.arange(12).reshape(3, 4)
            return tokens, tokens + 1, tokens[:1], tokens[:1] + 1

        part = find("data", "mine")
        assert part.facts(part.Options()) == Facts("language", 3, 1, (4,), 13)
        assert part.load(part.Options(), 0).train_x.dtype == np.int64

    def test_wrong_returns_are_told(self):
        optcli.data(task="regression", name="two")(lambda: (np.zeros(2), np.zeros(2)))
        optcli.data(task="regression", name="uneven")(lambda: (np.zeros((3, 1)), np.zeros(2), np.zeros(1), np.zeros(1)))
        with pytest.raises(Misuse, match=r"must return four arrays .* not 2 values"):
            find("data", "two").facts(find("data", "two").Options())
        with pytest.raises(Misuse, match="3 training inputs but 2 targets"):
            find("data", "uneven").facts(find("data", "uneven").Options())

    def test_unknown_task_is_told(self):
        with pytest.raises(Misuse, match="unknown task `sorting`"):
            optcli.data(task="sorting")(lambda: None)


class TestMistakes:
    """What an author does wrong is told in words: what it must be instead."""

    @pytest.mark.parametrize(
        ("task", "made", "told"),
        [
            ("classification", "x, y, x", "four arrays .* not 3 values"),
            ("classification", "None", "four arrays .* not NoneType"),
            ("classification", "x[:0], y[:0], x, y", "no training samples"),
            ("classification", "x, y, x[:0], y[:0]", "no validation samples"),
            ("classification", "x, y, x[:, :3], y", r"a row of train_x has shape \(4,\), of val_x \(3,\)"),
            ("classification", "[[1, 2], [3]], y, x, y", "train_x is no array: its rows differ in length"),
            ("classification", "3, y, x, y", "train_x must be an array with one row a sample, not int"),
            ("classification", "x, y - 1, x, y", "train_y must hold labels 0, 1, 2, ..., not -1"),
            ("classification", "x, y, x, y + 0.5", "val_y must hold whole numbers"),
            ("classification", "x, y * np.nan, x, y", "train_y must hold whole numbers"),
            (
                "classification",
                "x, np.eye(2)[y], x, y",
                r"argmax\(1\)` of one-hot rows; where .*, not shape \(6, 2\)",
            ),
            ("classification", "x, np.where(y, 'cat', 'dog'), x, y", "not the text 'dog': number them"),
            ("classification", "x, y.astype(str).astype(object), x, y", "not the text '0'"),
            ("classification", "x.astype(str).astype(object) + 'a', y, x, y", "train_x must hold numbers, not '0.0a'"),
            ("regression", "x, np.where(y, 'cat', 'dog'), x, y", "train_y must hold numbers, not 'dog'"),
            ("regression", "x.astype(complex), y, x, y", "train_x is complex"),
            ("regression", "x, y * 1e308, x, y", "train_y reaches beyond 3.4e[+]38, the largest number in training"),
            ("regression", "x, y, x, -y * 1e39", "val_y reaches beyond 3.4e[+]38"),
            ("language", "y, y, y, y", "one row of tokens a sample"),
        ],
    )
    def test_of_data(self, task, made, told):
        x, y = np.arange(24.0).reshape(6, 4), np.arange(6) % 2
        optcli.data(task=task, name="mine")(lambda: eval(made, {"x": x, "y": y, "np": np}))
        part = find("data", "mine")
        with pytest.raises(Misuse, match=told):
            part.facts(part.Options())

    @pytest.mark.parametrize("y", [np.arange(6.0) % 2, (np.arange(6) % 2).astype(object), (np.arange(6) % 2)[:, None]])
    def test_labels_may_come_as_whole_numbers_of_any_type(self, y):
        optcli.data(task="classification", name="mine")(lambda: (np.arange(6.0), y, np.arange(6.0), y))
        part = find("data", "mine")
        splits = part.load(part.Options(), 0)
        assert (splits.train_y.dtype, splits.train_y.tolist()) == (np.int64, [0, 1, 0, 1, 0, 1])
        assert splits.train_x.shape == (6, 1)

    @pytest.mark.parametrize(
        ("made", "told"),
        [
            (None, "not nothing"),
            (len, "not builtin_function_or_method"),
            (torch.nn.Flatten(), "no parameters to train"),
            (torch.nn.Linear(2, 2).requires_grad_(False), "no parameters to train"),
        ],
    )
    def test_of_models(self, made, told):
        optcli.model(name="mine")(lambda facts: made)
        part = find("model", "mine")
        with pytest.raises(Misuse, match=told):
            part.build(part.Options(), FACTS)

    def test_lazy_layers_get_their_sizes(self):
        optcli.model(name="mine")(lambda facts: torch.nn.Sequential(torch.nn.LazyLinear(3), torch.nn.LazyBatchNorm1d()))
        part = find("model", "mine")
        net = part.build(part.Options(), FACTS)
        assert net[0].weight.shape == (3, 4)
        assert net.training

    @pytest.mark.parametrize(
        ("function", "told"),
        [
            (lambda output, target: 1.0, "must return a tensor, not float"),
            (lambda output, target: output.detach().mean(), "no gradient"),
        ],
    )
    def test_of_losses(self, function, told):
        optcli.loss(name="mine")(function)
        part = find("loss", "mine")
        with pytest.raises(Misuse, match=told):
            part.build(part.Options())(torch.ones(2, requires_grad=True), torch.ones(2))

    @pytest.mark.parametrize(
        ("function", "told"),
        [
            (lambda output, target: output == target, r"one number for a batch, not shape \(2,\)"),
            (lambda output, target: None, "it must give a number, not nothing"),
            (lambda output, target: "high", "it must give a number, not str"),
            (lambda output, target: 1 / 0, "ZeroDivisionError: division by zero"),
            (lambda output, target: sys.exit("bye"), "SystemExit: bye"),
        ],
    )
    def test_of_metrics(self, function, told):
        optcli.metric(higher_is_better=True, name="mine")(function)
        with pytest.raises(PartFailed, match=told) as caught:
            find("metric", "mine").update(torch.ones(2), torch.ones(2))
        assert str(caught.value).startswith(f"{__file__}:{function.__code__.co_firstlineno}: metric mine failed: ")

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            (lambda: optcli.metric(len), "higher_is_better=True"),
            (lambda: optcli.data(len), "task="),
            (lambda: optcli.model("net"), "with parentheses"),
            (lambda: optcli.model(lambda: None, name="mine"), r"must take \(facts\) first"),
            (lambda: optcli.model(lambda width=3: None, name="mine"), r"must take \(facts\) first"),
            (lambda: optcli.loss(lambda output: None, name="mine"), r"must take \(output, target\) first"),
            (lambda: optcli.loss(torch.nn.MSELoss), "must be a function"),
            (lambda: optcli.model(name="mlp")(lambda facts: None), "there is a bundled model `mlp` already"),
            (lambda: optcli.model(takes="picture")(lambda facts: None), "unknown input `picture`"),
            (lambda: optcli.model(name="mine")(lambda facts, freeze=0: None), "`freeze` is a key of recipes already"),
            (lambda: optcli.loss(name="mine")(lambda output, target, name="": 0), "`name` is a key of recipes"),
        ],
    )
    def test_of_decorators(self, wrong, told):
        with pytest.raises(Misuse, match=told):
            wrong()

    def test_what_recipes_say_of_data_is_no_option(self):
        for key in ("name", *Batches.__dataclass_fields__):
            with pytest.raises(Misuse, match=f"`mine`: `{key}` is a key of recipes already"):
                optcli.data(task="regression", name="mine")(eval(f"lambda {key}=1: None"))
        assert set(KEYS["model"]) == {"name", *Freezing.__dataclass_fields__}

    def test_an_option_that_no_recipe_can_say_is_told_with_its_place(self):
        def mine(facts, weights: torch.Tensor = None):
            """Of a type that YAML doesn't have."""

        optcli.model(mine)
        with pytest.raises(BadRecipe, match=rf"torch.Tensor.*test_own.py:{mine.__code__.co_firstlineno}\)"):
            loads("data: digits\nmodel: mine\n")

    def test_one_input_needs_no_list(self):
        optcli.model(name="mine", takes="image")(lambda facts: None)
        assert {"image"} == find("model", "mine").TAKES


class TestFiles:
    def test_a_file_adds_its_parts(self, tmp_path):
        (tmp_path / "helper_of_mine.py").write_text("WIDTH = 9\n")
        file = tmp_path / "mine.py"
        file.write_text(
            dedent("""
                from __future__ import annotations
                import optcli
                from torch import nn
                from helper_of_mine import WIDTH

                @optcli.model
                def filed(facts, width: int = WIDTH) -> nn.Module:
                    return nn.Linear(4, width)
                """)
        )
        loaded = load_file(file)
        assert loaded.path == str(file)
        assert len(loaded.sha256) == 64
        part = find("model", "filed")
        assert part.build(part.Options(), FACTS).out_features == 9
        del sys.modules["helper_of_mine"]

    @pytest.mark.parametrize(
        ("text", "line", "told"),
        [
            ("x = 1\nx +\n", 2, "SyntaxError"),
            ("\n\ndef f():\n    return 1 / 0\n\nf()\n", 4, "ZeroDivisionError: division by zero"),
            ("import json\njson.loads('{')\n", 2, "JSONDecodeError"),
            ("import nonsense_module\n", 1, "No module named 'nonsense_module'"),
            ("import sys\nsys.exit(3)\n", 2, "SystemExit: 3"),
        ],
    )
    def test_errors_tell_file_and_line(self, tmp_path, text, line, told):
        file = tmp_path / "mine.py"
        file.write_text(text)
        before = set(sys.modules)
        with pytest.raises(ImportFailed, match=told) as caught:
            load_file(file)
        assert (caught.value.path, caught.value.line) == (str(file), line)
        assert str(caught.value).startswith(f"{file}:{line}: ")
        assert not [name for name in set(sys.modules) - before if name.startswith("optcli_import")]

    def test_a_missing_file_is_told(self, tmp_path):
        with pytest.raises(ImportFailed, match="no such file") as caught:
            load_file(tmp_path / "none.py")
        assert caught.value.line == 0

    def test_only_python_files(self, tmp_path):
        file = tmp_path / "mine.txt"
        file.write_text("x = 1")
        with pytest.raises(ImportFailed, match="must end in"):
            load_file(file)


def test_a_class_without_its_decorator_is_told_of(tmp_path):
    file = tmp_path / "bare.py"
    file.write_text("class BareNet:\n    pass\n\nbare_number = 3\n")
    load_file(file)
    assert advice("model", "BareNet").endswith("bare.py is none yet: write `@optcli.model` above it")
    assert not advice("model", "bare_number")
    assert not advice("optimizer", "BareNet")
    with pytest.raises(BadRecipe) as caught:
        loads("data: digits\nmodel: BareNet\n")
    assert "above it" in caught.value.problems[0].help
