"""The transformer for tables."""

import pytest
import torch
from torch import nn

from optcli.parts import find
from optcli.parts.facts import Facts
from optcli.parts.optimizers import _groups
from optcli.recipe import load, loads
from optcli.recipe.problem import BadRecipe


def built(facts, **options):
    part = find("model", "tabular_transformer")
    torch.manual_seed(0)
    return part.build(part.Options(**{"width": 8, "heads": 2, **options}), facts)


TABLE = Facts("regression", 9, 9, (6,), 2, columns=(1, 3, 2))


def test_a_word_is_its_vector_and_a_number_a_multiple():
    tokens = built(TABLE).tokens
    words = nn.functional.one_hot(torch.tensor([1]), 3).float()
    x = torch.cat([torch.tensor([[2.0]]), words, torch.tensor([[0.5, 1.0]])], 1)
    vectors, biases = tokens.vectors.weight, tokens.biases.weight
    wanted = torch.stack([biases[0], biases[1] + 2 * vectors[0], biases[2] + vectors[2],
                          biases[3] + 0.5 * vectors[4] + vectors[5]])  # fmt: skip
    torch.testing.assert_close(tokens(x)[0], wanted)


def test_each_feature_is_a_token_where_no_columns_are_known():
    tokens = built(Facts("regression", 9, 9, (3,), 1)).tokens
    x = torch.tensor([[1.0, -2.0, 0.0]])
    vectors, biases = tokens.vectors.weight, tokens.biases.weight
    torch.testing.assert_close(tokens(x)[0, 1:], biases[1:] + x[0, :, None] * vectors)
    torch.testing.assert_close(tokens(x)[0, 0], biases[0])
    assert built(Facts("regression", 9, 9, (2, 2), 1))(torch.randn(5, 2, 2)).shape == (5, 1)


def test_columns_have_no_order():
    """There are no positions: with its vector and bias, a column may stand anywhere."""
    model, x = built(Facts("regression", 9, 9, (4,), 1)).eval(), torch.randn(5, 4)
    before, order = model(x), torch.tensor([2, 0, 3, 1])
    with torch.no_grad():
        model.tokens.vectors.weight.copy_(model.tokens.vectors.weight[order])
        model.tokens.biases.weight[1:] = model.tokens.biases.weight[1:][order]
    torch.testing.assert_close(model(x[:, order]), before)


def test_what_the_paper_does_not_decay_is_not_decayed():
    model = built(TABLE, layers=1)
    spared = {id(p) for p in _groups.groups(model, 0.1)[1]["params"]}
    names = {name for name, p in model.named_parameters() if id(p) in spared}
    assert {"tokens.vectors.weight", "tokens.biases.weight", "norm.weight", "head.bias"} <= names
    assert not names & {"head.weight", "blocks.0.up.weight", "blocks.0.qkv.weight"}


def test_the_first_block_has_no_first_norm_and_dropout_is_switched_on():
    model = built(TABLE, layers=2)
    assert [type(b.norm1) for b in model.blocks] == [nn.Identity, nn.LayerNorm]
    x = torch.randn(4, 6)
    assert torch.equal(model(x), model(x))
    model.set_dropout(0.5)
    assert not torch.equal(model(x), model(x))
    assert torch.equal(model.eval()(x), model(x))
    model.train().set_dropout(0.0)
    model.set_drop_path(0.5)
    assert [b.path for b in model.blocks] == [0.0, 0.5]


def test_tables_say_their_columns(tmp_path):
    diamonds = load("tabular").facts
    assert diamonds.columns == (1, 1, 1, 1, 1, 1, 5, 7, 8)
    assert sum(diamonds.columns) == diamonds.shape[0]
    rows = [f"{'' if i == 3 else i * 0.5},{'ab'[i % 2]},{i % 3}" for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["number,word,y", *rows, ""]))
    assert loads(f"data: {{name: csv, file: '{tmp_path}/t.csv', batch_size: 8}}\n").facts.columns == (2, 2)


def test_the_gates_non_linearity_is_an_option():
    assert {type(b.act) for b in built(TABLE, activation="gelu").blocks} == {nn.GELU}
    assert {type(b.act) for b in built(TABLE).blocks} == {nn.ReLU}


def test_heads_must_share_the_width():
    with pytest.raises(BadRecipe, match="can't be shared among 3 heads"):
        loads("data: diamonds\nmodel: {name: tabular_transformer, heads: 3}\n")
