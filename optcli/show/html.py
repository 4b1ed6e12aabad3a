"""The diagnosis as one HTML file that needs nothing else: no network, and no scripts to be read.

Scripts only add zooming and copying. A content security policy that names the hashes of our own style and scripts
keeps everything else from running, whatever a log may hold.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from optcli.diagnosis import catalogue
from optcli.diagnosis.diagnosis import Cause, Finding
from optcli.show import clean, folder, manual, panels, words
from optcli.show.report import Report
from optcli.show.text import next_commands

MOST, FEWEST = 100_000, 500
"""Points that zooming can show of a curve: so many over the number of runs, but never fewer than the second."""


def render(reports: Sequence[Report]) -> str:
    """A page with a section for each run; of several runs a table comes first, the worst on top."""
    ranked = sorted(reports, key=lambda report: report.rank)
    body = [*_index(ranked)] if len(reports) > 1 else []
    points = max(FEWEST, min(panels.POINTS, MOST // max(len(reports), 1)))
    for number, report in enumerate(ranked):
        body += _section(report, number, points)
    title = _text(ranked[0].diagnosis.source) if len(reports) == 1 else words.count(len(reports), "run")
    return "\n".join([*_head(title), *body, *_tail()]) + "\n"


def _text(text: Any, limit: int = 4096) -> str:
    """Foreign text as HTML text or attribute value."""
    return escape(clean.line(text, limit))


@cache
def _asset(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8").strip()


def _style() -> str:
    return _asset("vendor/uPlot.min.css") + "\n" + _asset("page/page.css")


def _script() -> str:
    return _asset("vendor/uPlot.iife.min.js") + "\n" + _asset("page/page.js")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _head(title: str) -> Iterator[str]:
    allowed = f"style-src {_hash(_style())}; script-src {_hash(_script())}"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
    yield f"<title>optcli: {title}</title><style>{_style()}</style></head><body><main>"


def _tail() -> Iterator[str]:
    from importlib.metadata import version

    yield f"<footer>optcli {escape(version('optcli'))}</footer></main><script>{_script()}</script></body></html>"


def _index(ranked: Sequence[Report]) -> Iterator[str]:
    yield '<section class="index"><h1>' + words.count(len(ranked), "run") + "</h1><table>"
    yield "<thead><tr><th>verdict</th><th>run</th><th>main finding</th></tr></thead><tbody>"
    for number, report in enumerate(ranked):
        told = report.diagnosis
        link = f'<a href="#run{number}">{_text(told.source)}</a>'
        yield f"<tr><td>{_pill(told.status)}</td><td>{link}</td><td>{escape(words.headline(told))}</td></tr>"
    yield "</tbody></table></section>"


def _pill(kind: str) -> str:
    return f'<span class="pill {kind}">{kind}</span>'


def _section(report: Report, number: int, points: int) -> Iterator[str]:
    told = report.diagnosis
    yield f'<section class="run" id="run{number}"><p class="source">{_text(told.source)}</p>'
    title = f"{_pill(told.status)}<h1>{_sentence(words.headline(told))}</h1>"
    yield f'<header class="verdict {told.status}">{title}</header>'
    if summary := folder.summary(report):
        yield f'<p class="quiet">{escape(summary)}</p>'
    first, rest, left_out = panels.of(report, points)
    yield from _panels(first)
    if told.findings:
        yield '<h2>What was seen</h2><ol class="findings">'
        for found in words.ordered(told):
            yield from _finding(found)
        yield "</ol>"
    if told.causes:
        yield "<h2>What to do</h2>"
        for cause in told.causes:
            yield from _cause(cause)
    yield from _next(report)
    if rest:
        yield "<h2>Other curves</h2>"
        yield from _panels(rest)
    if left_out:
        yield f'<p class="quiet">Without {words.count(left_out, "more curve")} in which nothing was found.</p>'
    yield from _provenance(report)
    if recipe := folder.recipe(report):
        yield f"<details><summary>The recipe as run</summary><pre>{escape(recipe)}</pre></details>"
    yield "</section>"


def _prose(text: str) -> str:
    """Clean text with its `names` set as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _sentence(text: str) -> str:
    """With a capital letter, unless it begins with a name (`train_loss`, `val/loss`)."""
    word = text.partition(" ")[0]
    return escape(text[:1].upper() + text[1:] if word.replace("-", "").isalpha() else text)


def _finding(found: Finding) -> Iterator[str]:
    head = f"{_pill(found.severity)}<b>{escape(words.title(found.name))}</b><code>{_text(found.code)}</code>"
    where = f"{_text(found.curve)} · {words.steps(found)}{words.healed(found)} · {words.share(found.confidence)} sure"
    yield f'<li class="{found.severity}"><p class="head">{head}<span>{where}</span></p>'
    yield f"<p>{_sentence(clean.line(found.message, 4096))}</p>"
    if words.figures(found):
        yield f'<p class="figures">{escape(words.figures(found))}</p>'
    if found.code in catalogue.codes():
        yield from _why(found.code)
    yield "</li>"


def _why(code: str) -> Iterator[str]:
    """The reasons from the code's own page, folded away."""
    told = manual.sections(catalogue.rule_doc(code))
    shown = {"Why it matters": "", "Look-alikes": "<b>Look-alikes.</b> "}
    yield f"<details><summary>{next(iter(shown))}</summary>"
    for heading, begin in shown.items():
        for block in filter(str.strip, manual.blocks(told.get(heading, ""))):
            yield f"<p>{begin}{_prose(' '.join(block.split()))}</p>"
    yield "</details>"


def _cause(cause: Cause) -> Iterator[str]:
    advised = cause.prescription
    because = ", ".join(f"<code>{_text(code)}</code>" for code in cause.because)
    yield f'<article class="cause"><h3>{_sentence(words.title(cause.name))}</h3>'
    yield f'<p class="why"><span class="weight">{words.share(cause.weight)}</span> because of {because}</p>'
    change = "\n".join(words.assignments(advised.patch or {})) or words.relative(advised.relative)
    if change:
        safety = f'<span class="safety {advised.safety}">{advised.safety}</span>'
        yield f'<div class="patch"><pre>{escape(change)}</pre>{safety}</div>'
    told = words.advice(advised).items()
    rows = "".join(f"<dt>{_sentence(clean.line(label))}</dt><dd>{_prose(text)}</dd>" for label, text in told)
    yield f"<dl>{rows}</dl></article>"


def _next(report: Report) -> Iterator[str]:
    commands = [words.typed(command) for command in next_commands(report)]
    if commands:
        yield f'<h2>What to type next</h2><div class="patch"><pre>{escape(chr(10).join(commands))}</pre></div>'


def _panels(shown: Sequence[panels.Panel]) -> Iterator[str]:
    yield '<div class="panels">'
    for panel in shown:
        keys = (f'<span class="key c{n}">{_text(name)}</span>' for n, name in enumerate(panel.names))
        axis = '<span class="quiet">log scale</span>' if panel.log else ""
        caption = f"<figcaption>{''.join(keys)}{axis}</figcaption>"
        yield f'<figure data-panel="{escape(panel.data())}">{caption}{panel.svg()}</figure>'
    yield "</div>"


def _provenance(report: Report) -> Iterator[str]:
    told = report.diagnosis
    yield "<details><summary>Where this comes from</summary><dl>"
    facts = {"points": f"{told.points:,}", "format": told.format, "recipe": report.recipe or ""}
    if report.run is not None:
        facts |= {
            "planned steps": "" if report.run.planned is None else f"{report.run.planned:,}",
            "end": report.run.end,
        }
    facts |= {role: f"column {column}" for role, column in told.roles.items()}
    facts |= {note.code: note.message for note in told.notes}
    facts |= {f"{code} not judged": reason for code, reason in told.abstained.items()}
    yield from (f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in facts.items() if value)
    yield "</dl></details>"
