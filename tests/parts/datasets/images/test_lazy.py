"""Pictures that stay in their files: the same training as from memory, whatever reads them."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from optcli.exits import Failure
from optcli.parts.datasets import images
from optcli.parts.datasets.images import lazy
from optcli.recipe import loads
from optcli.train.session import train
from optcli.trial.smoke import run as smoke

Image = pytest.importorskip("PIL.Image", reason="Pillow comes with the extra `images`")


@pytest.fixture
def pets(tmp_path):
    random = np.random.default_rng(0)
    for name, shade in (("cat", 60), ("dog", 180)):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(25):
            pixels = random.integers(shade - 50, shade + 50, (9, 8, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{number:02}.png")
    return tmp_path / "pets"


def loaded(folder, **options):
    return images.load(images.Options(str(folder), size=8, **options), 0)


def test_they_are_the_pictures_in_memory(pets):
    there, here = loaded(pets), loaded(pets, in_memory=False)
    assert (here.train_x.shape, here.train_x.dtype, len(here.val_x)) == ((40, 3, 8, 8), np.uint8, 10)
    assert here.train_x.nbytes == there.train_x.nbytes
    np.testing.assert_array_equal(np.asarray(here.train_x), there.train_x)
    np.testing.assert_array_equal(here.val_y, there.val_y)
    np.testing.assert_array_equal(here.train_x[5:9].rows([3, 0]), there.train_x[[8, 5]])
    np.testing.assert_array_equal(next(iter(here.val_x)), there.val_x[0])


def recipe(folder, **options):
    more = "".join(f", {key}: {value}" for key, value in options.items())
    return loads(f"""
data: {{name: images, folder: '{folder}', size: 8, batch_size: 8{more}}}
model: {{name: cnn, channels: [4]}}
regularizers: [{{name: augment, flip: horizontal}}]
train: {{steps: 12, checkpoint_every: 4, eval_every: 5, device: cpu}}
""")


def weights(path, step=12):
    return (path / "checkpoints" / f"step-{step}" / "model.safetensors").read_bytes()


def test_training_is_the_same_whatever_the_workers_and_resumes_bit_equal(pets, tmp_path, capsys):
    whole = weights(train(recipe(pets), run_dir=tmp_path / "memory").path)
    for workers in (1, 3):
        lazily = recipe(pets, in_memory="false", workers=workers)
        assert weights(train(lazily, run_dir=tmp_path / f"{workers}").path) == whole
    first = loads(lazily.to_yaml(), overrides=["train.steps=7"])
    train(first, run_dir=tmp_path / "parts")
    longer = loads(lazily.to_yaml())
    assert weights(train(longer, run_dir=tmp_path / "parts", resume=True).path) == whole


def test_accumulated_and_reconstructed(pets, tmp_path, capsys):
    changes = ["train.accumulate=2", "data.batch_size=4", "data.reconstruct=true", "train.steps=6",
               "model={name: autoencoder, widths: [4], code: 2}", "loss=mse", "metrics=[r2]"]  # fmt: skip
    both = [loads(recipe(pets, in_memory=here).to_yaml(), overrides=changes) for here in ("true", "false")]
    one, other = (train(r, run_dir=tmp_path / str(n)).path for n, r in enumerate(both))
    assert weights(one, 6) == weights(other, 6)


def test_a_picture_that_breaks_is_named(pets, tmp_path, capsys):
    lazily = recipe(pets, in_memory="false")
    broken = pets / "dog" / "11.png"
    broken.write_bytes(broken.read_bytes()[:60])
    with pytest.raises(Failure, match=r"1 picture can't be read: .*dog/11\.png") as caught:
        train(lazily, run_dir=tmp_path / "run")
    assert (caught.value.code, caught.value.help) == (74, "repair or remove")


def test_copies_are_found_among_files_of_equal_size(pets):
    paths = [str(path) for path in sorted(pets.glob("*/*.png"))]
    assert lazy.copies(paths[:30], paths[30:]) == ()
    shutil.copy(paths[3], paths[40])
    (note,) = lazy.copies(paths[:30], paths[30:])
    assert note == f"1 of 20 validation inputs are training inputs too ({paths[40]} is {paths[3]})"


def test_smoke_checks_take_them(pets):
    report = smoke(recipe(pets, in_memory="false"), only=["finite_data", "overlap", "loss_at_init", "gradients"])
    assert not report.failed


def test_only_one_batch_is_read_ahead(pets, monkeypatch):
    from optcli.train.batches import Batches
    from optcli.train.world import World

    asked = []
    plain = lazy.Pictures.rows

    def rows(self, numbers):
        asked.append(len(numbers))
        return plain(self, numbers)

    monkeypatch.setattr(lazy.Pictures, "rows", rows)
    data = loaded(pets, in_memory=False)
    with World("cpu") as world:
        stream = Batches(data.train_x, data.train_y, 8, 1, 0, world).stream(0, 5)
        next(stream)
        next(stream)
        stream.close()
    assert asked in ([8, 8], [8, 8, 8])


def test_threads_decide_nothing():
    size, pool = (1, 4, 4), ThreadPoolExecutor(2)
    with pool, pytest.raises(ValueError, match=r"can't be read: nowhere\.png"):
        lazy.Pictures(["nowhere.png"], size, pool).rows([0])
