"""Learning-rate schedules: pure functions of the step."""

RENAMED: dict[str, str] = {}
