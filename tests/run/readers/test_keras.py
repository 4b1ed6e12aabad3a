"""Which bars of a Keras log are the training's."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run.assemble import read

LOSSES = [round(2 / (k + 1), 4) for k in range(12)]
VALIDATED = "20/40 [=>..] - ETA: 9s - loss: 9.0\r40/40 [====] - 9s - loss: {x} - val_loss: {x}\n"
PLAIN = "20/40 [=>..] - ETA: 9s - loss: 9.0\r40/40 [====] - 9s - loss: {x}\n"


def losses(tmp_path: Path, text: str) -> list[float]:
    log = tmp_path / "log.txt"
    log.write_text(text)
    [run] = read(str(log))
    assert run.format == "keras-console"
    return run.curves["train/loss"].value.tolist()


@pytest.mark.parametrize(
    "evaluation",
    [
        " 1/12 [>...] - ETA: 0s - loss: 7.0\r12/12 [====] - 0s - loss: 8.0\n",
        "12/12 - 0s - loss: 8.0\n",
        " 1/40 [>...] - ETA: 0s - loss: 7.0\r40/40 [====] - 0s - loss: 8.0\n",
        "1/Unknown - 0s - loss: 7.0\r99/99 [====] - 0s - loss: 8.0\n",
        "99/99 [====] - 0s - loss: 8.0\n12/12 [====] - 0s - loss: 8.0\n",
        " 3/12 [>...] - ETA: 0s - loss: 7.0\n",
    ],
)
@pytest.mark.parametrize("bar", [VALIDATED, PLAIN])
def test_an_evaluation_is_no_epoch(tmp_path: Path, bar: str, evaluation: str) -> None:
    epochs = [f"Epoch {i}/12\n" + bar.format(x=x) for i, x in enumerate(LOSSES, 1)]
    assert losses(tmp_path, "".join(epochs) + evaluation + "[8.0]\n") == LOSSES


def test_with_a_line_for_each_epoch_a_second_one_is_an_evaluation(tmp_path: Path) -> None:
    line = "40/40 - 1s - loss: {x}\n"
    epochs = [f"Epoch {i}/12\n" + line.format(x=x) for i, x in enumerate(LOSSES, 1)]
    assert losses(tmp_path, "".join(epochs) + line.format(x=8)) == LOSSES


def test_an_evaluation_before_each_epoch(tmp_path: Path) -> None:
    epochs = [f"Epoch {i}/12\n12/12 [====] - 0s - loss: 8.0\n" + PLAIN.format(x=x) for i, x in enumerate(LOSSES, 1)]
    assert losses(tmp_path, "".join(epochs)) == LOSSES


def test_an_evaluation_ends_no_epoch(tmp_path: Path) -> None:
    text = "".join(f"Epoch {i}/12\n" + PLAIN.format(x=x) for i, x in enumerate(LOSSES[:3], 1))
    cut = "Epoch 4/12\n20/40 [=>..] - ETA: 9s - loss: 9.0\n12/12 [====] - 0s - loss: 8.0\n"
    assert losses(tmp_path, text + cut) == LOSSES[:3]
