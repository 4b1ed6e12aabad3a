"""Mistype the words of the bundled recipes: each is refused, and what is said has the word, or one as near to it.

    python scripts/typos.py [--recipes 30] [--seed 0]

Each key and each name of a part is mistyped once and twice: letters left out, put in, exchanged. Exit 1 where a recipe
is refused without its word, or not refused; the recipe's own name may be anything.
"""

from __future__ import annotations

import argparse
import random
import re
import string
import sys
from collections.abc import Iterator

from optcli import parts
from optcli.recipe import bundled, loads
from optcli.recipe.problem import BadRecipe
from optcli.show.nearest import nearest

KNOWN = tuple(name for kind in parts.KINDS for name in parts.bundled(kind))
"""Words that may be nearer to a mistyped one, or be it."""
WORD = re.compile(r"[a-z_]{3,}(?=:)|(?<=name: )[a-z_]+|(?<=[:,\[] )[a-z_]{3,}(?=[,}\n\]])")


def mistyped(word: str, times: int, draw: random.Random) -> str:
    """A word at edit distance `times` or less, two neighbours exchanged counting as one."""
    for _ in range(times):
        at, letter = draw.randrange(len(word)), draw.choice(string.ascii_lowercase)
        word = draw.choice(
            [
                word[:at] + word[at + 1 :] if len(word) > 2 else word,
                word[:at] + letter + word[at:],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
            ]
        )
    return word


def texts(name: str, draw: random.Random) -> Iterator[tuple[str, str, str]]:
    """(right word, wrong word, the recipe with it) for each word but comments and the recipe's own name."""
    text = bundled.path(name).read_text(encoding="utf-8")
    for found in WORD.finditer(text):
        line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        if "#" in line or line.startswith("name") or line.count('"') % 2:
            continue
        for times in (1, 2):
            wrong = mistyped(found[0], times, draw)
            if wrong != found[0]:
                yield found[0], wrong, text[: found.start()] + wrong + text[found.end() :]


def campaign(names: list[str], seed: int) -> tuple[int, list[str]]:
    """How many recipes were tried, and what went wrong, one line each."""
    draw, tried, problems = random.Random(seed), 0, []
    for name in names:
        for right, wrong, text in texts(name, draw):
            tried += 1
            try:
                loads(text, f"{name}.yaml")
                if wrong not in KNOWN:
                    problems.append(f"{name}: `{wrong}` for `{right}` is taken")
            except BadRecipe as error:
                told = [f"{problem.message} {problem.help}" for problem in error.problems]
                if not any(right in text or f"did you mean `{nearest(wrong, KNOWN)}`" in text for text in told):
                    problems.append(f"{name}: `{wrong}`: no `{right}` in the help")
    return tried, problems


def main() -> int:
    """Run a campaign and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    tried, problems = campaign(list(bundled.names())[: given.recipes], given.seed)
    print(*problems, f"{tried} mistyped recipes, {len(problems)} problems", sep="\n")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
