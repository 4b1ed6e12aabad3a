"""Which directory a run gets, and which runs may go on."""

import json

import pytest

from optcli.exits import Exit, Failure
from optcli.train import where


def test_only_a_longer_training_may_differ(recipe):
    before = recipe()
    where.must_agree(recipe("train.epochs=4"), before)
    where.must_agree(recipe("train.threads=2", "train.keep=5"), before)
    with pytest.raises(Failure, match=r"optimizer\.lr, regularizers\.dropout") as caught:
        where.must_agree(recipe("optimizer.lr=1", "regularizers.dropout.rate=0.1"), before)
    assert caught.value.code == Exit.USAGE
    with pytest.raises(Failure, match=r"train\.epochs"):
        where.must_agree(recipe("train.epochs=2"), before)


def test_the_one_unfinished_run_is_found(recipe, run, tmp_path):
    with pytest.raises(Failure, match="no unfinished run"):
        where.directory(recipe(), None, True, tmp_path)
    outcome = run(None, stop=2, base=tmp_path)
    again = where.directory(recipe(), None, True, tmp_path)
    assert again.path == outcome.path
    again.close()
    run(None, stop=2, base=tmp_path)
    with pytest.raises(Failure, match="2 unfinished runs"):
        where.directory(recipe(), None, True, tmp_path)


def test_a_directory_in_which_nothing_began_disappears(recipe, tmp_path):
    with where.reserved(recipe(), None, False, tmp_path) as place:
        assert place.path.is_dir()
    assert not place.path.exists()
    assert not list((tmp_path / "tiny").iterdir())


def test_the_stored_recipe_comes_back(recipe, tmp_path):
    (tmp_path / "recipe.yaml").write_text(recipe().to_yaml())
    assert where.stored(tmp_path) == recipe()
    with pytest.raises(Failure, match="no run to go on with"):
        where.stored(tmp_path / "elsewhere")


def test_going_on_names_the_run_and_the_user_s_own_files(tmp_path, monkeypatch):
    run, own = tmp_path / "a run", tmp_path / "own.py"
    run.mkdir()
    assert where.going_on(run) == f"optcli train --resume --run-dir '{run}'"
    imports = [{"path": str(own), "sha256": "0"}, {"path": "/elsewhere/more.py", "sha256": "1"}]
    (run / "environment.json").write_text(json.dumps({"imports": imports}))
    monkeypatch.chdir(tmp_path)
    told = f"optcli train --resume --run-dir '{run}' --import own.py --import /elsewhere/more.py"
    assert where.going_on(run) == told
    (run / "environment.json").write_text('{"imports": 3')
    assert "--import" not in where.going_on(run)
