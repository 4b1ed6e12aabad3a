"""Models of transformers: missing, unknown, from a kind, from a folder."""

import json
import subprocess
import sys

import pytest
import torch

from optcli.parts import UnusablePart, doc, families, find
from optcli.parts.facts import Facts
from optcli.parts.models._families import _member
from optcli.parts.origin import Misuse
from optcli.recipe import loads
from optcli.recipe.problem import BadRecipe

TEXT = Facts("language", 9, 9, (12,), 30)
PICTURES = Facts("classification", 9, 9, (1, 8, 8), 4)
GPT = {"n_layer": 1, "n_head": 2, "n_embd": 16}
VIT = {
    "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16, "patch_size": 4,
}  # fmt: skip


def test_a_missing_package_is_a_problem_with_the_line_to_install_it(monkeypatch):
    monkeypatch.setattr(_member, "find_spec", lambda name: None)
    with pytest.raises(UnusablePart, match="the package transformers, which is not installed"):
        find("model", "hf:gpt2")
    with pytest.raises(BadRecipe) as caught:
        loads('data: digits\nmodel: {name: "hf:gpt2"}\n')
    (problem,) = caught.value.problems
    assert problem.message == "`hf:` names models of the package transformers, which is not installed"
    assert (problem.help, problem.line, problem.column) == ("pip install 'optcli[hf]'", 2, 15)
    monkeypatch.setattr(_member, "find_spec", lambda name: True)
    assert "Hugging Face" in doc("model", "hf:gpt2")


def test_a_recipe_with_such_a_model_is_checked_without_importing_the_package(monkeypatch):
    monkeypatch.setattr(_member, "find_spec", lambda name: True)
    before = set(sys.modules)
    recipe = loads("data: digits\nmodel: {name: 'hf:vit', config: {hidden_size: 8}, freeze: [model.vit]}\n")
    assert recipe.model.options.config == {"hidden_size": 8}
    assert loads(recipe.to_yaml()) == recipe
    assert not {"transformers"} & (set(sys.modules) - before)
    for wrong, told in (("{config: [1]}", "config"), ("{pretrained: 1}", "true or false"), ("{depth: 1}", "unknown")):
        with pytest.raises(BadRecipe, match=told):
            loads(f"data: digits\nmodel: {{name: 'hf:vit', {wrong[1:-1]}}}\n")
    with pytest.raises(BadRecipe, match=r"takes image or tokens, the data gives vector"):
        loads("data: diamonds\nmodel: 'hf:vit'\n")


def test_the_kinds_are_known_without_importing_the_package():
    transformers = pytest.importorskip("transformers", reason="transformers comes with the extra `hf`")
    named = "print(*family('model', 'hf').names())"
    code = f"import sys; from optcli.parts import family; {named}; assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"gpt2", "bert", "llama", "vit"} <= {*done.stdout.split()} <= {*transformers.CONFIG_MAPPING.keys()}


def test_prefixes_are_known():
    assert families("model") == ("hf", "timm")
    with pytest.raises(BadRecipe, match="unknown model `fh:gpt2`"):
        loads("data: digits\nmodel: 'fh:gpt2'\n")


def built(name, facts, **options):
    pytest.importorskip("transformers", reason="transformers comes with the extra `hf`")
    part = find("model", f"hf:{name}")
    torch.manual_seed(0)
    return part.build(part.Options(**options), facts)


def test_a_kind_gets_the_sizes_of_the_text():
    model = built("gpt2", TEXT, config=GPT)
    tokens = torch.randint(30, (3, 12))
    assert model(tokens).shape == (3, 12, 30)
    assert model.model.config.vocab_size == 30
    assert built("gpt2", Facts("language", 9, 9, (2000,), 30), config=GPT).model.config.n_positions == 2000
    later = tokens.clone()
    later[:, -1] = (later[:, -1] + 1) % 30
    assert torch.equal(model.eval()(tokens)[:, :-1], model(later)[:, :-1])


def test_what_follows_from_a_changed_value_is_changed_too():
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    tokens = torch.randint(30, (3, 12))
    model = built("llama", TEXT, config=small)
    assert model.model.config.num_key_value_heads == 2
    assert model(tokens).shape == (3, 12, 30)
    with pytest.raises(Misuse, match=r"2 heads can't share 32 of keys: set `num_key_value_heads` too"):
        built("qwen2", TEXT, config=small)
    assert built("qwen2", TEXT, config={**small, "num_key_value_heads": 1})(tokens).shape == (3, 12, 30)


REVIEWS = Facts("classification", 9, 9, (12,), 4, tokens=30, pad=0)


@pytest.mark.parametrize("name", ["bert", "gpt2", "llama"])
def test_a_kind_classifies_texts_and_looks_past_what_fills_up(name):
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    more = {"intermediate_size": 16} if name != "gpt2" else {}
    model = built(name, REVIEWS, config=small | more).eval()
    text = torch.randint(1, 30, (3, 7))
    filled = torch.cat([text, torch.zeros(3, 5, dtype=torch.int64)], 1)
    assert model(filled).shape == (3, 4)
    torch.testing.assert_close(model(filled), model(text))
    with pytest.raises(Misuse, match="`vit` is no classifier of texts"):
        built("vit", REVIEWS, config=VIT)


def test_a_kind_gets_the_sizes_of_the_pictures():
    assert built("vit", PICTURES, config=VIT)(torch.randn(3, 1, 8, 8)).shape == (3, 4)


def test_the_seed_decides_on_random_weights():
    one, other = (built("gpt2", TEXT, config=GPT).state_dict() for _ in range(2))
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_folder_gives_configuration_and_weights(tmp_path):
    saved = built("gpt2", TEXT, config=GPT)
    saved.model.save_pretrained(tmp_path)
    fresh = built(str(tmp_path), TEXT)
    assert fresh.model.config.n_embd == 16
    torch.manual_seed(1)
    part = find("model", f"hf:{tmp_path}")
    again = part.build(part.Options(pretrained=True), TEXT)
    tokens = torch.randint(30, (2, 12))
    torch.testing.assert_close(again.eval()(tokens), saved.eval()(tokens))
    classifier = built("vit", PICTURES, config=VIT)
    classifier.model.save_pretrained(tmp_path / "vit")
    more = Facts("classification", 9, 9, (1, 8, 8), 7)
    tuned = built(str(tmp_path / "vit"), more, pretrained=True)
    assert tuned(torch.randn(2, 1, 8, 8)).shape == (2, 7)
    torch.testing.assert_close(tuned.model.vit.embeddings.cls_token, classifier.model.vit.embeddings.cls_token)


def test_what_does_not_fit_is_told(tmp_path):
    built("gpt2", TEXT, config=GPT).model.save_pretrained(tmp_path)
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "config.json").write_text(json.dumps({"model_type": "gpt2", **GPT}))
    cases = [
        ("gtp2", TEXT, {}, "neither a kind of model nor a folder with a config.json; did you mean `gpt2`"),
        (str(tmp_path / "none"), TEXT, {}, "neither a kind of model nor a folder"),
        ("gpt2", TEXT, {"config": {"n_layers": 2}}, "no `n_layers`; did you mean `n_layer`"),
        ("gpt2", PICTURES, {"config": GPT}, "`gpt2` is no image classifier in transformers"),
        ("vit", TEXT, {}, "`vit` is no language model in transformers"),
        (str(tmp_path), Facts("language", 9, 9, (12,), 99), {"pretrained": True}, "knows 30 tokens, the data has 99"),
        (str(tmp_path), Facts("language", 9, 9, (2000,), 9), {"pretrained": True}, "reads 1,024 tokens at most"),
        (str(tmp_path / "bare"), TEXT, {"pretrained": True, "config": {"vocab_size": 30}}, "there are no weights"),
    ]
    for name, facts, options, told in cases:
        with pytest.raises(Misuse, match=told):
            built(name, facts, **options)


@pytest.mark.parametrize("name", ["bert", "gpt2"])
def test_each_token_gets_a_class_where_each_has_a_label(name):
    sizes = {"bert": {**VIT, "intermediate_size": 32}, "gpt2": GPT}[name]
    config = {key: value for key, value in sizes.items() if key != "patch_size"}
    facts = Facts("classification", 9, 9, (12,), 5, dense=True, tokens=30)
    model = built(name, facts, config=config)
    assert model(torch.randint(30, (3, 12))).shape == (3, 12, 5)
