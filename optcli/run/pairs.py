"""Names and numbers in a line that a program printed for people: `loss: 0.4`, `lr 1e-3 gnorm 0.2`, `Loss (val) 0.5`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from optcli.run.beside import sided
from optcli.run.company import nickname
from optcli.run.roles import ACCURACY, HOPELESS, LOSS, METRICS, NEVER, SPLITS, listed, meaning, words
from optcli.run.text import NUMBER, Row
from optcli.run.tongues import english

_NUMBER: Final = rf"(?:\d{{1,3}}(?:,\d{{3}})+(?![\w,])|{NUMBER})(?! *-+>)"
"""Not the first of `5.4 -> 2.4`: that is what a value was."""
_VALUE: Final = (
    r"(?:[Nn]a[Nn]|NAN|[Ii]nf(?:inity)?|INF(?:INITY)?) +(?!(?:steps?|iter(?:ation)?s?|batches|updates"
    r"|losses|grad(?:ient)?s?|values?|counts?)\b *[:=])"
)
"""`loss nan accuracy 0.1`: a word that is the value of the name before. `nan count: 3` counts them."""
_PAIR: Final = (
    r"(?<![\w@/.])([A-Za-z][\w@/.]{0,80}"
    rf"(?: (?<![a-z]{{5}}\. )(?!{_VALUE})[A-Za-z][\w@/.]{{0,40}}){{0,2}}(?: \([\w%]{{1,20}}\))?)"
    rf"(?: *(?:=|: ?|->) *({_NUMBER})(?:/(\d+))?| +({_NUMBER})(?! ?/|[-:]\d))"
)
"""A name of up to three words, of one sentence, and its number."""
_ASCII: Final = re.compile(_PAIR)
_ANY: Final = re.compile(_PAIR.replace("[A-Za-z]", r"[^\W\d_]"))
"""The same for lines with letters of other tongues in them."""
_ALONE: Final = re.compile(
    rf"([:=] ?)(?:\[+ *({_NUMBER}) *\]+|(?:tensor|array|np\.float\d\d)\(\[* *({_NUMBER})[^()]{{0,80}}\))"
)
"""A list of one number, or a tensor or an array of one: `Dice: [0.88]`, `loss: tensor(0.5, device='cuda:0')`."""
_BOXED: Final = re.compile(rf"(?<=[A-Za-z]) \[ *(?=[^\]]{{0,20}}\.)({NUMBER}) *\](?!\[)")
"""`Loss [ 0.69] Accuracy [0.587]`; `Epoch [3]` counts."""
_LISTED: Final = re.compile(
    r"(?<![^\W\d_])((?:[a-z]{1,12}_)?(?:loss|acc|accuracy)(?:_[a-z]{1,12})?), (?=-?\d+\.\d)", re.I
)
"""`epoch 1, step 10, loss_train, 0.833`."""
_ABOUT: Final = re.compile(r"\b(accuracy|acc|loss|error) o[fn] ([\w' ]{1,80}?)(?= ?[:=])", re.I)
"""`Accuracy of the network on the 10000 test images: 97 %`."""
_QUOTED: Final = re.compile(rf"'([\w/ .-]{{1,80}})': '?({NUMBER})'?")
"""`'loss': '24.06'`, as PaddleDetection once printed it."""
_CALLED: Final = re.compile(
    r"([A-Za-z]\w{0,40})\.?\(([\w., ]{1,80})\)+ = ([-+.\d]{1,40}|NaN|-?Inf)(?:f([-+]?\d{1,3})|32|16)?(?: \(tracked\))?"
)
"""What Julia's `@show loss(test_x, test_y)` prints: `loss(test_x, test_y) = 5.7f-6`."""
_GIVEN: Final = re.compile(r"(?:^|[ ,(_])(train|test|val|valid|dev)(?![a-z])", re.I)
_HYPHENED: Final = re.compile(r"(?<![\w@/.-])((?:(?:train|validation|val|test|eval|cross)-){1,2})\Z", re.I)
_HYPHENED_WIDTH: Final = 18
"""What a hyphen binds to a name, and the characters before the name in which it stands: `Train-cross-entropy`."""
_AT: Final = re.compile(
    r"(?<![\w@/.-])([A-Za-z]\w{0,40}(?: [A-Za-z]\w{0,40}){0,2})(?: \([\w ]{1,40}\))?"
    rf" (?:at|after) ((?:epoch|step|iteration|iter|batch) +\d{{1,12}}(?:/\d{{1,12}})?)(?: is:?| *[:=]) *(?={NUMBER})",
    re.I,
)
"""`Training loss (for one batch) at step 200: 0.5`."""
_DASHED: Final = re.compile(rf"^\d{{1,12}}\) [A-Za-z]\w{{0,80}} - {NUMBER}; ")
"""`00000003) perceptual - 126.1; gen_gan - 0.5`."""
_UNIT: Final = re.compile(r" ?([a-z]{1,12}/s(?:ec)?)\b")
"""`time 243.1 samples/sec` is no time."""
_BORDER: Final = re.compile(r"(?:^|[|,;:.\])}#%*-]|\d[A-Za-z/]{0,5})\s*$")
"""What parts the pairs of a line: a mark, or the number of the pair before with its unit."""
_BORDER_WIDTH: Final = 20
SPLIT: Final = re.compile(r"\b(train|training|val|vali|valid|validation|eval|evaluation|dev|cv|test)\b", re.I)
_SOURCE: Final = re.compile(r"\.(?:py|c|cc|cpp|cu|cxx|h|hpp|go|java|jl|js|lua|rs|ts)$")
"""`solver.cpp:239` is a place in a program."""
_AXIS_WORDS: Final = frozenset(
    listed(
        "epoch epochs step steps iter iters iteration iterations batch batches update updates it ep eta"
        " total_step total_iter \u7b2c"
    )
)
_FILLERS: Final = _AXIS_WORDS | frozenset(listed("info and with the set debug results"))
_PROSE: Final = frozenset(
    listed(
        "a about after all at before by did every for from have in is not of on only over than to took until was with"
        " jan feb mar apr may jun jul aug sep oct nov dec"
    )
)
"""Words that tell a sentence or a date from a name."""
HEADLINES: Final = frozenset(("train/loss", "val/loss", "test/loss", "train/accuracy", "val/accuracy", "test/accuracy"))
_BESIDE: Final = frozenset(("lr", "grad_norm", "loss_scale"))
_PLAIN: Final = LOSS | ACCURACY | METRICS | {"lr", "gnorm", "norm"}


class Pairs(NamedTuple):
    """The numbers of a line by name, and which of the names have no `:` or `=` behind them."""

    found: Row
    bare: frozenset[str]
    dashed: bool = False
    """Whether the line is nothing but a list of what a program watches."""

    def headlines(self) -> list[str]:
        """The names of losses and accuracies; without a sign between, only a plain name of one convinces."""
        return [name for name in self.found if headline(name) and (name not in self.bare or _outright(name))]

    def nicknames(self) -> list[str]:
        """The names that may be those of losses where nothing else is."""
        return [name for name in self.found if name not in self.bare and nickname(name)]

    def watched(self) -> list[str]:
        """The names that no role fits, of a list or of Kaldi's objective, which is to rise."""
        return [name for name in self.found if self.dashed or "objf" in words(name)]

    def telling(self, scores: bool) -> Row:
        """What is worth a line of its own beside that of a loss: learning rates, norms, and scores of unsaid data."""
        return {name: value for name, value in self.found.items() if _tells(name, name in self.bare, scores)}

    def signed(self) -> Row:
        """Those with a `:` or `=`."""
        return {name: value for name, value in self.found.items() if name not in self.bare}


def pairs(line: str, split: str = "") -> Pairs:
    """The pairs of a line; `split` is the data that a heading said it is about."""
    found: Row = {}
    bare = set[str]()
    splits: list[tuple[int, str]] | None = None
    dashed = _DASHED.match(line) is not None
    line = line.replace(" - ", ": ") if dashed else _plainly(line)
    for pair in (_ASCII if line.isascii() else _ANY).finditer(line):
        phrase, value, of, alone = pair.groups()
        if line[pair.start() - 1 : pair.start()] == "-":
            phrase = _hyphened(line, pair.start()) + phrase
        name = _name(phrase) if alone is None else _bare_name(phrase)
        if not name or (alone is not None and not _plain(name) and not _parted(line, pair.start())):
            continue
        number = float((value or alone).replace(",", ""))
        if of:
            # `Accuracy: 9823/10000` is a share; `batch: 3/10` is no quantity.
            if not headline(name) or not int(of):
                continue
            number /= int(of)
        if name.lower() in ("time", "speed") and (unit := _UNIT.match(line, pair.end())):
            name = f"{name} {unit[1]}"
        if _lacks_split(name):
            splits = [(word.start(), word[1]) for word in SPLIT.finditer(line)] if splits is None else splits
            name = _with_split(name, pair.start(), splits, split)
        if name not in found:
            found[name] = number
            if alone is not None:
                bare.add(name)
    if others := sided(found):
        found = {others.get(name, name): value for name, value in found.items()}
        bare = {others.get(name, name) for name in bare}
    return Pairs(found, frozenset(bare), dashed)


def _plainly(line: str) -> str:
    """A line whose names stand right before their numbers, and whose numbers stand alone."""
    if ": [" in line or "=[" in line or ":[" in line or "= [" in line or "tensor(" in line or "array(" in line:
        line = _ALONE.sub(lambda found: found[1] + (found[2] or found[3]), line)
    if " [" in line:
        line = _BOXED.sub(r": \1", line)
    if ", " in line:
        line = _LISTED.sub(r"\1: ", line)
    if "top-" in line:
        line = line.replace("top-1", "top1").replace("top-5", "top5")
    if "': " in line:
        line = _QUOTED.sub(r"\1: \2", line)
    if ") = " in line:
        line = _CALLED.sub(_shown, line)
    if " d'" in line:
        line = line.replace(" d'", " ")
    if " of " in line or " on " in line:
        line = _ABOUT.sub(_said_of, line)
    if " at " in line or " after " in line:
        line = _AT.sub(r"\2, \1: ", line)
    return line


def _shown(found: re.Match[str]) -> str:
    name, given, value, power = found.groups()
    split = _GIVEN.search(given)
    return f"{split[1] + ' ' if split else ''}{name} = {value}{'e' + power if power else ''}"


def _said_of(found: re.Match[str]) -> str:
    split = SPLIT.search(found[2])
    return f"{split[1]} {found[1]}" if split else found[0]


def _hyphened(line: str, at: int) -> str:
    found = _HYPHENED.search(line, max(0, at - _HYPHENED_WIDTH), at)
    return found[1] if found else ""


def _parted(line: str, at: int) -> bool:
    return _BORDER.search(line[max(0, at - _BORDER_WIDTH) : at]) is not None


def _with_split(name: str, at: int, splits: list[tuple[int, str]], split: str) -> str:
    """`Test set: Average loss: 0.05` and `[valid] loss=0.5`: what comes before says which data it is about."""
    before = next((word for place, word in reversed(splits) if place < at), split)
    return name if SPLITS.get(before.lower(), "train") == "train" else f"{before.lower()} {name}"


@lru_cache(maxsize=4096)
def _lacks_split(name: str) -> bool:
    if SPLIT.search(english(name).replace("_", " ").replace("/", " ").replace(".", " ").replace("-", " ")):
        return False
    return headline(name) or score(name) or nickname(name)


@lru_cache(maxsize=4096)
def _name(phrase: str) -> str:
    """The part of a phrase behind the last word that only counts: `Epoch Train Loss is` is `Train Loss`."""
    parts = phrase.removesuffix(" is").split(" ")
    while parts and english(parts[0]).strip() in _FILLERS:
        parts.pop(0)
    # `completed step: 5` counts, too.
    if not parts or english(parts[-1]).strip() in _AXIS_WORDS or _SOURCE.search(parts[-1]):
        return ""
    return " ".join(parts)


@lru_cache(maxsize=4096)
def _bare_name(phrase: str) -> str:
    """The same without a sign behind it, where a sentence or the word `test` alone is no name."""
    name = _name(phrase)
    if phrase.endswith(" is") and not _plain(name):
        return ""
    return "" if name.lower() in SPLITS or not _PROSE.isdisjoint(name.lower().split(" ")) else name


@lru_cache(maxsize=4096)
def headline(name: str) -> bool:
    """Whether it is a loss or an accuracy."""
    found = meaning(name)
    return found is not None and found.role in HEADLINES and found.rank < HOPELESS


@lru_cache(maxsize=4096)
def _plain(name: str) -> bool:
    """Whether a name ends in the word for a quantity, so that a number behind it needs no sign."""
    return not _PLAIN.isdisjoint(words(_last(name))) or _outright(name)


def _outright(name: str) -> bool:
    return "loss" in _last(name) or "acc" in _last(name)


def _last(name: str) -> str:
    return name.partition(" (")[0].lower().replace("learning rate", "lr").rpartition(" ")[2]


def score(name: str) -> bool:
    """Whether it is a metric with a name that is known."""
    return not METRICS.isdisjoint(words(name)) and NEVER.isdisjoint(words(name))


@lru_cache(maxsize=4096)
def _tells(name: str, bare: bool, scores: bool) -> bool:
    if bare and not _plain(name):
        return False
    found = meaning(name)
    if found is None:
        return scores and not bare and score(name)
    return found.rank < HOPELESS and (found.role in _BESIDE or found.role.startswith(("train/", "val/", "test/")))
