"""What the names of a log mean beside each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optcli.diagnosis.engine import diagnose
from optcli.run import notes
from optcli.run.assemble import read
from optcli.run.roles import assign


def roles(*names: str) -> dict[str, str]:
    return assign(dict.fromkeys(names, 9))


PAIRS = [
    *("Gen Loss|Disc Loss", "loss_G|loss_D", "g_loss|d_loss", "generator_loss|discriminator_loss", "errG|errD"),
    *("loss_gen|loss_dis", "gen_loss|critic_loss", "loss/g/total|loss/d/total"),
]


@pytest.mark.parametrize("names", PAIRS)
def test_two_players_have_roles_of_their_own(names: str) -> None:
    first, second = names.split("|")
    assert roles(second, first) == {"train/loss": first, "discriminator/loss": second}


def test_parts_and_sums_of_a_game_are_no_loss_that_ought_to_fall() -> None:
    found = roles("total_loss", "g_loss", "d_loss", "real_loss", "d_acc", "real_acc", "val_g_loss", "lr", "val_acc")
    assert set(found) == {"train/loss", "discriminator/loss", "lr", "val/accuracy"}


REINFORCED = [
    *("actor_loss|value_loss", "train/actor_loss|train/critic_loss", "losses/policy_loss|losses/value_loss"),
    *("pg_loss|vf_loss", "ppo/loss/policy|ppo/loss/value", "loss/policy|loss/value"),
    "train/policy_gradient_loss|train/value_loss",
]


@pytest.mark.parametrize("names", REINFORCED)
def test_neither_actor_nor_critic_has_the_loss_unless_there_is_a_total(names: str) -> None:
    first, second = names.split("|")
    parts = {"policy/loss": first, "value/loss": second}
    assert roles(second, first, "bc_loss", "entropy_loss", "kl_loss", "lr") == {**parts, "lr": "lr"}
    assert roles(second, first, "entropy_loss", "total_loss") == {**parts, "train/loss": "total_loss"}


def test_a_validation_loss_says_that_policy_and_value_are_learnt_from_examples() -> None:
    found = roles("value_loss", "policy_loss", "loss", "val_loss")
    assert found == {"train/loss": "loss", "val/loss": "val_loss"}


@pytest.mark.parametrize("other", ["train/loss", "lr"])
def test_the_user_may_say_which_part_is_to_fall(other: str) -> None:
    found = assign({"value_loss": 9, "policy_loss": 9}, {other: "value_loss"})
    assert found[other] == "value_loss"
    assert ("policy/loss" in found) == (other != "train/loss")


@pytest.mark.parametrize("name", ["critic_loss", "loss_d", "gen_loss", "policy_loss", "value_loss"])
def test_one_network_alone_plays_no_game(name: str) -> None:
    assert roles(name) == {"train/loss": name}


@pytest.mark.parametrize("beside", ["episode_reward", "return", "mean_rew", "rewards"])
def test_one_loss_beside_what_is_earned_is_of_playing(beside: str) -> None:
    assert roles("loss", beside) == {"policy/loss": "loss"}
    assert roles("loss", beside, "val_loss") == {"train/loss": "loss", "val/loss": "val_loss"}


def test_a_loss_beside_episodes_or_preferences_is_of_examples() -> None:
    assert roles("loss", "episode") == {"train/loss": "loss"}
    assert roles("loss", "rewards/chosen", "rewards/rejected")["train/loss"] == "loss"


def test_the_user_may_say_which_loss_is_to_fall() -> None:
    found = assign({"g_loss": 9, "d_loss": 9}, {"train/loss": "g_loss"})
    assert found == {"train/loss": "g_loss"}


GAN = ("g_loss", "d_loss")
PPO = ("policy_loss", "value_loss")


def game(tmp_path: Path, names: tuple[str, str] = GAN, **bad: int) -> Path:
    """The losses of two players over 60 steps, the first one's climbing; NaN from a step on where told."""
    wave = np.sin(np.arange(60) / 5)
    curves = dict(zip(names, (0.7 + np.arange(60) / 20 + wave, 1.4 - wave), strict=True))
    for name, first in bad.items():
        curves[name][first:] = np.nan
    lines = [f"{i},{g:.5f},{d:.5f}" for i, (g, d) in enumerate(zip(*curves.values(), strict=True))]
    path = tmp_path / "log.csv"
    path.write_text(",".join(("step", *names)) + "\n" + "\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("names", [GAN, PPO])
def test_a_game_is_not_judged_by_rise_and_fall(tmp_path: Path, names: tuple[str, str]) -> None:
    said = diagnose(read(str(game(tmp_path, names)))[0])
    assert (said.status, said.findings) == ("unknown", ())
    assert [note.code for note in said.notes] == [notes.GAME]
    assert "OPT102" in said.abstained


@pytest.mark.parametrize("name", [*GAN, *PPO])
def test_a_loss_of_either_player_that_is_no_number_is_found(tmp_path: Path, name: str) -> None:
    said = diagnose(read(str(game(tmp_path, GAN if name in GAN else PPO, **{name: 40})))[0])
    assert [(f.code, said.roles[f.curve], f.first) for f in said.findings] == [("NUM301", name, 40.0)]
    assert said.status == "ill"


def test_roles_are_of_one_model() -> None:
    found = roles("reg_loss", "val_reg_loss", "cls_loss", "val_cls_loss", "cls_accuracy", "cls_lr")
    assert found == {"train/loss": "reg_loss", "val/loss": "val_reg_loss"}
    found = roles("cls_loss", "val_reg_loss", "val_cls_loss", "reg_loss", "cls_accuracy", "cls_lr")
    assert found == {
        "train/loss": "cls_loss", "val/loss": "val_cls_loss", "train/accuracy": "cls_accuracy", "lr": "cls_lr",
    }  # fmt: skip


def test_accuracies_beside_a_loss_of_all_are_of_one_model() -> None:
    found = roles("loss", "b_acc", "a_acc", "val_a_acc", "val_b_acc", "val_loss")
    assert (found["train/accuracy"], found["val/accuracy"]) == ("b_acc", "val_b_acc")
    assert found["val/loss"] == "val_loss"


def test_parts_of_a_loss_leave_the_rest_alone() -> None:
    found = roles("train/box_loss", "train/cls_loss", "metrics/mAP50(B)", "val/box_loss", "val/cls_loss", "class_acc")
    assert (found["train/loss"], found["val/loss"]) == ("train/box_loss", "val/box_loss")
    assert "val/map50_b" in found


LOSSES = ("train/loss", "val/loss"), ("train_loss", "valid_loss"), ("Training Loss", "Validation Loss")


@pytest.mark.parametrize("losses", LOSSES)
@pytest.mark.parametrize("metric", ["metrics/accuracy_top1", "accuracy", "Accuracy"])
def test_a_metric_beside_losses_that_name_their_split_is_measured_on_validation(
    losses: tuple[str, str], metric: str
) -> None:
    found = roles(losses[0], metric, losses[1])
    assert found == {"train/loss": losses[0], "val/loss": losses[1], "val/accuracy": metric}


def test_a_metric_without_a_split_stays_training_where_another_says_validation() -> None:
    keras = roles("accuracy", "loss", "val_accuracy", "val_loss")
    assert (keras["train/accuracy"], keras["val/accuracy"]) == ("accuracy", "val_accuracy")
    both = roles("train_loss", "val_loss", "acc", "val_acc")
    assert (both["train/accuracy"], both["val/accuracy"]) == ("acc", "val_acc")
    tested = roles("train_loss", "test_loss", "acc", "test_acc")
    assert (tested["train/accuracy"], tested["val/accuracy"]) == ("acc", "test_acc")


def test_a_metric_beside_a_loss_without_a_split_stays_training() -> None:
    found = roles("loss", "val_loss", "accuracy")
    assert found["train/accuracy"] == "accuracy"


def test_training_and_bare_accuracy_beside_losses_with_splits() -> None:
    found = roles("train_loss", "train_acc", "val_loss", "acc")
    assert (found["train/accuracy"], found["val/accuracy"]) == ("train_acc", "acc")


@pytest.mark.parametrize(("beside", "role"), [("return", "value/loss"), ("epoch", "train/loss")])
def test_a_critic_alone_is_one_where_something_is_earned(beside: str, role: str) -> None:
    assert roles("value_loss", beside, "length").get(role) == "value_loss"


def test_an_actor_alone_plays_too(tmp_path: Path) -> None:
    lines = [f"{i},{i - 200},{np.sin(i) + 0.02 * i:.4f}" for i in range(100)]
    (tmp_path / "log.csv").write_text("\n".join(["episode,reward,policy_loss", *lines]))
    (run,) = read(str(tmp_path / "log.csv"))
    said = diagnose(run)
    assert (said.status, run.roles["policy/loss"], said.findings) == ("unknown", "policy_loss", ())
    assert notes.GAME in [note.code for note in said.notes]


def test_a_nickname_is_the_loss_where_nothing_else_is() -> None:
    assert roles("train_closs", "val_closs", "epoch") == {"train/loss": "train_closs", "val/loss": "val_closs"}
    assert roles("train_L", "train_acc") == {"train/loss": "train_L", "train/accuracy": "train_acc"}
    assert roles("train_closs", "train_loss")["train/loss"] == "train_loss"


def test_a_single_accuracy_beside_a_curve_is_a_result() -> None:
    assert assign({"loss": 228, "dev loss": 12, "epoch Accuracy": 1}) == {"train/loss": "loss", "val/loss": "dev loss"}
    assert "train/accuracy" in assign({"loss": 228, "train accuracy": 1})
    assert "train/accuracy" in assign({"loss": 1, "accuracy": 1})
    assert "train/accuracy" in assign({"loss": 228, "accuracy": 12})
