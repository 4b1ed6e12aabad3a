"""Numbers, ranges and changes in words: the same in every format."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final

from optcli.diagnosis.diagnosis import Diagnosis, Evidence, Finding, Prescription
from optcli.show import clean

_FRAMEWORKS: Final = {"hf": "Hugging Face", "lightning": "Lightning", "keras": "Keras"}


def count(number: int, thing: str) -> str:
    """`1 point`, `5,000 points`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def step(value: float) -> str:
    """`1,200`; a fraction of a step (epochs as steps) keeps its digits."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.6g}"


def plain(value: float) -> str:
    """`1200`: a step for programs to read."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.6g}"


def steps(finding: Finding) -> str:
    """`step 1,200` or `steps 1,200–1,800`."""
    if finding.first == finding.last:
        return f"step {step(finding.first)}"
    return f"steps {step(finding.first)}–{step(finding.last)}"


def healed(finding: Finding) -> str:
    """`, gone by step 900` behind what doesn't stand any more."""
    return "" if finding.healed_at is None else f", gone by step {step(finding.healed_at)}"


def asks(finding: Finding) -> bool:
    """Whether it stands and asks for action."""
    return finding.severity != "info" and finding.healed_at is None


def share(value: float) -> str:
    """A confidence or weight from 0 to 1 as `93 %`; only what is certain is 100 %."""
    return f"{min(100 * value, 100 if value == 1 else 99):.0f} %"


def number(value: float, digits: int = 4) -> str:
    """At most so many significant digits; NaN and infinities in words."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "-inf" if value < 0 else "inf"
    if value.is_integer() and abs(value) < 1e6:
        return f"{value:,.0f}"
    return re.sub(r"e([+-])0?(\d)", lambda m: f"e{m[1].strip('+')}{m[2]}", f"{value:.{digits}g}")


def numbers(values: Sequence[float]) -> list[str]:
    """Different numbers with as many digits as it takes to tell them apart."""
    shown = [number(value) for value in values]
    for digits in range(5, 17):
        if len(set(shown)) == len(set(values)):
            break
        shown = [number(value, digits) for value in values]
    return shown


def figure(name: str, evidence: Evidence) -> str:
    """`turn rate 0.61`, `distance 4.2 sigma`, `rise 41 % of the drop`, `best step 60` (which says its unit itself)."""
    value, unit = float(evidence.value), clean.line(evidence.unit)
    name = clean.line(name).replace("_", " ")
    if unit.startswith("of "):
        value, unit = 100 * value, f"% {unit}"
    shown = number(value, 2 if unit.startswith("% ") and abs(value) < 100 else 4)
    said = unit == "1" or name.rpartition(" ")[2].removesuffix("s") == unit.removesuffix("s")
    return " ".join(filter(None, (name, shown, "" if said else unit)))


def figures(finding: Finding) -> str:
    """The evidence in one line, without what could not be measured."""
    return " · ".join(figure(name, e) for name, e in finding.evidence.items() if math.isfinite(float(e.value)))


def scalar(value: Any) -> str:
    """A recipe's value as one types it behind `key=`."""
    return clean.line(value if isinstance(value, str) else json.dumps(value, default=str))


def assignments(patch: Mapping[str, Any]) -> list[str]:
    """A patch as `optimizer.lr=0.0003`, one a change, as typed on the command line."""
    return [f"{clean.line(path)}={scalar(value)}" for path, value in patch.items()]


def typed(words: Sequence[str]) -> str:
    """The words as one types them in a shell."""
    return " ".join(shlex.quote(word) for word in words)


def folded(words: Sequence[str], width: int) -> list[str]:
    """Like `typed`, over several lines where one of `width` characters would be too short."""
    first, *more = map(shlex.quote, words)
    lines = [first]
    for word in more:
        if len(lines[-1]) + len(word) + 3 > width:
            lines[-1] += " \\"
            lines.append(f"    {word}")
        else:
            lines[-1] += f" {word}"
    return lines


def relative(factors: Mapping[str, float]) -> str:
    """`lr × 0.3`, where no recipe is known."""
    return ", ".join(f"{clean.line(name)} × {number(float(factor))}" for name, factor in factors.items())


def advice(prescription: Prescription) -> dict[str, str]:
    """Label -> text: what to do, what to expect, what would refute it, and what it is called in other frameworks."""
    plain = prescription.advice.get("any", "")
    told = {"do": plain, "expect": prescription.expect, "refuted if": prescription.refuted_if.removeprefix("if ")}
    names = []
    for key, text in prescription.advice.items():
        framework, more = _FRAMEWORKS.get(key, key), text.removeprefix(plain)
        if key != "any" and more.startswith(": "):
            names.append(f"{more[2:]} ({framework})")
        elif key != "any":
            told[f"in {framework}"] = more.removeprefix("; ")
    told["known as"] = ", ".join(names)
    return {label: clean.line(text, 4096) for label, text in told.items() if text}


def title(name: str) -> str:
    """`oscillating-loss` in words; `non-finite` stays one."""
    return re.sub(r"(?<!\bnon)-", " ", clean.line(name))


def main_finding(diagnosis: Diagnosis) -> Finding | None:
    """The worst and surest finding that stands and asks for action."""
    return next(filter(asks, ordered(diagnosis)), None)


def headline(diagnosis: Diagnosis) -> str:
    """The verdict in one line, without the status: the main finding, or why there is none."""
    main = main_finding(diagnosis)
    if main is not None:
        return f"{title(main.name)} in {clean.line(main.curve)} from step {step(main.first)}"
    if diagnosis.status == "healthy":
        return f"nothing to act on in {count(diagnosis.points, 'point')}"
    # The engine's own word on too little evidence comes last, after what readers noted on the way.
    reasons = [note.message for note in diagnosis.notes][-1:] or list(diagnosis.abstained.values())
    return clean.line(reasons[0], 4096) if reasons else "too little evidence to judge"


def ordered(diagnosis: Diagnosis) -> list[Finding]:
    """The findings, worst first, then surest, then earliest."""
    rank = {"error": 0, "warning": 1, "info": 2}
    return sorted(diagnosis.findings, key=lambda f: (rank[f.severity], -f.confidence, f.first, f.code))
