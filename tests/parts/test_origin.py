"""Errors in a user's code are told with its place, not with that of the library it called."""

import json

import numpy as np
import pytest

from optcli.parts.origin import Misuse, home, place, told


def caught(function):
    with pytest.raises(Exception) as error:  # noqa: PT011
        function()
    return error.value


@pytest.mark.parametrize("function", [lambda: np.load("/nowhere.npy"), lambda: json.loads("{"), lambda: 1 / 0])
def test_the_line_that_called_the_library_is_named(function):
    assert place(caught(function)) == f"{__file__}:{function.__code__.co_firstlineno}"


def test_without_a_frame_the_function_itself_is_named():
    def mine():
        """Never called."""

    class Net:
        def __init__(self): ...

        def forward(self): ...

    line = mine.__code__.co_firstlineno
    assert place(ValueError("x"), mine) == f"{__file__}:{line}"
    assert home(Net) == f"{__file__}:{Net.forward.__code__.co_firstlineno}"
    assert (home(None), home(len), home(int)) == ("", "", "")


def test_what_is_told():
    assert told(ValueError("two\nlines")) == "ValueError: two lines"
    assert told(KeyboardInterrupt()) == "KeyboardInterrupt"
    assert told(Misuse("it must return four arrays")) == "it must return four arrays"
    assert told(SyntaxError("'(' was never closed", ("mine.py", 3, 1, "f("))) == "SyntaxError: '(' was never closed"
