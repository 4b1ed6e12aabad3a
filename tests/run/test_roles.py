"""Column names and what they mean."""

from __future__ import annotations

import pytest

from optcli.run.roles import assign, meaning

TRAIN = [
    "loss",
    "train_loss",
    "train/loss",
    "training_loss",
    "loss/train",
    "Loss/train",
    "trainLoss",
    "total_loss",
    "train_loss_step",
    "train_loss_epoch",
    "nll_loss",
    "metrics/train/loss",
    "loss/train/total",
    "epoch_loss",
    "train/epoch_loss",
]
VAL = [
    "val_loss",
    "valid_loss",
    "eval_loss",
    "validation_loss",
    "val/loss",
    "Loss/val",
    "validation/epoch_loss",
    "eval/loss",
    "dev_loss",
    "valLoss",
    "validation/loss",
]


@pytest.mark.parametrize("name", [*TRAIN, "lm loss"])
def test_training_loss(name: str) -> None:
    assert assign({name: 9}) == {"train/loss": name}


@pytest.mark.parametrize("name", [*VAL, "validation lm loss value"])
def test_validation_loss(name: str) -> None:
    assert assign({name: 9}) == {"val/loss": name}


@pytest.mark.parametrize(
    "name", ["lr", "learning_rate", "train_lr", "lr-SGD", "lr-Adam/pg1", "train/learning_rate", "x/lr0"]
)
def test_learning_rate(name: str) -> None:
    assert assign({name: 9}) == {"lr": name}


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("grad norm", "grad_norm"),
        ("gnorm", "grad_norm"),
        ("train/grad_norm", "grad_norm"),
        ("grad_norm/total", "grad_norm"),
        ("grad_2.0_norm_total", "grad_norm"),
        ("critic_grad_norm", "grad_norm"),
        ("loss scale", "loss_scale"),
        ("amp/lossScaler", "loss_scale"),
        ("number of skipped iterations", "skipped_steps"),
        ("number of nan iterations", "nan_steps"),
        ("data_time", "data_time"),
        ("update_ratio", "update_ratio"),
        ("val_acc", "val/accuracy"),
        ("val_accs", "val/accuracy"),
        ("train_accuracies", "train/accuracy"),
        ("metrics/mAP50(B)", "val/map50_b"),
        ("val/f1", "val/f1"),
        ("validation_scores", "val/score"),
    ],
)
def test_other_roles(name: str, role: str) -> None:
    found = meaning(name)
    assert found is not None
    assert found.role == role


@pytest.mark.parametrize(
    "name",
    [
        *("lm_head_act_abs_mean", "mfu", "eval_runtime", "eval_samples_per_second", "cooler", "classes"),
        *("density_scaler_log_loss", "val_scale_loss"),
    ],
)
def test_no_role(name: str) -> None:
    assert assign({name: 9}) == {}


@pytest.mark.parametrize(
    ("role", "names"),
    [
        (
            "data_time",
            "data_time|data|reader_cost|time_metrics/data_loading(s)|train/data_time|dataloader_time|data (t)",
        ),
        ("step_time", "time|batch_time|batch_cost|time_metrics/end_to_end(s)|dt|iteration_time|train_step_timing in s"),
        ("memory", "max mem|memory|memory/max_reserved(GiB)|peak_memory_alloc|gpu_mem_gb|rss|clock.mib"),
        ("throughput", "tokens_per_second|it/s|img/s|wps|ips|throughput(tps)|train_samples_per_second|steps_per_sec"),
        ("skipped_steps", "skipped_steps|skipped|skipped_iterations"),
    ],
)
def test_what_a_step_costs(role: str, names: str) -> None:
    for name in names.split("|"):
        found = meaning(name)
        assert found is not None, name
        assert found.role == role, name


@pytest.mark.parametrize(
    "name",
    [
        *("time_metrics/data_loading(%)", "free_memory", "gpu_memory_percent", "val/data_time", "eval_time"),
        *(
            "time_elapsed",
            "elapsed_s",
            "train/elapsed_s",
            "epoch_time",
            "model/s",
            "eta_seconds",
            "memory_limit",
            "data_mean",
            "loss_per_second",
        ),
        *("grad_norm/0.weight", "grad_2.0_norm/encoder.layers.1.weight"),
    ],
)
def test_no_cost_of_a_step(name: str) -> None:
    assert assign({name: 9}) == {}


@pytest.mark.parametrize("name", ["loss_mem", "memory_bank_loss", "data_loss"])
def test_a_loss_stays_a_loss(name: str) -> None:
    assert assign({name: 9}) == {"train/loss": name}


def test_the_loss_of_a_value_is_a_part_and_the_value_of_a_loss_is_not() -> None:
    assert assign({"value_loss": 9, "total_loss": 9}) == {"train/loss": "total_loss"}
    assert assign({"loss_value": 9, "total_loss": 9}) == {"train/loss": "loss_value"}


def test_the_plainest_name_wins() -> None:
    names = [
        "loss_bbox",
        "loss_ce_0",
        "loss_ce_unscaled",
        "train_loss",
        "train_loss_ce",
        "evaluation_loss_vs_iterations",
    ]
    assert assign(dict.fromkeys(names, 9)) == {"train/loss": "train_loss"}


def test_more_points_win_between_equals() -> None:
    assert assign({"train_loss_epoch": 10, "train_loss_step": 500})["train/loss"] == "train_loss_step"


def test_one_point_never_wins() -> None:
    assert assign({"train_loss": 1, "loss": 50})["train/loss"] == "loss"


def test_test_stands_in_for_validation_unless_it_is_a_lone_value() -> None:
    assert assign({"train_loss": 9, "test_loss": 9})["val/loss"] == "test_loss"
    assert assign({"train_loss": 9, "val_loss": 9, "test_loss": 9})["test/loss"] == "test_loss"
    assert "val/loss" not in assign({"train_loss": 9, "test_loss": 1})


def test_a_stand_in_is_no_partner_of_a_real_loss() -> None:
    assert assign({"loss": 9, "val_ppl": 9}) == {"train/loss": "loss", "val/ppl": "val_ppl"}
    assert assign({"train_mse": 9, "val_mse": 9}) == {"train/loss": "train_mse", "val/loss": "val_mse"}


def test_the_middle_parameter_group_is_the_learning_rate() -> None:
    assert assign({"lr/pg0": 9, "lr/pg1": 9, "lr/pg2": 9}) == {"lr": "lr/pg1"}


def test_the_user_goes_before_everything() -> None:
    assert assign({"loss": 9, "other": 9}, {"train/loss": "other"}) == {"train/loss": "other"}
    assert assign({"loss": 9}, {"train/loss": "absent"}) == {"train/loss": "loss"}


def test_a_column_that_bears_the_name_of_a_role_plays_it() -> None:
    columns = {"val/top1": 10, "val/accuracy": 9, "train/loss": 10}
    assert assign(columns)["val/accuracy"] == "val/accuracy"
    assert assign({**columns, "val/accuracy": 1})["val/accuracy"] == "val/top1"


def test_the_last_split_in_a_name_counts_the_first_tells_when_or_where_it_was_logged() -> None:
    both = {"loss": 90, "eval_train_loss": 9, "eval_val_loss": 9}
    assert assign(both) == {"train/loss": "loss", "val/loss": "eval_val_loss"}
    assert assign({"train/loss": 90, "train/val_loss": 9})["val/loss"] == "train/val_loss"


def test_the_first_of_several_validation_sets_is_no_training_set() -> None:
    assert assign({"val1_loss": 9, "val2_loss": 9}) == {"val/loss": "val1_loss"}
    assert assign({"train_loss": 9, "eval0/accuracy": 9})["val/accuracy"] == "eval0/accuracy"


def test_a_validation_loss_by_the_batch_yields_to_that_of_the_epoch() -> None:
    columns = {"train_loss_step": 500, "train_loss_epoch": 10, "val_loss_step": 200, "val_loss_epoch": 10}
    assert assign(columns) == {"train/loss": "train_loss_step", "val/loss": "val_loss_epoch"}


@pytest.mark.parametrize("name", ["top1_err", "top1_error"])
def test_an_error_rate_is_no_accuracy(name: str) -> None:
    assert assign({"loss": 9, name: 9}) == {"train/loss": "loss"}
    assert assign({"loss": 9, f"val/{name}": 9}) == {"train/loss": "loss", f"val/{name}": f"val/{name}"}


@pytest.mark.parametrize("name", ["best_acc", "best_val_acc", "target_accuracy", "acc_std", "val_max_accuracy"])
def test_what_is_no_accuracy_of_this_step(name: str) -> None:
    assert assign({name: 9}) == {}


def test_between_equals_the_one_that_is_not_smoothed() -> None:
    assert assign({"smoothed_loss": 9, "loss": 9}) == {"train/loss": "loss"}
    assert assign({"running_loss": 900, "epoch_loss": 9}) == {"train/loss": "running_loss"}


def test_a_cost_in_seconds_is_no_loss() -> None:
    assert assign({"loss": 9, "eval/batch_cost": 9, "eval/avg_reader_cost": 9}) == {"train/loss": "loss"}
    assert assign({"cost": 9, "val_cost": 9}) == {"train/loss": "cost", "val/loss": "val_cost"}


def test_between_equals_the_one_that_names_its_data() -> None:
    assert assign({"loss": 9, "train loss": 9})["train/loss"] == "train loss"
    assert assign({"loss": 10, "train loss": 9})["train/loss"] == "loss"


def test_a_bare_rate_is_that_of_learning() -> None:
    assert assign({"loss": 9, "rate": 9})["lr"] == "rate"
    assert assign({"rate": 9, "lr": 9})["lr"] == "lr"
    assert meaning("hit rate") is None


@pytest.mark.parametrize("name", ["Prec@1", "prec1", "train/prec@1"])
def test_precision_at_one_is_the_accuracy(name: str) -> None:
    found = meaning(name)
    assert found is not None
    assert found.role == "train/accuracy"
    assert meaning("Prec@5") is None
    assert meaning("val prec@5") == meaning("val acc5")


@pytest.mark.parametrize("name", ["cross_entropy", "Train-cross-entropy", "Cross Entropy", "categorical_cross_entropy"])
def test_cross_entropy_is_a_loss_however_it_is_joined(name: str) -> None:
    found = meaning(name)
    assert found is not None
    assert (found.role, found.rank < 10) == ("train/loss", True)


def test_rms_stands_for_a_loss_by_itself_only() -> None:
    assert assign({"mean rms": 9, "delta": 9, "worst char error": 9}) == {"train/loss": "mean rms"}
    assert assign({"loss": 9, "rms": 9}) == {"train/loss": "loss"}
    for name in ("grad_rms", "param rms", "rms_norm", "worst_acc", "worst error"):
        assert meaning(name) is None


def test_boosted_trees_may_log_errors_alone() -> None:
    found = assign({"validation_0/merror": 9, "train/merror": 9})
    assert found == {"train/loss": "train/merror", "val/loss": "validation_0/merror"}
    assert assign({"train/merror": 9, "train/mlogloss": 9})["train/loss"] == "train/mlogloss"


@pytest.mark.parametrize(("often", "role"), [(50, "train/accuracy"), (6, "val/accuracy"), (7, "val/accuracy")])
def test_a_bare_accuracy_belongs_to_the_loss_that_comes_as_often(often: int, role: str) -> None:
    assert assign({"train_loss": 50, "accuracy": often, "val_loss": 6})[role] == "accuracy"
    assert assign({"train_loss": 8, "accuracy": 8, "test_loss": 8})["val/accuracy"] == "accuracy"
