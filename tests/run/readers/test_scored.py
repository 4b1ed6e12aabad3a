"""Consoles that print scores and no loss."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run.assemble import Unreadable, read


@pytest.mark.parametrize(
    ("line", "role"), [("Epoch :  {i} AUC :  {x}\n", "auc"), ("[epoch {i}/9] test mIoU={x}\n", "miou")]
)
def test_a_score_beside_a_count_is_a_curve(tmp_path: Path, line: str, role: str) -> None:
    path = tmp_path / "log.txt"
    path.write_text("".join(line.format(i=i, x=0.5 + i / 20) for i in range(9)))
    (run,) = read(str(path))
    (curve,) = [run.curves[name] for name in run.curves if name.lower().endswith(role)]
    assert curve.value.tolist() == [0.5 + i / 20 for i in range(9)]
    assert curve.step.tolist() == list(range(9))


def test_a_score_in_a_text_is_no_log(tmp_path: Path) -> None:
    path = tmp_path / "paper.txt"
    path.write_text("We train for 20 epochs.\nIn epoch 3 the AUC: 0.8 was reached.\n" + "Words.\n" * 20)
    with pytest.raises(Unreadable):
        read(str(path))
