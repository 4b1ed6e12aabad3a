from dataclasses import replace

from optcli.diagnosis.diagnosis import Cause, Prescription
from optcli.recipe.patch import Patch
from optcli.show import markdown
from optcli.show.report import Report


def test_several_runs_begin_with_a_table(sick: Report, healthy: Report) -> None:
    assert markdown.render([sick, healthy]).startswith("| verdict | run | main finding |\n")
    assert markdown.render([sick]).startswith("## 🔴 ill: non-finite loss")


def test_escape_and_code() -> None:
    assert markdown.escape("a|b <i> [x](y) *z* `c`") == "a\\|b \\<i\\> \\[x\\](y) \\*z\\* \\`c\\`"
    assert markdown.escape("https://a.example @me www.a") == "https&#58;//a.example &#64;me w&#119;w.a"
    assert markdown.code("a|b") == "`a\\|b`"
    assert markdown.code("a`b") == "`` a`b ``"
    assert markdown.code("") == "`  `"


def test_names_in_advice_are_code_and_findings_have_their_curve(sick: Report) -> None:
    shown = markdown.render([sick])
    assert "- **known as:** `learning_rate` (Hugging Face)" in shown
    assert "```\ntrain/loss\n" in shown
    assert "┤ OPT101" in shown


def test_a_lonely_backtick_is_no_code(sick: Report) -> None:
    advised = replace(sick.diagnosis.causes[0].prescription, advice={"any": "a `b` c ` d"})
    told = Report(replace(sick.diagnosis, causes=(replace(sick.diagnosis.causes[0], prescription=advised),)))
    assert "- **do:** a `b` c  d\n" in markdown.render([told])


def test_a_patch_cannot_end_its_block(sick: Report) -> None:
    advised = Prescription(Patch({"data.path": "```\nx"}), {}, {}, "guess", "", "")
    told = Report(replace(sick.diagnosis, causes=(Cause("a", 0.5, (), advised),)))
    assert "````\ndata.path=```\\nx\n````" in markdown.render([told])


def test_without_a_recipe_the_factors_are_told(sick: Report) -> None:
    advised = replace(sick.diagnosis.causes[0].prescription, patch=None)
    told = Report(replace(sick.diagnosis, causes=(replace(sick.diagnosis.causes[0], prescription=advised),)))
    assert "`lr × 0.3`" in markdown.render([told])
