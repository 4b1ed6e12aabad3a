from optcli.exits import Exit, Failure, for_signal


def test_codes_are_those_that_scripts_rely_on() -> None:
    assert {code.name: int(code) for code in Exit} == {
        "DONE": 0, "FINDINGS": 1, "USAGE": 2, "TRAINING_FAILED": 3, "NOTHING_TO_READ": 5, "BUG": 70,
        "CANNOT_CREATE": 73, "IO_ERROR": 74, "LOCKED": 75,
    }  # fmt: skip
    assert for_signal(2) == 130


def test_a_failure_carries_what_and_what_to_do() -> None:
    failure = Failure(Exit.USAGE, "no such recipe", "try another")
    assert (failure.code, str(failure), failure.help) == (2, "no such recipe", "try another")
