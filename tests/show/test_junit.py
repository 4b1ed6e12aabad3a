from xml.etree import ElementTree

from optcli.show import junit
from optcli.show.report import Report


def test_counts_agree_with_the_cases(sick: Report, healthy: Report, unreadable: Report) -> None:
    root = ElementTree.fromstring(junit.render([sick, healthy, unreadable]))
    assert [len(root.findall(f".//{tag}")) for tag in ("testcase", "failure", "error")] == [5, 1, 1]
    assert [root.get(name) for name in ("tests", "failures", "errors")] == ["5", "1", "1"]
    assert [suite.get("name") for suite in root] == ["runs/a", "runs/b", "runs/c"]


def test_healed_findings_and_infos_do_not_fail(sick: Report) -> None:
    root = ElementTree.fromstring(junit.render([sick]))
    failed = [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None]
    assert failed == ["NUM301 non-finite-loss in train/loss"]


def test_no_reports_are_no_tests() -> None:
    assert ElementTree.fromstring(junit.render([])).get("tests") == "0"
