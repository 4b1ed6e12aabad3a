"""Own texts: which files, which tokens, which part, and what is told of characters and files that don't fit."""

import re
import subprocess
import sys

import numpy as np
import pytest

from optcli.parts.datasets import text


def both(files, **options):
    chosen = text.Options(files=str(files), **{"context": 4, **options})
    facts, splits = text.facts(chosen), text.load(chosen, seed=0)
    assert splits.train_x.shape == splits.train_y.shape == (facts.train, *facts.shape)
    assert splits.val_x.shape == splits.val_y.shape == (facts.val, *facts.shape)
    assert {part.dtype for part in (splits.train_x, splits.train_y, splits.val_x, splits.val_y)} == {np.dtype(np.int64)}
    return facts, splits


def spelled(facts, tokens):
    return "".join(facts.names[token] for token in tokens.flat)


@pytest.fixture
def write(tmp_path):
    def write(words, name="t.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(words if isinstance(words, bytes) else words.encode())
        return path

    return write


def test_characters_become_windows_and_targets_are_one_later(write):
    words = "täglich 🐈 grüßt das Murmeltier. " * 10
    facts, splits = both(write(words))
    at = len(words) - round(0.1 * len(words))
    assert facts.task == "language"
    assert facts.names == tuple(sorted(set(words)))
    assert spelled(facts, splits.train_x) == words[: 4 * facts.train]
    assert spelled(facts, splits.train_y) == words[1 : 4 * facts.train + 1]
    assert spelled(facts, splits.val_x) == words[at : at + 4 * facts.val]
    assert splits.notes == ()


def test_inputs_and_targets_share_their_memory(write):
    _, splits = both(write("abcde" * 30))
    assert np.shares_memory(splits.train_x, splits.train_y)


def test_the_end_of_each_file_is_for_validation(write, tmp_path):
    write("a" * 90 + "b" * 10, "1.txt")
    write("a" * 45 + "b" * 5 + "a" * 40 + "c" * 10, "deep/2.txt")
    facts, splits = both(tmp_path / "**" / "*.txt")
    assert spelled(facts, splits.val_x) == "b" * 10 + "\ufffd" * 6
    assert facts.names == ("a", "b", "\ufffd")


def test_strange_characters_of_the_validation_part_are_one_token_and_told(write):
    train, val = write("abc" * 10), write("abXaYX" * 3, "v.txt")
    facts, splits = both(train, validation_files=str(val))
    assert facts.names == ("a", "b", "c", "\ufffd")
    assert spelled(facts, splits.val_x)[:6] == "ab\ufffda\ufffd\ufffd"
    (note,) = splits.notes
    assert note.startswith("2 characters are in the validation part only ('X', 'Y'), at 9 of 18 places;")


def test_files_for_validation_are_left_out_of_training(write, tmp_path):
    write("ab" * 20, "1.txt")
    val = write("ac" * 20, "2.txt")
    facts, splits = both(tmp_path / "*.txt", validation_files=str(val))
    assert "c" not in spelled(facts, splits.train_x)


def test_bytes_are_their_own_numbers(write):
    raw = bytes(range(256)) * 2
    facts, splits = both(write(raw, "t.bin"), level="byte", validation=0.5)
    assert facts.outputs == 256
    np.testing.assert_array_equal(splits.val_y.ravel(), np.arange(1, 1 + 4 * facts.val))


def test_a_byte_order_mark_is_no_text(write):
    assert both(write(b"\xef\xbb\xbf" + b"ab" * 50))[0].names == ("a", "b")


def test_a_changed_file_is_read_again(write):
    assert both(write("ab" * 50))[0].outputs == 2
    assert both(write("abc" * 50))[0].outputs == 3


@pytest.mark.parametrize(
    ("words", "options", "message"),
    [
        (b"fine\nfine\nbad \xff\n" * 9, {}, "t.txt:3: not UTF-8 text; save it as UTF-8, or set `level: byte`"),
        ("abc", {}, "3 characters for training are less than a window of 5; choose a smaller"),
        ("a" * 20, {"validation": 0.01}, "0 characters for validation are less than a window of 5"),
    ],
)
def test_faults_name_the_file(write, words, options, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        both(write(words), **options)
    assert "t.txt" in str(caught.value)


def test_patterns_without_a_file(write, tmp_path):
    with pytest.raises(FileNotFoundError):
        both(tmp_path / "nowhere.txt")
    with pytest.raises(ValueError, match=r"no file is called so; `\*` stands for"):
        both(tmp_path / "*.txt")
    with pytest.raises(ValueError, match=r"a folder, not a file; write `.*/\*\.txt`"):
        both(tmp_path)
    path = write("ab" * 50)
    with pytest.raises(ValueError, match="none is left for training"):
        both(path, validation_files=str(path))


def test_facts_need_neither_numpy_nor_torch(write):
    code = (
        "import sys; from optcli.parts.datasets import text\n"
        f"text.facts(text.Options(files={str(write('abc' * 999))!r}))\n"
        "assert not {'numpy', 'torch', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
