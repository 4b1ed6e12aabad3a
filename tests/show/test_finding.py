from optcli.show import finding
from optcli.show.report import Report


def test_lines_of_a_whole_diagnosis(sick: Report) -> None:
    assert finding.lines(sick.diagnosis, "runs/a") == [
        "runs/a: ill: non-finite loss in train/loss from step 901",
        "runs/a:901: error NUM301 the loss is NaN at step 901 (100 % sure)",
        "runs/a:400: warning OPT101 the loss swings by 0.4 around its trend, 20 times its noise "
        "(93 % sure, gone by step 720)",
        "runs/a:400: info OPT107 nothing was gained after step 400 (70 % sure)",
        "runs/a: cause learning-rate-too-high (80 %; OPT101, NUM301)",
        "runs/a:   try optimizer.lr=0.0003 [likely]",
        "runs/a:   train with a third of the rate",
        "runs/a:   expect the swings vanish within 100 steps",
        "runs/a:   refuted if the loss still swings at a tenth of the rate",
    ]


def test_without_a_source_lines_begin_with_the_step(sick: Report) -> None:
    assert finding.line(sick.diagnosis.findings[0]) == "step 901: error NUM301 the loss is NaN at step 901 (100 % sure)"
    assert finding.verdict(sick.diagnosis) == "ill: non-finite loss in train/loss from step 901"


def test_lines_are_never_cut(sick: Report) -> None:
    assert all("…" not in line for line in finding.lines(sick.diagnosis, "r" * 4000))
