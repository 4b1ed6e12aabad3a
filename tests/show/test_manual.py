import pytest

from optcli.diagnosis import catalogue
from optcli.exits import Exit, Failure
from optcli.run import notes
from optcli.show import manual
from optcli.show.screen import Screen

SCREEN = Screen(terminal=True, width=80)

DOC = """The loss swings.

## What is seen
Blocks that go *up* and down, and
get nowhere:

- one
- two, which goes on
  in the next line

**Why it matters.** Steps are lost.

    lr = 3e-4

## Example
```python
import numpy as np

step = np.arange(0.0, 50.0, 0.5)
curves = {"train/loss": (step, 1 + 0.5 * np.sin(step * np.pi))}
```

References
----------
Cohen et al. 2021.
"""


def test_sections_by_line_rule_and_bold_beginning() -> None:
    assert list(manual.sections(DOC)) == ["", "What is seen", "Why it matters", "Example", "References"]
    assert manual.sections(DOC)["Why it matters"] == "Steps are lost.\n\n    lr = 3e-4"
    assert manual.sections("") == {"": ""}


def test_a_page_wraps_words_keeps_code_and_draws_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "rule_doc", lambda code: DOC)
    monkeypatch.setattr(catalogue, "causes_of", lambda code: [])
    lines = manual.rule_page("OPT101", SCREEN).splitlines()
    assert lines[:9] == [
        "OPT101 oscillating-loss · warning",
        "",
        "The loss swings.",
        "",
        "What is seen",
        "  Blocks that go up and down, and get nowhere:",
        "",
        "  - one",
        "  - two, which goes on in the next line",
    ]
    assert "      lr = 3e-4" in lines
    drawn = lines[lines.index("What it looks like") + 1 :]
    assert drawn[0] == "train/loss"
    assert drawn[1].startswith("       1.5 ┤")
    assert lines[-2:] == ["References", "  Cohen et al. 2021."]


@pytest.mark.parametrize("code", catalogue.codes())
def test_every_code_has_a_page_that_fits_the_screen(code: str) -> None:
    for screen in (SCREEN, Screen(terminal=True, width=120, unicode=False)):
        told = manual.page(code.lower(), screen)
        assert told.startswith(f"{code} {catalogue.rule_name(code)}")
        assert max(map(len, told.splitlines())) <= screen.width
        assert screen.unicode or told.isascii()


@pytest.mark.parametrize("name", catalogue.names())
def test_every_cause_has_a_page(name: str) -> None:
    told = manual.page(name.replace("-", " ").title(), SCREEN)
    assert told.startswith(f"{name.replace('-', ' ')} · cause `{name}`")
    assert "What speaks for it" in told
    assert all(code in told for code in catalogue.evidence(name))


def test_notes_and_names_of_codes_have_pages_too() -> None:
    assert all(notes.CODES[code][:20] in manual.page(code, SCREEN) for code in notes.CODES)
    assert manual.page("oscillating-loss", SCREEN) == manual.page("OPT101", SCREEN)


@pytest.mark.parametrize(
    ("word", "help"),
    [
        ("OTP101", "did you mean `OPT101`?"),
        ("oscilating-loss", "did you mean `oscillating-loss`?"),
        ("qqq", "`optcli explain --all` lists all codes and causes, `optcli parts` what a recipe can name"),
    ],
)
def test_an_unknown_name_is_a_mistake_with_the_nearest(word: str, help: str) -> None:
    with pytest.raises(Failure) as caught:
        manual.page(word, SCREEN)
    assert (caught.value.code, caught.value.help) == (Exit.USAGE, help)


def test_the_listing_names_everything() -> None:
    told = manual.listing(Screen())
    assert all(name in told for name in [*catalogue.codes(), *notes.CODES, *catalogue.names()])


@pytest.mark.parametrize("code", catalogue.codes())
def test_the_sick_curve_is_marked_where_the_finding_is_and_the_healthy_one_is_not(code: str) -> None:
    sick, healthy = manual.page(code, SCREEN).split("What it looks like\n")[1].split("What a healthy run looks like\n")
    assert any(sign in line for line in sick.splitlines() if code in line for sign in "├▲")
    assert code not in healthy.split("\n\n")[0]
    assert sick.count("log scale") == healthy.split("What may be behind it")[0].count("log scale")


def test_a_page_says_what_to_do_about_the_likeliest_cause_and_where_the_others_stand() -> None:
    told = " ".join(manual.page("OPT101", SCREEN).split())
    assert "What to do, in this order, if it is: learning rate too high Divide the rate by three" in told
    assert "Else: `optcli explain batch-too-small` References" in told


@pytest.mark.parametrize("name", catalogue.names())
def test_a_cause_shows_what_it_looks_like_and_what_to_do(name: str) -> None:
    told = manual.page(name, SCREEN)
    assert "What it looks like: " in told
    assert "What to do" in told
    assert max(map(len, told.splitlines())) <= SCREEN.width


def test_names_in_sources_are_spelled_without_accents_where_only_ascii_is_shown() -> None:
    assert "Gurbuzbalaban" in manual.page("data-order", Screen(terminal=True, unicode=False))
    assert "Gürbüzbalaban" in manual.page("data-order", SCREEN)


def test_the_listing_fits_a_terminal_and_is_a_line_each_in_a_pipe() -> None:
    assert max(map(len, manual.listing(SCREEN).splitlines())) <= 80
    assert len(manual.listing(Screen()).splitlines()) == sum(
        map(len, (catalogue.codes(), notes.CODES, catalogue.names()))
    ) + len(("Findings", "", "Notes on the log", "", "Causes"))
