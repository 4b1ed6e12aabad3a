"""Own texts: which files, which tokens, which part, and what is told of characters and files that don't fit."""

import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from optcli.parts.datasets import text
from optcli.parts.datasets._leaks import copied
from optcli.parts.datasets.text import bpe, corpus
from optcli.train.inputs import ready


def both(files, **options):
    chosen = text.Options(files=str(files), **{"context": 4, **options})
    facts, splits = text.facts(chosen), text.load(chosen, seed=0)
    assert splits.train_x.shape == splits.train_y.shape == (facts.train, *facts.shape)
    assert splits.val_x.shape == splits.val_y.shape == (facts.val, *facts.shape)
    narrow = np.dtype(np.int8 if options.get("level") == "byte" else np.int16)
    assert {part.dtype for part in (splits.train_x, splits.train_y, splits.val_x, splits.val_y)} == {narrow}
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


def test_strange_characters_are_no_others_where_training_has_the_replacement_character(write):
    train, val = write("ab\ufffd\U0001f600" * 10), write("abX" * 6, "v.txt")
    facts, splits = both(train, validation_files=str(val))
    assert facts.names == ("a", "b", "\ufffd", "\U0001f600")
    assert spelled(facts, splits.val_x)[:6] == "ab\ufffdab\ufffd"


def test_files_for_validation_are_left_out_of_training(write, tmp_path):
    write("ab" * 20, "1.txt")
    val = write("ac" * 20, "2.txt")
    facts, splits = both(tmp_path / "*.txt", validation_files=str(val))
    assert "c" not in spelled(facts, splits.train_x)


def test_bytes_are_their_own_numbers(write):
    raw = bytes(range(256)) * 2
    facts, splits = both(write(raw, "t.bin"), level="byte", validation=0.5)
    assert facts.outputs == 256
    np.testing.assert_array_equal(splits.val_y.ravel().view(np.uint8), np.arange(1, 1 + 4 * facts.val))
    seen = ready(torch.from_numpy(splits.val_y.copy()))
    assert (seen.dtype, seen.flatten().tolist()) == (torch.int64, list(range(1, 1 + 4 * facts.val)))


def test_bytes_of_one_file_stay_in_it_and_its_size_tells_the_facts(write, monkeypatch):
    path = write(bytes(range(250)) * 4)
    facts, splits = both(path, level="byte")
    assert isinstance(splits.train_x, np.memmap)
    assert (facts.train, facts.val) == (899 // 4, 99 // 4)
    write(b"", "empty.txt")
    several = both(path.parent / "*.txt", level="byte")[1]
    np.testing.assert_array_equal(several.train_x, splits.train_x)
    write(b"xyz" * 100, "other.txt")
    assert not isinstance(both(path.parent / "*.txt", level="byte")[1].train_x, np.memmap)
    monkeypatch.setattr(corpus, "_mapped", None)
    assert text.facts(text.Options(str(path), level="byte", context=4)) == facts


class TestLeaks:
    def test_a_copied_passage_is_told(self, write):
        random = np.random.default_rng(0)
        words = "".join(random.choice(list("abcdefgh"), 4000))
        notes = both(write(words[:3600] + words[1000:1200] + words[3600:3800]), context=16)[1].notes
        assert len(notes) == 1
        assert re.match(r"about \d+% of the validation text stands in the training text too", notes[0])
        assert not both(write(words), context=16)[1].notes

    def test_the_same_file_under_another_name(self, write):
        words = "".join(np.random.default_rng(0).choice(list("abcdefgh"), 2000))
        val = write("xx" + words, "val.txt")
        for level in ("character", "byte"):
            notes = both(write(words), validation_files=str(val), level=level)[1].notes
            assert any("% of the validation text stands in the training text too" in note for note in notes)

    def test_places_and_shares(self):
        random = np.random.default_rng(0)
        train, val = random.integers(0, 50, 10_000), random.integers(0, 50, 1000)
        assert copied(train, val, 16, "token") == ()
        val[500:700] = train[5000:5200]
        (note,) = copied(train, val, 16, "token")
        place = int(re.search(r"begins at token (\d+) of it", note)[1])
        assert 501 <= place <= 516
        assert 17 <= int(re.search(r"about (\d+)%", note)[1]) <= 20
        assert copied(train, val[:10], 16, "token") == ()


class TestPieces:
    @pytest.fixture(autouse=True)
    def _package(self):
        pytest.importorskip("tokenizers", reason="tokenizers comes with the extra `bpe`")

    WORDS = "the cat sat on the mat and the rat sat on the hat; " * 40

    def test_tokens_spell_the_text(self, write):
        facts, splits = both(write(self.WORDS), level="bpe", vocabulary=270, context=8)
        assert facts.outputs == 270
        spelled_out = spelled(facts, splits.train_x).replace("\u0120", " ")
        assert self.WORDS.startswith(spelled_out)
        assert len(spelled_out) > 2 * splits.train_x.size
        assert "a token stands for" in splits.notes[0]

    def test_they_are_learned_from_the_training_part_alone(self, write):
        words = "abab " * 300
        apart = {"validation_files": str(write("xyxyxyxy " * 300, "val.txt")), "level": "bpe", "vocabulary": 262}
        one = both(write(words), **apart)[0].names
        assert not any("xy" in name for name in one)
        assert any("ab" in name for name in one)
        write("zq " * 300, "val.txt")
        assert one == both(write(words), **apart)[0].names

    def test_a_tokenizer_may_come_from_a_file(self, write, tmp_path):
        made = bpe._learned(__import__("tokenizers"), self.WORDS, 270)
        made.save(str(tmp_path / "tokenizer.json"))
        path = write("a rat on a mat " * 50)
        facts, _ = both(path, level="bpe", tokenizer=str(tmp_path / "tokenizer.json"), context=8)
        assert (facts.outputs, facts.names) == (270, bpe.names(made))
        (tmp_path / "tokenizer.json").write_text("{}")
        with pytest.raises(ValueError, match=r"not a tokenizer\.json"):
            text.facts(text.Options(str(path), level="bpe", tokenizer=str(tmp_path / "tokenizer.json")))
        with pytest.raises(FileNotFoundError):
            text.facts(text.Options(str(path), level="bpe", tokenizer=str(tmp_path / "none.json")))

    def test_one_piece_again_and_again_is_told(self, write):
        tokenizer = bpe.tokenizer(text.Options("t.txt", level="bpe"), self.WORDS)
        path = write("x", "t.txt")
        tokenizer.save(str(path.parent / "tokenizer.json"))
        write("\n" * 200, "t.txt")
        with pytest.raises(ValueError, match="the training part is one token again and again"):
            both(path, level="bpe", tokenizer=str(path.parent / "tokenizer.json"))

    def test_too_short_is_told_in_tokens(self, write):
        with pytest.raises(ValueError, match="tokens for training are less than a window of 4,097"):
            text.facts(text.Options(str(write(self.WORDS)), level="bpe", context=4096, validation=0.01))


def test_missing_tokenizers_are_told(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ValueError, match=r'needs tokenizers; pip install "optcli\[bpe\]"'):
        text.facts(text.Options(str(write("ab" * 100)), level="bpe"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"vocabulary": 300}, "`vocabulary` has no effect at the level character"),
        ({"tokenizer": "t.json", "level": "byte"}, "`tokenizer` has no effect at the level byte"),
        ({"tokenizer": "t.json", "level": "bpe", "vocabulary": 300}, "no effect beside `tokenizer`"),
        ({"level": "bpe", "vocabulary": 300}, None),
    ],
)
def test_idle_options_are_told(options, told):
    found = text.check(text.Options("t.txt", **options), None)
    assert [told in one[1] for one in found] == ([True] if told else [])


def test_a_byte_order_mark_is_no_text(write):
    assert both(write(b"\xef\xbb\xbf" + b"ab" * 50))[0].names == ("a", "b")


def test_a_changed_file_is_read_again(write):
    assert both(write("ab" * 50))[0].outputs == 2
    assert both(write("abc" * 50))[0].outputs == 3


def test_one_byte_s_files_that_differ_can_be_learned_from(write):
    write("a" * 90, "a.txt")
    assert text.facts(text.Options(str(write("b" * 90, "b.txt").parent / "*.txt"), level="byte", context=4)).train
    with pytest.raises(ValueError, match="one byte again and again"):
        text.facts(text.Options(str(write("a" * 90, "b.txt").parent / "*.txt"), level="byte", context=4))


@pytest.mark.parametrize(
    ("words", "options", "message"),
    [
        (b"fine\nfine\nbad \xff\n" * 9, {}, "t.txt:3: not UTF-8 text; save it as UTF-8, or set `level: byte`"),
        ("abc", {}, "3 characters for training are less than a window of 5; choose a smaller"),
        ("a" * 20, {"validation": 0.01}, "0 characters for validation are less than a window of 5"),
        ("a" * 90, {}, "the training part is one character again and again; add text"),
        ("a" * 90 + "b" * 9, {}, "the training part is one character again and again; add text"),
        ("a" * 90, {"level": "byte"}, "the training part is one byte again and again; add text"),
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
