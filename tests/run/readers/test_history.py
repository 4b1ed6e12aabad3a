"""JSON documents of curves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optcli.run.assemble import read
from optcli.run.block import Unreadable
from optcli.run.curve import Run
from optcli.run.readers import history


def document(tmp_path: Path, content: Any) -> Run:
    path = tmp_path / "some.json"
    path.write_text(json.dumps(content))
    return read(str(path))[0]


def test_keras_history_with_text_and_null(tmp_path: Path) -> None:
    run = document(tmp_path, {"loss": ["0.5", "nan", None, 0.25], "val_loss": [1, 2, 3, 4], "name": "mlp"})
    np.testing.assert_array_equal(run.curves["train/loss"].value, [0.5, np.nan, np.nan, 0.25])
    assert run.epoch_steps.tolist() == [0, 1, 2, 3]


def test_lists_with_their_own_axis(tmp_path: Path) -> None:
    run = document(tmp_path, {"step": [10, 20, 30], "loss": [3, 2, 1], "val_loss": [5, 4]})
    assert run.curves["train/loss"].step.tolist() == [10, 20, 30]
    assert run.curves["val/loss"].step.tolist() == [0, 1]


@pytest.mark.parametrize("key", ["history", "logs", "results"])
def test_a_wrapped_history(tmp_path: Path, key: str) -> None:
    run = document(tmp_path, {"config": {"lr": 0.1}, key: [{"epoch": i, "train": {"loss": 1.0}} for i in range(5)]})
    assert run.roles == {"train/loss": "train/loss"}


def test_sklearn(tmp_path: Path) -> None:
    run = document(tmp_path, {"loss_curve_": [3, 2, 1], "validation_scores_": [0.1, 0.2, 0.3]})
    assert run.format == "sklearn-json"
    assert run.roles["train/loss"] == "loss_curve_"


def test_a_list_of_rows(tmp_path: Path) -> None:
    run = document(tmp_path, [{"epoch": i, "loss": i / 2} for i in range(4)])
    assert run.curves["train/loss"].value.tolist() == [0, 0.5, 1, 1.5]


ROWS = [{"train_loss": 9.0 - i, "val_loss": 8.0 - i} for i in range(5)]


@pytest.mark.parametrize(
    "content",
    [
        {str(i): row for i, row in enumerate(ROWS)},
        {f"epoch_{i}": row for i, row in enumerate(ROWS)},
        {"epochs": [{"epoch": i, **row} for i, row in enumerate(ROWS)], "best": 3},
        {"train_loss": [[i, 9.0 - i] for i in range(5)], "val_loss": [[i, 8.0 - i] for i in range(5)]},
        {key: {str(i): row[key] for i, row in enumerate(ROWS)} for key in ROWS[0]},
        {"train": {"loss": [9.0 - i for i in range(5)]}, "val": {"loss": [8.0 - i for i in range(5)]}},
    ],
)
def test_shapes_that_people_dump(tmp_path: Path, content: Any) -> None:
    run = document(tmp_path, content)
    assert run.curves["train/loss"].step.tolist() == list(range(5))
    assert run.curves["train/loss"].value.tolist() == [9, 8, 7, 6, 5]
    assert run.curves["val/loss"].value.tolist() == [8, 7, 6, 5, 4]
    assert run.format != "boosting-json"


def test_indented_objects_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(
        "".join(json.dumps({"epoch": i, **row}, indent=2) + "\n" for i, row in enumerate(ROWS)) + '{"epoch"'
    )
    assert read(str(path))[0].curves["val/loss"].value.tolist() == [8, 7, 6, 5, 4]


def test_a_document_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    text = json.dumps({"loss": [3.5, 2.5, 1.5], "val_loss": [4.5, 3.25, 2.25], "lr": []}, indent=4)
    for end, kept in ((text.index('"lr"') + 6, 3), (text.index("2.25") + 3, 2)):
        path.write_text(text[:end])
        (run,) = read(str(path))
        assert run.curves["train/loss"].value.tolist() == [3.5, 2.5, 1.5]
        assert run.curves["val/loss"].value.tolist() == [4.5, 3.25, 2.25][:kept]
        (note,) = [note for note in run.notes if note.code == "RUN711"]
        assert f"-{end}" in note.message
    path.write_text('{"train_loss": 2.5, "test_eval": [0.5, 0.25, 0.125, 0.')  # one of JSON lines
    with pytest.raises(Unreadable, match="not whole JSON"):
        read(str(path))
    path.write_text(text[:20])
    with pytest.raises(Unreadable, match="not whole JSON"):
        read(str(path))


def test_a_scalar_saved_from_tensorboard_as_json(tmp_path: Path) -> None:
    path = tmp_path / "run-a-tag-val_loss.json"
    path.write_text(json.dumps([[1.7e9 + i, i * 10, 0.5] for i in range(5)]))
    assert read(str(path))[0].curves["val/loss"].step.tolist() == [0, 10, 20, 30, 40]


def test_a_history_that_names_the_lists_that_count(tmp_path: Path) -> None:
    lists = {f"{part} {kind}Loss": [2.0, 1.5, 1.0, 0.8] for part in ("Train", "Test") for kind in ("", "Robust ")}
    named = {**lists, "train_metric": "Train Robust Loss", "monitor_metric": "Test Robust Loss"}
    run = document(tmp_path, named)
    assert run.roles["train/loss"] == "Train Robust Loss"
    assert run.roles["val/loss"] == "Test Robust Loss"
    for wrong in (["Train Loss"], "no such list", None):
        assert document(tmp_path, {**named, "train_metric": wrong}).roles["train/loss"] == "Train Loss"


FALL = [2.0, 1.5, 1.2, 1.1, 1.0, 0.9]


def test_several_models_in_one_document_are_several_runs(tmp_path: Path) -> None:
    """Losses of one model say nothing of the accuracy of another."""
    path = tmp_path / "history.json"
    reg = {"reg_loss": FALL, "reg_val_loss": FALL, "reg_learning_rate": [0.1] * 6}
    cls = {"cls_accuracy": FALL[:4], "cls_loss": FALL[:4], "cls_val_accuracy": FALL[:4], "cls_val_loss": FALL[:4]}
    path.write_text(json.dumps(reg | cls))
    first, second = read(str(path))
    assert first.source == f"{path}#reg"
    assert set(first.roles) == {"train/loss", "val/loss", "lr"}
    assert second.source == f"{path}#cls"
    assert set(second.roles) == {"train/loss", "val/loss", "train/accuracy", "val/accuracy"}
    assert len(second.curves["train/loss"]) == 4


@pytest.mark.parametrize("parts", [("train_loss", "val_loss"), ("train", "val")])
@pytest.mark.parametrize("names", [("fold_1", "fold_2"), ("resnet", "vgg"), ("a/small", "a/large"), ("a/x", "b/y")])
def test_runs_under_names(tmp_path: Path, names: tuple[str, str], parts: tuple[str, str]) -> None:
    path = tmp_path / "history.json"
    content: dict[str, Any] = {}
    for name in names:
        outer, _, inner = name.rpartition("/")
        (content.setdefault(outer, {}) if outer else content)[inner] = {**dict.fromkeys(parts, FALL), "best": 3}
    path.write_text(json.dumps(content))
    found = read(str(path))
    names = tuple(name.removeprefix("a/") for name in names) if len(content) == 1 else names
    assert [run.source.partition("#")[2] for run in found] == list(names)
    assert all(set(run.roles) == {"train/loss", "val/loss"} and run.axis == "epoch" for run in found)


@pytest.mark.parametrize(
    "content",
    [
        {"box_loss": FALL, "cls_loss": FALL},
        {"loss": FALL, "a_loss": FALL, "a_val_loss": FALL, "b_loss": FALL, "b_val_loss": FALL},
        {"train_loss": FALL, "train_val_loss": FALL, "val_loss": FALL, "val_val_loss": FALL},
        {"loss": {"train": FALL, "val": FALL}, "accuracy": {"train": FALL, "val": FALL}},
        {"recon": {"train": FALL, "val": FALL}, "kl": {"train": FALL, "val": FALL}},
        {"f1": {"train": FALL, "val": FALL}, "auc": {"train": FALL, "val": FALL}},
        {"train": {"loss": FALL}, "val": {"loss": FALL}},
        {"epoch_1": {"loss": FALL}, "epoch_2": {"loss": FALL}},
    ],
)
def test_parts_of_one_model_are_one_run(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "history.json"
    path.write_text(json.dumps(content))
    assert len(read(str(path))) == 1


def test_a_name_around_everything_says_nothing(tmp_path: Path) -> None:
    inner = {"epoch": [1, 2, 3, 4, 5, 6], "train_loss": FALL, "val_loss": FALL, "val_bleu": FALL}
    run = document(tmp_path, {"history": inner, "summary": {"best": 3}})
    assert run.roles == {"train/loss": "train_loss", "val/loss": "val_loss", "val/bleu": "val_bleu"}
    assert (run.axis, run.format) == ("epoch", "keras-history")
    assert document(tmp_path, {"validation": {"loss": FALL}}).roles == {"val/loss": "validation/loss"}


@pytest.mark.parametrize(
    ("content", "roles"),
    [
        ({"train": FALL, "val": FALL}, {"train/loss": "train", "val/loss": "val"}),
        ({"a": {"b": {"train": FALL, "val": FALL}}}, {"train/loss": "train", "val/loss": "val"}),
        ({"train": [x / 2 for x in FALL[::-1]], "val": FALL}, {"train/loss": "train", "val/loss": "val"}),
        ({"train": FALL[::-1], "val": FALL[::-1]}, {"train/loss": "train", "val/loss": "val"}),
        ({"train": [0.3, 0.5, 0.6], "val": [0.4, 0.4, 0.5]}, {"train/score": "train", "val/score": "val"}),
        ({"accuracy": {"train": FALL}}, {"train/accuracy": "accuracy/train"}),
    ],
)
def test_lists_called_by_their_split_alone(tmp_path: Path, content: Any, roles: dict[str, str]) -> None:
    """They are losses, unless they rise as scores do."""
    assert document(tmp_path, content).roles == roles


@pytest.mark.parametrize(
    ("name", "role"), [("train_loss", "train/loss"), ("val_acc", "val/accuracy"), ("losses", "train/loss")]
)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_without_a_name_is_called_as_its_file(tmp_path: Path, name: str, role: str, indent: int | None) -> None:
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps([2.0, 1.0, None, 0.5], indent=indent))
    for place in (path, tmp_path):
        (run,) = read(str(place))
        assert run.roles == {role: name}
        np.testing.assert_array_equal(run.curves[role].value, [2, 1, np.nan, 0.5])
        assert (run.axis, run.curves[role].step.tolist()) == ("row", [0, 1, 2, 3])
        assert "RUN720" in {note.code for note in run.notes}


def test_a_list_of_steps_and_values_without_a_name(tmp_path: Path) -> None:
    path = tmp_path / "val_loss.json"
    path.write_text(json.dumps([[0, 2.0], [10, 1.5], [20, 1.0]]))
    (run,) = read(str(path))
    assert run.roles == {"val/loss": "val_loss"}
    assert (run.axis, run.curves["val/loss"].step.tolist()) == ("step", [0, 10, 20])


@pytest.mark.parametrize(
    "content", [[1.0, 2.0], [[0.5, 2.0], [1, 1.5], [2, 1.0]], [[2.0, 1.0, 0.5], [3.0, 2.0, 1.0, 0.5]], [1, "a", 3, 4]]
)
def test_a_list_that_may_be_anything_is_refused(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "loss.json"
    path.write_text(json.dumps(content))
    with pytest.raises(Unreadable):
        read(str(path))


@pytest.mark.parametrize("head", ["[2024-01-02 03:04:05] loss 2.0\n", "[2, 1, 0.5]\n[3, 2, 1]\n", "[1, 2, a]"])
def test_lines_in_brackets_are_no_list(head: str) -> None:
    assert history.sniff(head.encode(), "loss.json") == 0


def test_a_list_whose_file_says_nothing_is_no_log_among_others(tmp_path: Path) -> None:
    for i in range(4):
        (tmp_path / f"data{i}.json").write_text(json.dumps([2.0, 1.0, 0.5], indent=1))
    with pytest.raises(Unreadable, match="no training log"):
        read(str(tmp_path))
    assert read(str(tmp_path / "data1.json"))[0].roles == {}


def test_rows_under_the_name_of_their_split(tmp_path: Path) -> None:
    rows = [{"loss": x, "accuracy": 1 / x} for x in FALL]
    run = document(tmp_path, {"train": rows, "val": rows[:5], "best": [1]})
    assert set(run.roles) == {"train/loss", "train/accuracy", "val/loss", "val/accuracy"}
    assert run.curves["train/loss"].value.tolist() == FALL
    assert run.curves["val/loss"].step.tolist() == [0, 1, 2, 3, 4]
    numbered = [{"step": 10 * i, **row} for i, row in enumerate(rows)]
    assert document(tmp_path, {"train": numbered, "val": rows}).curves["train/loss"].step.tolist()[-1] == 50


def test_flowers_history(tmp_path: Path) -> None:
    pairs = [[i, x] for i, x in enumerate(FALL)]
    run = document(
        tmp_path,
        {
            "losses_distributed": [],
            "losses_centralized": pairs,
            "metrics_centralized": {"accuracy": pairs},
            "metrics_distributed_fit": {"train_loss": pairs[1:]},
        },
    )
    assert run.roles == {
        "val/loss": "losses_centralized",
        "val/accuracy": "metrics_centralized/accuracy",
        "train/loss": "metrics_distributed_fit/train_loss",
    }


@pytest.mark.parametrize("key", [None, "training_history"])
def test_the_history_of_a_trainer_wherever_it_was_put(tmp_path: Path, key: str | None) -> None:
    """Zeros that hide NaN, and the closing row's averages, are read as in `trainer_state.json`."""
    nan = float("nan")
    rows: list[dict[str, float]] = [
        {"loss": 0.0, "grad_norm": nan, "learning_rate": 1e-4, "epoch": i / 4, "step": i} for i in range(1, 9)
    ]
    rows += [{"eval_loss": nan, "epoch": 1.0, "step": 4}, {"eval_loss": nan, "epoch": 2.0, "step": 8}]
    rows += [{"train_runtime": 9.0, "train_loss": 0.0, "epoch": 2.0, "step": 8}]
    run = document(tmp_path, {"metrics": {"loss": 0.0}, key: rows} if key else rows)
    assert run.roles["train/loss"] == "loss"
    assert np.isnan(run.curves["train/loss"].value).all()
    assert "train_loss" not in run.curves
    said = [note.message for note in run.notes if note.code == "RUN716"]
    assert len(said) == 1
    assert "8 losses of 0" in said[0]
    assert "masked" in said[0]


def test_labels_are_not_called_masked_where_validation_is_a_number(tmp_path: Path) -> None:
    rows = [{"loss": 0.0, "grad_norm": float("nan"), "learning_rate": 1e-4, "epoch": 1.0, "step": i} for i in range(9)]
    for more in ([], [{"eval_loss": 0.5, "epoch": 1.0, "step": 8}]):
        run = document(tmp_path, [*rows, *more])
        assert "masked" not in next(note.message for note in run.notes if note.code == "RUN716")


@pytest.mark.parametrize(
    "text",
    [
        "{'loss': [3.0, nan, 1.0], 'val_loss': [4, 3, None], 'lr': [np.float32(0.5), 0.5, 0.25]}",
        "\"{'loss': [3.0, nan, 1.0], 'val_loss': [4, 3, None], 'lr': [0.5, array(0.5), 0.25]}\"\n",
    ],
)
def test_a_python_dict_of_lists(tmp_path: Path, text: str) -> None:
    path = tmp_path / "training_history.json"
    path.write_text(text)
    (run,) = read(str(path))
    np.testing.assert_array_equal(run.curves["train/loss"].value, [3, np.nan, 1])
    np.testing.assert_array_equal(run.curves["val/loss"].value, [4, 3, np.nan])
    assert run.curves["lr"].value.tolist() == [0.5, 0.5, 0.25]


def test_rows_of_lists_of_one_number(tmp_path: Path) -> None:
    run = document(tmp_path, [{"loss": [x], "val_loss": [x + 1]} for x in (3.0, 2.0, 1.0)])
    assert run.curves["train/loss"].value.tolist() == [3, 2, 1]
    assert run.curves["val/loss"].value.tolist() == [4, 3, 2]
