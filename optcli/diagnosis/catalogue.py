"""The pages of `optcli explain`: read from the files of rules and causes without importing them."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any, cast

from optcli.diagnosis import causes, rules
from optcli.diagnosis.diagnosis import Severity
from optcli.run.curve import Curve, Run, read_only


def codes() -> list[str]:
    """All codes, sorted by family and number."""
    return list(rules.files())


def names() -> list[str]:
    """Public names of all causes, sorted."""
    return list(causes.files())


def rule_name(code: str) -> str:
    """`oscillating-loss` of `OPT101`. Raises KeyError for an unknown code."""
    return rules.name_of(rules.files()[code].stem)[1]


def rule_doc(code: str) -> str:
    """The page of a code. Raises KeyError for an unknown one."""
    return ast.get_docstring(_tree(rules.files()[code])) or ""


def cause_doc(name: str) -> str:
    """The page of a cause. Raises KeyError for an unknown one."""
    return ast.get_docstring(_tree(causes.files()[name])) or ""


def example(code: str, heading: str = "Example") -> Run:
    """The run that the code block under `Example` or `Healthy` of a code's page describes.

    The block is text of this package, never of a log or a recipe. Raises KeyError for an unknown code.
    """
    section = rule_doc(code).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    block = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block[1] if block is not None else "curves = {}", names)
    curves = {role: _curve(role, given) for role, given in names["curves"].items()}
    known = {"planned": names.get("planned"), "config": names.get("config", {})}
    return Run(code, "example", curves, end="finished", epoch_steps=read_only(names.get("epochs", [])), **known)


def _curve(role: str, given: Any) -> Curve:
    """From values alone (one a step, from 0), from (steps, values) or from (steps, values, seconds)."""
    step, value, *time = given if isinstance(given, tuple) else (range(len(given)), given)
    return Curve(role, read_only(step), read_only(value), *map(read_only, time))


def severity(code: str) -> Severity:
    """How bad the findings of a code are."""
    return cast(Severity, _constant(rules.files()[code], "SEVERITY"))


def status(code: str) -> str:
    """`stable` or `preview`."""
    return str(_constant(rules.files()[code], "STATUS"))


def evidence(name: str) -> dict[str, float]:
    """Code -> weight for (above 0) or against (below 0) a cause."""
    return dict(_constant(causes.files()[name], "EVIDENCE"))


def causes_of(code: str) -> list[str]:
    """Causes that a code speaks for, the strongest first."""
    weights = {name: evidence(name).get(code, 0.0) for name in names()}
    return sorted((n for n, w in weights.items() if w > 0), key=lambda n: (-weights[n], n))


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _constant(file: Path, name: str) -> Any:
    for node in _tree(file).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and target.id == name and value is not None:
            return ast.literal_eval(value)
    raise LookupError(f"{file.name} sets no {name}")
