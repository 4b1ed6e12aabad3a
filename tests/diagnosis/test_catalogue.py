"""The pages of `optcli explain`."""

import subprocess
import sys

import pytest

from optcli.diagnosis import catalogue, rules


def test_pages_are_read_without_importing_what_they_describe() -> None:
    code = (
        "import sys\nfrom optcli.diagnosis import catalogue as c\n"
        "for code in c.codes(): c.rule_doc(code), c.severity(code), c.status(code), c.causes_of(code)\n"
        "for name in c.names(): c.cause_doc(name)\n"
        "print([m for m in sys.modules if '.rules.' in m or '.causes.' in m and '._' not in m])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_a_code_and_a_cause() -> None:
    assert catalogue.rule_name("OPT101") == "oscillating-loss"
    assert catalogue.rule_doc("OPT101").startswith("The loss swings")
    assert catalogue.severity("NUM301") == "error"
    assert catalogue.causes_of("OPT101")[0] == "learning-rate-too-high"
    assert catalogue.cause_doc("data-order").startswith("The order of the data")


@pytest.mark.parametrize("ask", [catalogue.rule_doc, catalogue.rule_name, catalogue.cause_doc, rules.load])
def test_unknown_names_are_key_errors(ask) -> None:
    with pytest.raises(KeyError):
        ask("OPT999")


def test_module_names_that_are_no_codes() -> None:
    with pytest.raises(ValueError, match="not named like a rule"):
        rules.name_of("optcli.diagnosis.view")


def test_no_cause_is_called_as_a_finding_is() -> None:
    assert not {catalogue.rule_name(code) for code in catalogue.codes()} & set(catalogue.names())
