"""Which evaluation is best, and what is enough."""

from optcli.train.goals import goals


def test_the_first_metric_rules_in_its_own_direction(recipe):
    made = goals(recipe(), {})
    assert (made.metric, made.higher, made.targets) == ("val/accuracy", True, {})


def test_without_metrics_the_loss_rules(recipe):
    made = goals(recipe("metrics=[]"), {})
    assert (made.metric, made.higher) == ("val/loss", False)


def test_targets_by_number_and_by_name(recipe):
    assert goals(recipe("train.target=0.9"), {}).targets == {"val/accuracy": (0.9, True)}
    named = goals(recipe("train.target={accuracy: 0.8, loss: 0.3}"), {}).targets
    assert named == {"val/accuracy": (0.8, True), "val/loss": (0.3, False)}
