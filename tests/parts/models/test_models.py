"""Models: shapes, what their options do, and how they start."""

import math

import pytest
import torch
from torch import nn

from optcli.parts import find
from optcli.parts.facts import Facts


def built(name, facts, **options):
    part = find("model", name)
    torch.manual_seed(0)
    return part.build(part.Options(**options), facts)


def facts(*shape, outputs=10, task="classification"):
    return Facts(task, 100, 10, shape, outputs)


@pytest.mark.parametrize("name", ["linear", "mlp"])
def test_vectors_are_not_flattened_again(name):
    assert not any(isinstance(m, nn.Flatten) for m in built(name, facts(64)).modules())
    assert built(name, facts(1, 8, 8))(torch.randn(3, 1, 8, 8)).shape == (3, 10)


def test_linear_is_linear():
    model = built("linear", facts(5, outputs=2), bias=False)
    x = torch.randn(3, 5)
    torch.testing.assert_close(model(2 * x), 2 * model(x))


def test_mlp_is_a_plain_chain():
    model = built("mlp", facts(6), hidden=(5, 4), activation="tanh")
    x = torch.randn(2, 6)
    assert torch.equal(model(x), nn.Sequential.forward(model, x))
    hidden = torch.tanh(model.linear1(torch.tanh(model.linear0(x))))
    torch.testing.assert_close(model(x), model.head(hidden))


@pytest.mark.parametrize(("norm", "kind"), [("batch", nn.BatchNorm1d), ("layer", nn.LayerNorm)])
def test_mlp_norms_come_before_the_activation(norm, kind):
    model = built("mlp", facts(6), hidden=(5,), norm=norm)
    assert [type(m) for m in model] == [nn.Linear, kind, nn.ReLU, nn.Linear]
    assert (model.linear0.bias is None) == (norm == "batch")


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (1, 2, 2), (2, 5, 9)])
@pytest.mark.parametrize("pool", ["flatten", "mean"])
def test_cnn_takes_small_and_odd_images(shape, pool):
    model = built("cnn", facts(*shape), channels=(4, 8, 8), pool=pool)
    assert model(torch.randn(2, *shape)).shape == (2, 10)


@pytest.mark.parametrize(("norm", "kind"), [("none", None), ("batch", nn.BatchNorm2d), ("group", nn.GroupNorm)])
def test_cnn_norms(norm, kind):
    model = built("cnn", facts(1, 8, 8), channels=(12,), norm=norm)
    found = [type(m) for m in model.modules() if isinstance(m, (nn.BatchNorm2d, nn.GroupNorm))]
    assert found == ([kind] if kind else [])
    assert model(torch.randn(2, 1, 8, 8)).shape == (2, 10)


TEXT = facts(16, outputs=20, task="language")


class TestGpt:
    def test_no_position_sees_the_future(self):
        model = built("gpt", TEXT, layers=2, width=32).eval()
        one = torch.randint(20, (1, 16))
        other = one.clone()
        other[0, 9] = (other[0, 9] + 1) % 20
        same = (model(one) == model(other)).all(-1)[0]
        assert same.tolist() == [i < 9 for i in range(16)]

    def test_takes_shorter_texts(self):
        assert built("gpt", TEXT, layers=1, width=16)(torch.zeros(2, 5, dtype=torch.long)).shape == (2, 5, 20)

    @pytest.mark.parametrize("tied", [True, False])
    def test_starts_out_knowing_nothing(self, tied):
        model = built("gpt", TEXT, tied=tied).eval()
        tokens, target = torch.randint(20, (8, 16)), torch.randint(20, (8, 16))
        loss = nn.functional.cross_entropy(model(tokens).view(-1, 20), target.view(-1))
        assert loss.item() == pytest.approx(math.log(20), rel=0.1)
        assert (model.head.weight is model.token.weight) == tied

    def test_initialization(self):
        model = built("gpt", TEXT, layers=4, width=128)
        assert model.blocks[0].up.weight.std().item() == pytest.approx(0.02, rel=0.05)
        assert model.blocks[0].down.weight.std().item() == pytest.approx(0.02 / math.sqrt(8), rel=0.05)
        assert not model.blocks[0].qkv.bias.any()

    def test_heads_must_share_the_width(self):
        part = find("model", "gpt")
        assert [o for o, _, _ in part.check(part.Options(width=130, heads=4), None)] == ["width"]
        assert part.check(part.Options(), None) == []


def test_activations_are_those_named():
    from optcli.parts.models._stack.net import activation

    x = torch.tensor([-1.0, 2.0])
    wanted = {
        "relu": [0.0, 2.0],
        "leaky_relu": [-0.01, 2.0],
        "tanh": x.tanh().tolist(),
        "sigmoid": x.sigmoid().tolist(),
    }
    for name, values in wanted.items():
        assert activation(name)(x).tolist() == pytest.approx(values)
    assert activation("silu")(x).tolist() == pytest.approx((x * x.sigmoid()).tolist())
    assert activation("gelu")(x).tolist() == pytest.approx((x * (1 + torch.erf(x / 2**0.5)) / 2).tolist())


class TestResNet:
    def test_is_resnet_20(self):
        model = built("resnet", facts(3, 32, 32), blocks=3, width=16)
        convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3)]
        assert len(convolutions) + 1 == 20

    def test_halves_the_image_twice(self):
        model = built("resnet", facts(1, 28, 28), blocks=1, width=4)
        assert model.blocks(model.stem(torch.randn(2, 1, 28, 28))).shape == (2, 16, 7, 7)
        assert model(torch.randn(2, 1, 8, 8)).shape == (2, 10)

    def test_a_block_without_weights_is_the_identity_on_positive_inputs(self):
        block = built("resnet", facts(1, 8, 8), blocks=2, width=4).blocks[1].eval()
        nn.init.zeros_(block.conv2.weight)
        x = torch.rand(2, 4, 8, 8)
        torch.testing.assert_close(block(x), x)


@pytest.mark.parametrize(("cell", "kind"), [("lstm", nn.LSTM), ("gru", nn.GRU), ("plain", nn.RNN)])
def test_rnn_reads_from_left_to_right(cell, kind):
    model = built("rnn", TEXT, cell=cell, layers=2, width=16).eval()
    assert [type(one) for one in model.cells] == [kind, kind]
    one = torch.randint(20, (1, 16))
    other = one.clone()
    other[0, 9] = (other[0, 9] + 1) % 20
    same = (model(one) == model(other)).all(-1)[0]
    assert same.tolist() == [i < 9 for i in range(16)]


@pytest.mark.parametrize(
    ("name", "shape", "options"),
    [("resnet", (1, 8, 8), {"width": 4}), ("gpt", (16,), {"width": 16}), ("vit", (1, 8, 8), {"width": 16})],
)
def test_branches_are_left_out_by_depth(name, shape, options):
    from optcli.parts.regularizers import drop_path

    about = facts(*shape, outputs=20, task="language" if name == "gpt" else "classification")
    model = built(name, about, **options)
    x = torch.randint(20, (3, 16)) if name == "gpt" else torch.randn(3, *shape)
    plain = model.eval()(x)
    drop_path.build(drop_path.Options(rate=0.5)).on_model(model)
    rates = [block.path for block in model.blocks]
    assert rates == pytest.approx([0.5 * i / (len(rates) - 1) for i in range(len(rates))])
    assert torch.equal(model(x), plain)
    model.train()
    assert not torch.equal(model(x), model(x))


def test_one_block_has_no_branch_to_leave_out():
    from optcli.parts.regularizers import drop_path

    model = built("gpt", facts(16, outputs=20, task="language"), width=16, layers=1)
    with pytest.raises(ValueError, match="one block only"):
        drop_path.build(drop_path.Options()).on_model(model)


def test_a_skipped_branch_keeps_its_mean():
    from optcli.parts.models._stack.net import skipped

    torch.manual_seed(0)
    made = skipped(torch.ones(20000, 1, 1), 0.3)
    assert made.unique().tolist() == [0.0, pytest.approx(1 / 0.7)]
    assert made.mean().item() == pytest.approx(1, abs=0.02)
    x = torch.ones(3)
    assert skipped(x, 0.0) is x


def test_models_without_branches_say_so():
    from optcli.parts.regularizers import drop_path

    with pytest.raises(ValueError, match="no residual branches"):
        drop_path.build(drop_path.Options()).on_model(built("mlp", facts(5)))


class TestVit:
    def test_takes_images_of_any_side(self):
        model = built("vit", facts(3, 9, 6), patch=4, layers=1, width=16)
        assert model.position.weight.shape == (6, 16)
        assert model(torch.randn(2, 3, 9, 6)).shape == (2, 10)

    def test_every_pixel_is_seen(self):
        model = built("vit", facts(1, 9, 9), patch=4, layers=1, width=16).eval()
        x = torch.randn(1, 1, 9, 9, requires_grad=True)
        model(x).square().sum().backward()
        assert x.grad.ne(0).all()

    def test_tokens_are_patches_in_reading_order(self):
        model = built("vit", facts(1, 8, 8), patch=4, layers=1, width=16)
        x = torch.randn(1, 1, 8, 8)
        by_hand = torch.stack([x[0, 0, r : r + 4, c : c + 4].flatten() for r in (0, 4) for c in (0, 4)])
        wanted = by_hand @ model.embed.weight.flatten(1).T + model.embed.bias
        torch.testing.assert_close(model.embed(x).flatten(2).mT[0], wanted)

    def test_starts_out_knowing_nothing(self):
        model = built("vit", facts(1, 8, 8)).eval()
        loss = nn.functional.cross_entropy(model(torch.randn(64, 1, 8, 8)), torch.randint(10, (64,)))
        assert loss.item() == pytest.approx(math.log(10), rel=0.1)

    def test_dropout_has_its_places(self):
        model = built("vit", facts(1, 8, 8), layers=1, width=16)
        model.set_dropout(0.5)
        x = torch.randn(2, 1, 8, 8)
        assert not torch.equal(model(x), model(x))
        assert torch.equal(model.eval()(x), model(x))

    def test_heads_must_share_the_width(self):
        part = find("model", "vit")
        assert [o for o, _, _ in part.check(part.Options(width=130, heads=4), None)] == ["width"]
        assert part.check(part.Options(), None) == []


class TestOptions:
    @pytest.mark.parametrize("name", ["mlp", "cnn"])
    def test_initial_weights(self, name):
        shape, last = ((64,), "linear1") if name == "mlp" else ((1, 8, 8), "block1.0")
        wide = {"hidden": (256, 256)} if name == "mlp" else {"channels": (64, 64), "norm": "none"}
        made = {kind: built(name, facts(*shape), init=kind, **wide) for kind in ("kaiming", "xavier", "orthogonal")}
        weights = {kind: model.get_submodule(last).weight.flatten(1) for kind, model in made.items()}
        inputs, outputs = weights["kaiming"].shape[1], weights["kaiming"].shape[0] * (1 if name == "mlp" else 9)
        assert weights["kaiming"].std().item() == pytest.approx(math.sqrt(2 / inputs), rel=0.05)
        assert weights["xavier"].std().item() == pytest.approx(math.sqrt(2 / (inputs + outputs)), rel=0.05)
        square = weights["orthogonal"] @ weights["orthogonal"].T
        torch.testing.assert_close(square, 2 * torch.eye(len(square)), atol=1e-4, rtol=0)
        assert not any(p.any() for m in made.values() for p_name, p in m.named_parameters() if p_name.endswith("bias"))

    def test_linear_may_begin_at_zero(self):
        assert not any(p.any() for p in built("linear", facts(5), init="zero").parameters())

    @pytest.mark.parametrize(("name", "data"), [("gpt", TEXT), ("vit", facts(1, 8, 8))])
    def test_transformers(self, name, data):
        model = built(name, data, activation="silu", norm="rms", init_std=0.1, layers=2)
        kinds = {type(m) for m in model.modules()}
        assert {nn.SiLU, nn.RMSNorm} <= kinds
        assert not {nn.LayerNorm, nn.GELU} & kinds
        assert model.blocks[0].up.weight.std().item() == pytest.approx(0.1, rel=0.05)
        assert model.blocks[0].down.weight.std().item() == pytest.approx(0.05, rel=0.05)

    def test_resnet(self):
        model = built("resnet", facts(1, 8, 8), activation="gelu", norm="group", blocks=1)
        kinds = {type(m) for m in model.modules()}
        assert {nn.GELU, nn.GroupNorm} <= kinds
        assert not {nn.BatchNorm2d, nn.ReLU} & kinds

    @pytest.mark.parametrize(("cell", "gates"), [("lstm", 4), ("gru", 3), ("plain", 1)])
    def test_rnn(self, cell, gates):
        model = built("rnn", TEXT, cell=cell, width=16, layers=2, init="orthogonal", norm="layer")
        for weight in (one.weight_hh_l0 for one in model.cells):
            assert len(weight) == 16 * gates
            for gate in weight.split(16):
                torch.testing.assert_close(gate @ gate.T, torch.eye(16), atol=1e-5, rtol=0)
        assert isinstance(model.norm, nn.LayerNorm)
        assert model(torch.zeros(2, 5, dtype=torch.long)).shape == (2, 5, 20)
