"""A recipe's tree to a Recipe: names are looked up, every option is checked, and all mistakes are told at once."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from optcli import parts
from optcli.parts.facts import Facts
from optcli.recipe.problem import MANY, BadRecipe, Problem
from optcli.recipe.recipe import Recipe
from optcli.recipe.sections import BY_TASK, COMMON, FIRST_CHOICE, LISTS, SLOTS, TOP, Chosen, Head, Monitor, Train
from optcli.recipe.spelling import hint, nearest
from optcli.recipe.tree import Entry, Node, Span
from optcli.recipe.validate import fields, validated
from optcli.recipe.words import short, shown

_SECTIONS: dict[str, type] = {"train": Train, "monitor": Monitor}
_EPOCHS = 5
"""Epochs of a recipe that doesn't say: enough to see a curve, short enough for a first try."""


class Draft:
    """A recipe while it is checked: what is wrong is None in `values` and told in `problems`."""

    def __init__(self, tree: Node) -> None:
        self.tree = tree
        self.values: dict[str, Any] = {}
        self.problems: list[Problem] = []
        self._top_keys()
        self._head()
        for slot in SLOTS:
            self._slot(slot)
        for key, kind in LISTS.items():
            self._list(key, kind)
        for key, cls in _SECTIONS.items():
            node = self.tree.get(key)
            self.values[key] = self.checked(cls, node, key, f"`{key}`") if self._is_mapping(key, node) else None
        self._length()

    def say(self, span: Span, message: str, help: str = "", path: str = "") -> None:
        """Note a mistake."""
        self.problems.append(span.problem(message, help, path))

    def checked(self, cls: type, node: Node | None, path: str, title: str, but: tuple[str, ...] = ()) -> Any:
        """An instance of `cls` from a mapping's keys other than `but`; None if something is wrong with them."""
        node = node if node is not None else Node({}, self.tree.span)
        known, own = fields(cls), node
        for key, (place, _) in node.entries.items():
            if key in but:
                own = own.having(key, None)
            elif key not in known:
                own = own.having(key, None)
                self.unknown(place, key, title, (*known, *but), path)
        instance, problems = validated(cls, own, path)
        self.problems += problems
        return instance

    def unknown(self, place: Span, key: str, title: str, known: tuple[str, ...], path: str) -> None:
        """Say that a key means nothing there, and where it belongs or what was meant."""
        if len(self.problems) >= MANY:
            return
        key = short(key)
        home = _home(key, path)
        full = f"{path}.{key}" if path else key
        near = nearest(key, known)
        bare, colon, value = key.partition(":")
        help = home if home and (key in _homes() or not near) else hint(key, known)
        if colon and bare in known:
            help = f"write `{bare}: {value}`, with a space"
        elif key == "<<":
            help = "merge keys are not read: write the values out, or `extends: base.yaml` at the top"
        self.say(place, f"unknown key `{key}` in {title}", help or "it has no options", full)

    def _top_keys(self) -> None:
        for key, (place, node) in self.tree.entries.items():
            if key not in TOP:
                self.unknown(place, key, "the recipe", (*TOP, "extends"), "")
            elif node.value is None:
                self.tree = self.tree.having(key, None)

    def _head(self) -> None:
        own = Node({k: e for k, e in self.tree.entries.items() if k in fields(Head)}, self.tree.span)
        head, problems = validated(Head, own, "")
        self.problems += problems
        self.values["name"] = head and (head.name if "name" in own.entries else _stem(self.tree.span.source.file))
        self.values["seed"] = head and head.seed

    def _is_mapping(self, key: str, node: Node | None) -> bool:
        if node is None or isinstance(node.value, dict):
            return True
        self.say(node.span, f"`{key}` must be a mapping, not {shown(node)}", f"write {key}: {{...}}", key)
        return False

    def _slot(self, slot: str) -> None:
        node = self.tree.get(slot)
        common = COMMON.get(slot)
        besides = fields(common) if common is not None else ()
        if common is not None:
            only = Node({k: e for k, e in node.entries.items() if k in besides} if node else {}, self.tree.span)
            made = self.checked(common, only, slot, f"`{slot}`")
            values = {"pace": made} if slot == "schedule" else {name: getattr(made, name, None) for name in besides}
            self.values |= values
        if node is None or (slot in BY_TASK and _is_open(node)):
            self._default(slot)
        else:
            self.values[slot] = self.part(slot, node, slot, besides, FIRST_CHOICE.get(slot))

    def _default(self, slot: str) -> None:
        self.values[slot] = None
        if slot == "data" and not any(slot in nearest(key, TOP) for key in self.tree.entries if key not in TOP):
            help = f"add `data: NAME`, one of {', '.join(parts.names('data'))}"
            self.say(Span(self.tree.span.source), "`data` is missing", help, "data")
        elif slot in FIRST_CHOICE:
            self.values[slot] = self.default(slot, FIRST_CHOICE[slot])

    def default(self, kind: str, name: str) -> Chosen | None:
        """A part that the recipe doesn't name, with its own defaults."""
        return self.part(kind, Node(name, self.tree.span), kind, (), None)

    def suit(self, facts: Facts) -> None:
        """Choose the parts that the recipe leaves open by the data's task, and the model of texts by what they are."""
        task = "reconstruction" if self.values["reconstruct"] else facts.task
        for slot, choices in BY_TASK.items():
            if slot == "model" and facts.kinds == ("tokens",):
                choices = {**choices, task: choices["language"]}
            node = self.tree.get(slot)
            if slot == "metrics" and node is None:
                self.values[slot] = tuple(p for p in [self.default("metric", choices[task])] if p is not None)
            elif slot != "metrics" and _is_open(node):
                node = Node({}, self.tree.span) if node is None else node
                self.values[slot] = self.part(
                    slot, node, slot, fields(COMMON[slot]) if slot in COMMON else (), choices[task]
                )

    def part(self, kind: str, node: Node, path: str, but: tuple[str, ...], first: str | None) -> Chosen | None:
        """The part that a node names, with its options checked."""
        name = node.get("name") if isinstance(node.value, dict) else node
        if name is None and first is not None:
            name = Node(first, node.span)
        if name is None or not isinstance(name.value, str) or not name.value:
            self._nameless(kind, node, name, path)
            return None
        module = self._module(kind, name, path)
        options = Node(node.entries, node.span)
        if module is None:
            self._as_meant(kind, name.value, options, path)
            return None
        inner = path if path == kind else f"{path}.{name.value}"
        chosen = self.checked(module.Options, options, inner, f"the {kind} `{name.value}`", ("name", *but))
        return Chosen(kind, parts.house(kind, name.value), chosen) if chosen is not None else None

    def _as_meant(self, kind: str, name: str, options: Node, path: str) -> None:
        """What is wrong with a mistyped name's options if the nearest is meant; what that lacks, another may have."""
        for near in nearest(name, parts.bundled(kind))[:1]:
            cls = parts.find(kind, near).Options
            known = {key: entry for key, entry in options.entries.items() if key in fields(cls)}
            _, problems = validated(cls, Node(known, options.span), path)
            given = tuple(f"{path}.{key}" for key in known)
            self.problems += [problem for problem in problems if problem.path.startswith(given)]

    def _nameless(self, kind: str, node: Node, name: Node | None, path: str) -> None:
        keys = list(node.entries)
        if len(keys) == 1 and keys[0] in parts.names(kind):
            inner = node.entries[keys[0]].node
            options = "".join(f", {k}: ..." for k in inner.entries)
            gone = "there is no `{0}` to remove" if inner.value is None else "`{0}` is not a key here"
            self.say(node.entries[keys[0]].key, gone.format(keys[0]), f"write {{name: {keys[0]}{options}}}", path)
        elif name is None and isinstance(node.value, dict):
            typed = [k for k, e in node.entries.items() if isinstance(e.node.value, str) and nearest(k, ("name",))]
            if typed:
                what = f"unknown key `{short(typed[0])}` in `{path}`"
                self.say(node.entries[typed[0]].key, what, "did you mean `name`?", f"{path}.{typed[0]}")
            else:
                self.say(node.span, f"`name` is missing: which {kind}?", hint("", parts.names(kind)), path)
        else:
            wrong = name or node
            help = hint("", parts.names(kind))
            message = f"`{path}` must be the name of {_one(kind)}, not {shown(wrong)}"
            self.say(wrong.span, message, help, path)

    def _module(self, kind: str, name: Node, path: str) -> Any:
        try:
            return parts.find(kind, name.value)
        except parts.UnknownPart as error:
            help = parts.advice(kind, name.value) or hint(name.value, error.known)
            self.say(name.span, f"unknown {kind} `{short(name.value)}`", help, path)
        except parts.UnusablePart as error:
            self.say(name.span, str(error), error.help, path)
        except Exception as error:  # an installed package's part may fail in any way when it is loaded
            self.say(name.span, f"the {kind} `{name.value}` can't be loaded: {type(error).__name__}: {error}", "", path)
        return None

    def _list(self, key: str, kind: str) -> None:
        node = self.tree.get(key)
        self.values[key] = () if key == "regularizers" else None
        if node is None:
            return
        if not isinstance(node.value, list):
            self.values[key] = None
            named = [f"{{name: {key}, ...}}" for key in node.entries if key in parts.names(kind)]
            inside = node.value.lstrip("- ") if isinstance(node.value, str) else ", ".join(named) or "..."
            self.say(node.span, f"`{key}` must be a list, not {shown(node)}", f"write {key}: [{inside}]", key)
            return
        if len(node.items) > MANY:
            self.values[key] = None
            self.say(node.span, f"`{key}` lists more than {MANY} parts", "is it the right file?", key)
            return
        chosen = [self.part(kind, item, key, (), None) for item in node.items]
        self._twice(kind, [c.name if c is not None else None for c in chosen], node.items, key)
        self.values[key] = tuple(chosen) if all(chosen) else None

    def _twice(self, kind: str, names: list[str | None], items: list[Node], key: str) -> None:
        for at, name in enumerate(names):
            if name is not None and name in names[:at]:
                self.say(items[at].span, f"the {kind} `{name}` is listed twice", "remove one of them", key)

    def _length(self) -> None:
        node, train = self.tree.get("train"), self.values["train"]
        if train is None:
            return
        if train.epochs is not None and train.steps is not None:
            entry = node.entries["steps"] if node is not None else Entry(self.tree.span, self.tree)
            self.say(entry.key, "both `epochs` and `steps` are given", "remove one of them", "train.steps")
            self.values["train"] = None
        elif train.epochs is None and train.steps is None:
            self.values["train"] = Train(**{**vars(train), "epochs": _EPOCHS})

    def recipe(self) -> Recipe:
        """The finished recipe.

        Raises:
            BadRecipe: there are problems, in the order of the text.
        """
        if self.problems:
            raise BadRecipe(ordered(self.problems, self.tree.span.source.file))
        return Recipe(tree=self.tree, **self.values)


def ordered(problems: list[Problem], main: str) -> list[Problem]:
    """Without repetitions; the recipe's own first, then those of the files it extends, then those of overrides."""
    rank = {p.file: 2 if p.file.startswith("<override") else p.file != main for p in problems}
    return sorted(dict.fromkeys(problems), key=lambda p: (rank[p.file], p.file, p.line, p.column))


def _one(kind: str) -> str:
    """The kind with its article; data are always many."""
    return "a data set" if kind == "data" else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _is_open(node: Node | None) -> bool:
    """Whether it is left to the data's task which part it is: there are at most options."""
    if node is None or not isinstance(node.value, dict):
        return node is None
    return "name" not in node.value and not any(e.node.entries for e in node.value.values())


def _stem(file: str) -> str:
    stem = PurePath(file.strip("<>")).stem
    return re.sub(r"[^\w.+-]|^[.+-]", "_", stem, flags=re.ASCII)[:100] or "recipe"


def _homes() -> dict[str, str]:
    """Keys that people look for in the wrong place -> what to say of them."""
    places = {
        **dict.fromkeys(fields(Monitor), "monitor"), **dict.fromkeys(fields(Train), "train"),
        **{name: slot for slot, common in COMMON.items() for name in fields(common)},
        **dict.fromkeys(("lr", "weight_decay", "momentum", "betas"), "optimizer"),
        "warmup": "schedule", "hidden": "model",
    }  # fmt: skip
    homes = {key: f"it belongs under `{place}`" for key, place in places.items()}
    homes |= dict.fromkeys(TOP, "it is a top key: check the indentation")
    listed = "it is a regularizer: write regularizers: [{{name: {0}}}]"
    return homes | {name: listed.format(name) for name in parts.names("regularizer")}


def _home(key: str, path: str) -> str:
    """Where a key that is wrong here would be right, even if it is mistyped; empty if nowhere."""
    homes = _homes()
    name = next(iter([key] if key in homes else nearest(key, homes) if len(key) > 3 else []), None)
    said = homes.get(name or "", "")
    if not said or said.endswith(f"`{path}`") or (not path and name in TOP):
        return ""
    return said if name == key else f"did you mean `{name}`? {said}"
