import json
from pathlib import Path

from optcli.show import sarif
from optcli.show.report import Report


def test_a_result_points_at_the_line_of_the_recipe_that_the_patch_changes(sick: Report, tmp_path: Path) -> None:
    recipe = tmp_path / "a b.yaml"
    recipe.write_text("name: x\nmodel: mlp\noptimizer: {name: adam}\n")
    (run,) = json.loads(sarif.render([Report(sick.diagnosis, sick.run, str(recipe))]))["runs"]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert [place["region"]["startLine"] for place in places] == [3, 3, 1]
    assert places[0]["artifactLocation"]["uri"].endswith("a%20b.yaml")


def test_levels_and_rules_agree(sick: Report, unreadable: Report) -> None:
    (run,) = json.loads(sarif.render([sick, unreadable, sick]))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["NUM301", "OPT101", "OPT107"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note"] * 2
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"] == "runs/c: not a regular file"


def test_fingerprints_stay_the_same_as_a_run_grows_and_differ_between_findings(sick: Report) -> None:
    (run,) = json.loads(sarif.render([sick]))["runs"]
    prints = [result["partialFingerprints"]["runCodeCurve/v1"] for result in run["results"]]
    assert len(set(prints)) == 3
