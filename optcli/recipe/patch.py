"""A change to a recipe: what is typed on the command line, tried by tuning, proposed by a prescription."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from optcli.recipe.problem import BadRecipe, Problem

if TYPE_CHECKING:  # `diagnosis` imports this module and must stay free of pydantic and yaml
    from optcli.recipe.recipe import Recipe
    from optcli.recipe.tree import Node, Source, Span


@dataclass(frozen=True)
class Patch(Mapping[str, Any]):
    """An ordered map from a recipe's path (`optimizer.lr`, `regularizers.l1.strength`) to the new value.

    A part in a list is addressed by its name; `None` removes what stands there. Setting `optimizer` or
    `optimizer.name` to another part drops the old part's options; `train.steps` drives out `train.epochs`.
    """

    changes: Mapping[str, Any] = field(default_factory=dict)
    typed: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """Path -> (where its key stands, its value as a node), of those that were typed."""

    def __getitem__(self, path: str) -> Any:
        return self.changes[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    @classmethod
    def parse(cls, arguments: Iterable[str]) -> Patch:
        """A patch from `KEY=VALUE` arguments; values are YAML 1.2, `null` removes.

        A whole part goes before its options wherever it stands: `optimizer.lr=0.5 optimizer=sgd` is SGD at 0.5.

        Raises:
            BadRecipe: every argument that is no such thing; two of which one drives out the other.
        """
        from optcli.recipe.sections import LISTS, SLOTS
        from optcli.recipe.tree import Source, plain

        typed: dict[str, tuple[Span, Node]] = {}
        problems: list[Problem] = []
        for number, argument in enumerate(arguments, start=1):
            try:
                path, key, node = _argument(Source(f"<override {number}>", argument, origin="override"))
                typed.pop(path, None)
                typed[path] = (key, node)
            except BadRecipe as error:
                problems += error.problems
        lengths = [typed[path] for path in ("train.epochs", "train.steps") if path in typed]
        if len(lengths) == 2 and all(node.value is not None for _, node in lengths):
            problems.append(lengths[1][0].problem("both `epochs` and `steps` are given", "remove one of them"))
        if problems:
            raise BadRecipe(problems)
        typed = dict(sorted(typed.items(), key=lambda item: item[0].removesuffix(".name") not in (*SLOTS, *LISTS)))
        return cls({path: plain(node) for path, (_, node) in typed.items()}, typed)

    def put(self, tree: Node) -> Node:
        """The recipe's tree with the changes made."""
        from optcli.recipe.edit import put

        for path, value in self.changes.items():
            key, node = self.typed.get(path) or _untyped(path, value)
            tree = put(tree, path, None if node.value is None else node, key)
        return tree

    def apply(self, recipe: Recipe) -> Recipe:
        """The changed recipe, checked again.

        Raises:
            BadRecipe: a path that doesn't exist, a value that isn't allowed.
        """
        from optcli.recipe.loading import finished

        return finished(self.put(recipe.tree))

    def apply_text(self, text: str, file: str = "<recipe>") -> str:
        """The recipe's text with the changes made; comments and layout stay wherever they can.

        `loads(patch.apply_text(text))` equals `patch.apply(loads(text))`. `file` is where the text comes from, for
        `extends`.

        Raises:
            BadRecipe: the text is not YAML.
        """
        from optcli.recipe.retext import changed

        return changed(text, file, self)

    @staticmethod
    def diff(old: str, new: str, file: str = "recipe.yaml") -> str:
        """The change from one text to the other as a unified diff."""
        from difflib import unified_diff

        lines = unified_diff(old.splitlines(), new.splitlines(), f"a/{file}", f"b/{file}", lineterm="")
        return "".join(f"{line}\n" for line in lines)


def _argument(source: Source) -> tuple[str, Span, Node]:
    from optcli.recipe.text import parse
    from optcli.recipe.tree import Span

    path, equals, value = source.text.partition("=")
    key = Span(source, len(path) - len(path.lstrip()), len(path.rstrip()))
    if not equals:
        raise key.fail(f"`{path[:60]}` is no override", "write KEY=VALUE, such as optimizer.lr=3e-4")
    if not all(path.strip().split(".")):
        message = "an empty step in the key" if path.strip() else "no key before `=`"
        raise key.fail(message, "write optimizer.lr=3e-4")
    if not value.strip():
        raise Span(source, len(path), len(path) + 1).fail("no value after `=`", "write `null` to remove what is set")
    return path.strip(), key, parse(source, len(path) + 1)


def _untyped(path: str, value: Any) -> tuple[Span, Node]:
    """What messages show of a change that nobody typed: the same words as on the command line."""
    from optcli.recipe.scalars import write
    from optcli.recipe.tree import Source, Span, from_plain

    text = f"{path}={write(value)}"
    source = Source("<patch>", text, origin="override")
    key = Span(source, 0, len(path))
    return key, from_plain(value, Span(source, len(path) + 1, len(text)))
