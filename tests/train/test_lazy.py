"""Reading ahead: in order, one at a time, and no thread is left behind."""

import threading

import pytest

from optcli.train.lazy import ahead


def test_order_and_lookahead():
    made = []
    stream = ahead(lambda item: made.append(item) or item * 10, range(5))
    assert next(stream) == 0
    assert next(stream) == 10
    assert set(made) <= {0, 1, 2}
    assert list(stream) == [20, 30, 40]
    assert list(ahead(str, [])) == []


def test_an_error_comes_where_its_item_would():
    stream = ahead(lambda item: 1 // item, [1, 0, 1])
    assert next(stream) == 1
    with pytest.raises(ZeroDivisionError):
        next(stream)


def test_closing_ends_the_thread():
    before = threading.active_count()
    stream = ahead(str, range(100))
    next(stream)
    stream.close()
    assert threading.active_count() == before
