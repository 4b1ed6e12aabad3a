"""How many weights the recipe `sparse` sets to zero, and what it costs: against the same recipe without l1, by seed.

python scripts/sparse_l1.py [KEY=VALUE ...]

The overrides go to both sides. Exits with 1 unless at least 85 % of the weights are exactly zero, in the mean over the
seeds, at no more than one point of accuracy.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import mean

import optcli
from optcli.run import strict_json
from optcli.train.session import train

SEEDS = 5
ZEROS, POINTS = 0.85, 1.0


def ended(seed: int, *changes: str) -> tuple[float, float]:
    """Accuracy in percent and share of exact zeros at the end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        train(optcli.recipe.load("sparse", [f"seed={seed}", *changes]), run_dir=path)
        told = strict_json.loads((path / "summary.json").read_bytes())
    return 100 * told["final"]["val/accuracy"], told["regularizers"].get("l1/sparsity", 0.0)


def main(changes: list[str]) -> int:
    print("seed  without  with  points  zeros")
    costs, shares = [], []
    for seed in range(SEEDS):
        plain, _ = ended(seed, *changes, "regularizers=[]")
        sparse, zeros = ended(seed, *changes)
        costs.append(plain - sparse)
        shares.append(zeros)
        print(f"{seed:4}  {plain:7.2f}  {sparse:5.2f}  {sparse - plain:+.2f}  {zeros:.1%}", flush=True)
    print(f"mean: {-mean(costs):+.2f} points, {mean(shares):.1%} zeros (least {min(shares):.1%})")
    return int(mean(shares) < ZEROS or mean(costs) > POINTS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
