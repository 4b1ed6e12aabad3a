"""Models of timm: a stand-in takes the calls where the package is missing."""

import sys
from types import ModuleType

import pytest
import torch
from torch import nn

from optcli.parts import UnusablePart, find
from optcli.parts.facts import Facts
from optcli.parts.models._families import _member
from optcli.parts.origin import Misuse

PICTURES = Facts("classification", 9, 9, (2, 8, 6), 4)


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setattr(_member, "find_spec", lambda name: None)
    with pytest.raises(UnusablePart, match="the package timm, which is not installed") as caught:
        find("model", "timm:resnet18")
    assert caught.value.help == "pip install 'optcli[timm]'"


@pytest.fixture
def timm(monkeypatch):
    """A package with two models; `plain` does not want to know the size of the images, like timm's resnets."""
    made, fake = [], ModuleType("timm")

    def create_model(name, pretrained=False, **arguments):
        if name == "plain" and "img_size" in arguments:
            raise TypeError("Plain.__init__() got an unexpected keyword argument 'img_size'")
        if "depth" in arguments:
            raise TypeError("unexpected keyword argument 'depth'")
        made.append((name, pretrained, arguments))
        return nn.Sequential(nn.Flatten(), nn.LazyLinear(arguments["num_classes"]))

    fake.create_model, fake.list_models = create_model, lambda: ["plain", "sized"]
    fake.is_model = lambda name: name in fake.list_models()
    monkeypatch.setitem(sys.modules, "timm", fake)
    monkeypatch.setattr(_member, "find_spec", lambda name: True)
    return made


def build(name, **options):
    part = find("model", f"timm:{name}")
    return part.build(part.Options(**options), PICTURES)


def test_sizes_are_those_of_the_data(timm):
    assert build("plain")(torch.randn(3, 2, 8, 6)).shape == (3, 4)
    build("sized", pretrained=True, arguments={"drop_path_rate": 0.1})
    fitting = {"num_classes": 4, "in_chans": 2}
    assert timm == [
        ("plain", False, fitting),
        ("sized", True, {"img_size": (8, 6), **fitting, "drop_path_rate": 0.1}),
    ]


def test_mistakes_are_told(timm):
    with pytest.raises(Misuse, match="timm has no model `plane`; did you mean `plain`"):
        build("plane")
    with pytest.raises(TypeError, match="depth"):
        build("sized", arguments={"depth": 3})
    with pytest.raises(TypeError, match="depth"):
        build("plain", arguments={"depth": 3})


def test_a_real_one():
    pytest.importorskip("timm", reason="timm comes with the extra `timm`", exc_type=ImportError)
    assert build("resnet10t")(torch.randn(2, 2, 32, 24)).shape == (2, 4)
