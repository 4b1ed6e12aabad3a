"""What the names of a log mean beside each other: a bare accuracy, losses of several models, of players or learners."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from optcli.run.roles import (
    ACCURACY,
    FALLBACK,
    LOSS,
    METRICS,
    NEVER,
    SILENT,
    SPLITS,
    STAND_IN,
    Meaning,
    listed,
    meaning,
    split_in,
    words,
)

PLAYERS: Final = {
    **dict.fromkeys(listed("g gen generator netg lossg gloss errg"), "train/loss"),
    **dict.fromkeys(listed("d dis disc discriminator netd critic lossd dloss errd"), "discriminator/loss"),
}
"""Words of two networks that learn against each other: a loss that falls says nothing there (Goodfellow et al. 2014,
arXiv:1406.2661). The first one's is the headline, and a `discriminator/loss` beside it says what kind of headline."""
LEARNERS: Final = {
    **dict.fromkeys(listed("policy pg actor pi"), "policy/loss"),
    **dict.fromkeys(listed("value vf critic q qf qf1 qf2 v"), "value/loss"),
}
"""Words of an actor and of the critic that it learns from: no loss of theirs says how well it plays (Schulman et al.
2017, arXiv:1707.06347; Haarnoja et al. 2018, arXiv:1801.01290)."""
RETURNS: Final = frozenset(listed("return returns reward rewards episode episodes rew"))
"""Words of what is earned by playing: beside them one of the two is enough."""
EARNED: Final = RETURNS - {"episode", "episodes"}
CHOSEN: Final = frozenset(listed("chosen rejected margin margins preference accuracies"))
_JOINED: Final = frozenset(listed("lossg gloss errg lossd dloss errd"))
_SAID: Final = frozenset(("lr", *SPLITS, *LOSS, *ACCURACY, *SILENT, *FALLBACK, *METRICS))
"""Words that are no model's name."""
PARTS: Final = ("train", "val", "test")
WEIGHTS: Final = "NNZs"
"""How many weights aren't zero, as scikit-learn's SGD prints beside their `Norm`, which is none of a gradient."""
PLAIN: Final = 1
"""An accuracy of this rank or less is of a model that classifies; `real_acc` is of a player."""


def together(said: Mapping[str, Meaning], counts: Mapping[str, int], may_play: bool = True) -> dict[str, Meaning]:
    """What names mean that mean something by themselves, given all names of their log (and how many points each has),
    which `may_play` a game."""
    told = {**said, **_measured_on_validation(said, counts)}
    if WEIGHTS in counts:
        told.pop("Norm", None)
    told = {name: found for name, found in told.items() if not _result(name, found, said, counts)}
    if not any(found.role.endswith("/loss") for found in told.values()):
        told |= {name: Meaning(f"{split_in(name) or 'train'}/loss", STAND_IN) for name in counts if nickname(name)}
    return _reinforced(_game(told, counts), counts) if may_play else told


def _measured_on_validation(said: Mapping[str, Meaning], counts: Mapping[str, int]) -> dict[str, Meaning]:
    """Accuracies without a split where both losses name theirs (fastai, Ultralytics): validation's, unless another one
    says that it is, or it comes as often as the training loss and the validation loss doesn't."""
    spoken = {found.role for name, found in said.items() if split_in(name)}
    losses = "train/loss" in spoken and spoken & {"val/loss", "test/loss"}
    if not losses or spoken & {"val/accuracy", "test/accuracy"}:
        return {}
    bare = {name: found for name, found in said.items() if found.role == "train/accuracy" and not split_in(name)}
    train, val, test = ({counts[n] for n, one in said.items() if one.role == f"{part}/loss"} for part in PARTS)
    trained = train - val - test
    return {name: Meaning("val/accuracy", found.rank) for name, found in bare.items() if counts[name] not in trained}


def _result(name: str, found: Meaning, said: Mapping[str, Meaning], counts: Mapping[str, int]) -> bool:
    """Whether it is a single accuracy of unsaid data beside a curve of the training loss: what came out in the end, on
    whatever data, as Flair's `Accuracy 0.9` of the test set."""
    if found.role != "train/accuracy" or split_in(name) or counts[name] != 1:
        return False
    return any(one.role == "train/loss" and counts[other] > 1 for other, one in said.items())


@lru_cache(maxsize=4096)
def nickname(name: str) -> bool:
    """Whether a name could be short for that of a loss: `closs`, `L`, `L_total`."""
    rest = [word for word in words(name) if word not in SPLITS and word not in SILENT]
    if not rest or meaning(name) is not None or not NEVER.isdisjoint(rest):
        return False
    return rest[-1].endswith("loss") or (rest == ["l"] and "L" in name)


def strangers(said: Mapping[str, Meaning], lead: str, role: str) -> set[str]:
    """Names of other models than that of `lead`, which plays `role`: those that have a column of their own for it.

    Beside a loss they are strangers in all roles, beside an accuracy in those of accuracies.
    """
    mine = _model(lead)
    others = {_model(name) for name, found in said.items() if found.role == role} - {mine, ()}
    close = "/accuracy" if role.endswith("/accuracy") else ""
    return {name for name, found in said.items() if mine and found.role.endswith(close) and _model(name) in others}


def _model(name: str) -> tuple[str, ...]:
    """The words of a name that say neither the quantity nor the part of the data: `cls` of `val_cls_loss`."""
    return tuple(word for word in words(name) if word not in _SAID and not word.isdigit())


def _game(said: Mapping[str, Meaning], names: Iterable[str]) -> dict[str, Meaning]:
    """The same; but of two players neither's loss, nor any sum or part of them, is one that ought to fall."""
    players = dict(_players(names, PLAYERS))
    if len({one.role for one in players.values()}) < 2:
        return dict(said)
    told = {name: one for name, one in said.items() if not one.role.endswith("/loss") and not _of_a_player(name, one)}
    return told | players


def _of_a_player(name: str, found: Meaning) -> bool:
    return found.role.endswith("/accuracy") and (found.rank > PLAIN or not PLAYERS.keys().isdisjoint(words(name)))


def _reinforced(said: Mapping[str, Meaning], names: Iterable[str]) -> dict[str, Meaning]:
    """The same; but beside the losses of an actor and a critic only a name without a word of its own is the loss, as a
    total is. A validation loss says that they learn from examples rather than by playing."""
    parts = dict(_players(names, LEARNERS)) or _alone(said, names)
    plays = any(not RETURNS.isdisjoint(words(name)) for name in names)
    enough = 1 if plays else 2
    if len({one.role for one in parts.values()}) < enough or any(one.role == "val/loss" for one in said.values()):
        return dict(said)
    shared = {word for name in parts for word in _model(name)} - LEARNERS.keys()
    return {n: one for n, one in said.items() if not one.role.endswith("/loss") or shared.issuperset(_model(n))} | parts


def _alone(said: Mapping[str, Meaning], names: Iterable[str]) -> dict[str, Meaning]:
    """The one loss beside what is earned by playing: of values that are learned while they grow, or of a policy.

    Rewards of answers that were chosen or rejected beforehand are of learning from examples.
    """
    said_of = {word for name in names for word in words(name)}
    if EARNED.isdisjoint(said_of) or not CHOSEN.isdisjoint(said_of):
        return {}
    return {n: Meaning("policy/loss", one.rank) for n, one in said.items() if one.role == "train/loss"}


def _players(names: Iterable[str], players: Mapping[str, str]) -> Iterator[tuple[str, Meaning]]:
    for name in names:
        found = words(name)
        loss = not LOSS.isdisjoint(found) or not _JOINED.isdisjoint(found)
        roles = {players[word] for word in found if word in players}
        if loss and len(roles) == 1 and split_in(name) in (None, "train") and NEVER.isdisjoint(found):
            yield name, Meaning(roles.pop(), len(_model(name)))
