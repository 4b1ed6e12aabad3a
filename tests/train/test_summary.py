"""summary.json holds strict JSON of the documented fields."""

import json

DOCUMENTED = [
    "status", "steps", "epochs", "wall_s", "cpu_us_per_step", "samples_per_s", "peak_memory_mib", "threads", "best",
    "final", "time_to_target_s",
]  # fmt: skip


def test_every_documented_field_is_there(run, tmp_path):
    for changes in ((), ("metrics=[]",)):
        folder = tmp_path / str(len(changes))
        told = run(folder, *changes).summary
        assert not [name for name in DOCUMENTED if name not in told]
        assert json.loads((folder / "summary.json").read_text()) == told


def test_best_and_final_are_what_the_journal_says(run, journal, tmp_path):
    told = run(tmp_path / "r", "train.eval_every=3").summary
    rows = [r for r in journal(tmp_path / "r") if "val/accuracy" in r]
    assert told["best"]["value"] == max(r["val/accuracy"] for r in rows)
    assert told["best"]["step"] == next(r["step"] for r in rows if r["val/accuracy"] == told["best"]["value"])
    assert told["final"]["val/loss"] == rows[-1]["val/loss"]
