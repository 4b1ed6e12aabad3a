"""Where a table's header is."""

from __future__ import annotations

import pytest

from optcli.run.delimited import cells, layout


@pytest.mark.parametrize(
    ("head", "names"),
    [
        (b"a,b\n1,2\n", ("a", "b")),
        (b"# note\n\na\tb\n1\t2\n", ("a", "b")),
        (b'"Step","x, y"\n"1","2"\n', ("Step", "x, y")),
        (b"a;b;c\n1,5;2;3\n4;5;6\n", ("a", "b", "c")),
        (b",loss\n0,1\n", ("index", "loss")),
        (b"loss\n0.5\n0.4\n", ("loss",)),
        (b"a,b\n", ("a", "b")),
    ],
)
def test_headers(head: bytes, names: tuple[str, ...]) -> None:
    found = layout(head)
    assert found is not None
    assert found.names == names


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"a,b",
        b"1,2\n3,4\n",
        b"{a,b\n1,2\n",
        b"a,b\nc,d\ne,f\n",
        b"one two\nthree\n",
        b"a\0,b\n1,2\n",
        b"a,b\n1\n2\n3\n",
    ],
)
def test_no_tables(head: bytes) -> None:
    assert layout(head) is None


def test_cells() -> None:
    assert cells(' a , "b, c" ,\r\n', ",") == ["a", "b, c", ""]
    assert cells("a|b", "|") == ["a", "b"]
