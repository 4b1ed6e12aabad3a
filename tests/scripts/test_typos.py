"""A mistyped word of a recipe is told with the right one."""

import runpy
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "typos.py"


def test_some_mistyped_recipes() -> None:
    typos = runpy.run_path(str(SCRIPT), run_name="typos")
    tried, problems = typos["campaign"](["digits", "plateau", "sparse", "sick/overfitting"], 3)
    assert tried > 100
    assert problems == []
