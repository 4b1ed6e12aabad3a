"""A user's errors come with their file and line, and without a traceback."""

import torch

import optcli
from optcli.exits import Exit
from optcli.train import blame
from optcli.train.objective import ModelFailed


def raised(function):
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError("it did not raise")


def test_the_innermost_foreign_frame_is_named():
    def theirs():
        raise ValueError("two\nlines")

    told = blame.blamed(raised(theirs), "model", "mlp")
    line = theirs.__code__.co_firstlineno + 1
    assert told.message == f"{__file__}:{line}: model mlp failed: ValueError: two lines"
    assert told.code == Exit.USAGE


def test_where_torch_raised_the_part_itself_is_named():
    @optcli.model
    def narrow(facts):
        return torch.nn.Linear(3, 3)

    error = ModelFailed("model", torch.ones(2, 4), torch.ones(2))
    error.__cause__ = RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    told = blame.in_step(error, {"model": "narrow"})
    assert told.message.startswith(f"{__file__}:{narrow.__code__.co_firstlineno}: model narrow failed")
    assert "input (2, 4), target (2)" in told.help


def test_what_a_bundled_loss_can_t_use_is_the_model_s():
    @optcli.model
    def paired(facts):
        return torch.nn.Linear(3, 3)

    error = ModelFailed("loss", torch.ones(2, 4), torch.ones(2), (1, 2))
    error.__cause__ = AttributeError("'tuple' object has no attribute 'ndim'")
    told = blame.in_step(error, {"model": "paired", "loss": "cross_entropy"})
    place = f"{__file__}:{paired.__code__.co_firstlineno}"
    assert told.message.startswith(f"{place}: loss cross_entropy failed on what model paired gave: AttributeError")
    assert "input (2, 4), output a tuple and no tensor, target (2)" in told.help
    assert told.help.endswith("; let the model give one tensor, or take its output apart in a loss of your own")


def test_bundled_parts_have_no_place_to_blame():
    assert blame.blamed(TypeError("x"), "loss", "cross_entropy").message == "loss cross_entropy failed: TypeError: x"


def test_a_bundled_part_that_says_what_is_wrong_is_quoted():
    told = blame.blamed(ValueError("no class is left; give more samples"), "loss", "cross_entropy")
    assert (told.message, told.help) == ("loss cross_entropy: no class is left", "give more samples")


def test_running_out_of_memory_is_recognized_through_its_causes():
    error = ModelFailed("model", torch.ones(1), torch.ones(1))
    error.__cause__ = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
    assert blame.is_out_of_memory(error)
    assert blame.is_out_of_memory(torch.OutOfMemoryError())
    assert not blame.is_out_of_memory(ValueError("x"))
    assert blame.out_of_memory("cpu").code == Exit.TRAINING_FAILED
