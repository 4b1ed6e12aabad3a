"""Losses. A module has `Options`, `TASKS`, `build(options)`: a function of (output, target) to a scalar, the mean over
the batch; and `at_init(facts)`: the loss to expect of an untrained net, or None where that can't be said.
"""

RENAMED: dict[str, str] = {}
