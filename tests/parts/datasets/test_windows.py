"""Windows of a row of tokens."""

import numpy as np

from optcli.parts.datasets._windows import windows


def test_targets_are_one_token_later_and_windows_share_the_memory():
    tokens = np.arange(12, dtype=np.int16)
    x, y = windows(tokens, 4)
    assert x.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert y.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert np.shares_memory(x, tokens)
    assert np.shares_memory(y, tokens)
    assert windows(tokens, 11)[1].tolist() == [list(range(1, 12))]
    assert len(windows(tokens, 12)[0]) == 0
