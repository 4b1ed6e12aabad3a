"""Dicts that a program printed: whatever space is behind the colon."""

import pytest

from optcli.run.assemble import read


@pytest.mark.parametrize("gap", ["", " ", "     "])
def test_space_behind_a_colon_is_padding(tmp_path, gap) -> None:
    lines = [f"{{'loss':{gap}{value}, 'grad_norm':{gap}{9 * value}}}\n" for value in (3.0, 2.0, 1.0)]
    (tmp_path / "out.txt").write_text("".join(lines))
    (run,) = read(str(tmp_path / "out.txt"))
    assert run.format == "hf-console"
    assert run.curves["train/loss"].value.tolist() == [3, 2, 1]
    assert run.curves["grad_norm"].value.tolist() == [27, 18, 9]
