import base64
import hashlib
import re
from pathlib import Path

import numpy as np

from optcli.diagnosis.diagnosis import Diagnosis
from optcli.run.curve import Curve, Run, read_only
from optcli.show import html
from optcli.show.report import Report


def test_four_curves_of_5000_points_stay_below_400_kb(sick: Report) -> None:
    step, rng = read_only(np.arange(5000.0)), np.random.default_rng(0)
    names = ("train/loss", "val/loss", "lr", "grad_norm")
    curves = {name: Curve(name, step, read_only(rng.standard_normal(5000))) for name in names}
    assert len(html.render([Report(sick.diagnosis, Run("a", "csv", curves))]).encode()) < 400_000


def test_the_policy_names_the_hashes_of_what_is_inlined(sick: Report) -> None:
    page = html.render([sick])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none';")
    for tag in ("style", "script"):
        (inlined,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inlined.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]
    assert "style=" not in page.split("<main>")[1].split("<script>")[0]


def test_it_can_be_read_without_scripts(sick: Report) -> None:
    body = html.render([sick]).split("<main>")[1].split("<script>")[0]
    for words in (
        "Non-finite loss in train/loss",
        "optimizer.lr=0.0003",
        "OPT101",
        "93 % sure",
        "logged more than once",
    ):
        assert words in body
    assert body.count('<svg class="chart"') == 2
    assert "<details><summary>Why it matters</summary>\n<p>" in body
    assert "<b>Look-alikes.</b> " in body
    assert "<h2>What to type next</h2>" in body
    assert "optcli explain NUM301" in body


def test_several_runs_begin_with_a_table_of_the_worst_first(sick: Report, healthy: Report, unreadable: Report) -> None:
    page = html.render([healthy, sick, unreadable])
    assert re.findall(r'<a href="#run\d">([^<]*)', page) == ["runs/c", "runs/a", "runs/b"]
    assert page.count("<section") == 4


def test_no_curves_no_panels() -> None:
    page = html.render([Report(Diagnosis("x", "csv", "unknown", 0))])
    assert "<figure" not in page.split("<main>")[1].split("<script>")[0]


def test_many_runs_share_the_room(healthy: Report) -> None:
    step = read_only(np.arange(5000.0))
    long = Report(healthy.diagnosis, Run("a", "csv", {"train/loss": Curve("loss", step, step)}))
    alone, many = (len(html.render([long] * count)) for count in (1, 50))
    assert many < 20 * alone


def test_what_others_wrote_is_as_it_was_taken() -> None:
    folder = Path(html.__file__).parent / "vendor"
    sums = dict(reversed(line.split()) for line in (folder / "SHA256SUMS").read_text().splitlines()[1:])
    assert {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sums} == sums
    assert {file.name for file in folder.iterdir()} == {*sums, "SHA256SUMS"}
