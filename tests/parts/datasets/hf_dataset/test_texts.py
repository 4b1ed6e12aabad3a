"""Texts as tokens, for classes and to go on with."""

import numpy as np
import pytest

from optcli.parts.datasets import hf_dataset
from optcli.parts.datasets.hf_dataset import texts


@pytest.fixture
def words(tmp_path):
    """Makes a tokenizer.json of whole words."""
    package = pytest.importorskip("tokenizers", reason="tokenizers comes with the extra `bpe`")

    def words(*special, around=True):
        vocabulary = {word: at for at, word in enumerate([*special, "[UNK]", "a", "good", "bad", "film"])}
        made = package.Tokenizer(package.models.WordLevel(vocabulary, unk_token="[UNK]"))
        made.pre_tokenizer = package.pre_tokenizers.Whitespace()
        if around:
            ids = [("[CLS]", vocabulary["[CLS]"])]
            made.post_processor = package.processors.TemplateProcessing(single="[CLS] $A", special_tokens=ids)
        made.save(str(tmp_path / "tokenizer.json"))
        return str(tmp_path / "tokenizer.json")

    return words


def test_bytes_count_from_one_and_zero_fills_up():
    table, cut = texts.rows(None, ["ab", None, "\u00e9", "abcde"], 4)
    assert table.tolist() == [[98, 99, 0, 0], [0] * 4, [0xC3 + 1, 0xA9 + 1, 0, 0], [98, 99, 100, 101]]
    assert (cut, table.dtype, texts.vocabulary(None)) == (1, np.int16, (257, 0))


def test_a_tokenizer_brings_its_own_numbers(words):
    path = words("[CLS]", "[PAD]")
    assert texts.vocabulary(path) == (7, 1)
    table, cut = texts.rows(path, ["a good film", "bad", "a a a a a a", "what"], 4)
    assert (table.tolist(), cut) == ([[0, 3, 4, 6], [0, 5, 1, 1], [0, 3, 3, 3], [0, 2, 1, 1]], 1)
    assert texts.stream(path, ["a film", None, "bad"]).tolist() == [0, 3, 6, 0, 5]


def test_one_without_a_token_to_fill_up_with_gets_one(words):
    assert texts.vocabulary(words(around=False)) == (6, 5)
    assert texts.vocabulary(words("<eos>", around=False)) == (6, 0)


def test_a_changed_file_is_read_again(words, tmp_path):
    assert texts.vocabulary(words("[PAD]", around=False))[0] == 6
    other = (tmp_path / "tokenizer.json").stat()
    path = words("[PAD]", "[CLS]")
    assert (tmp_path / "tokenizer.json").stat().st_mtime_ns != other.st_mtime_ns
    assert texts.vocabulary(path)[0] == 7


@pytest.mark.parametrize(("text", "told"), [(None, "can't be read: no such file"), ("{}", "not a tokenizer.json")])
def test_no_tokenizer_is_told(tmp_path, text, told):
    pytest.importorskip("tokenizers", reason="tokenizers comes with the extra `bpe`")
    if text is not None:
        (tmp_path / "t.json").write_text(text)
    with pytest.raises(ValueError, match=told):
        texts.vocabulary(str(tmp_path / "t.json"))


def test_the_missing_package_is_told(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)
    (tmp_path / "missing.json").write_text("{}")
    with pytest.raises(ValueError, match=r"`tokenizer` needs tokenizers; pip install"):
        texts.vocabulary(str(tmp_path / "missing.json"))


SAID = ["a good film", "a bad film", None, "what a long and good film this is"]
REVIEWS = {"text": SAID * 30, "label": [1, 0, 0, 1] * 30}


def made(tmp_path, columns, **options):
    package = pytest.importorskip("datasets", reason="datasets comes with the extra `hf`")
    package.Dataset.from_dict(columns).save_to_disk(tmp_path / "set")
    chosen = hf_dataset.Options(path=str(tmp_path / "set"), **options)
    return hf_dataset.facts(chosen), hf_dataset.load(chosen, 0)


def test_texts_beside_a_target_are_classified(tmp_path):
    facts, splits = made(tmp_path, REVIEWS, context=16)
    assert (facts.task, facts.kinds, facts.tokens, facts.pad, facts.shape) == (
        "classification", ("tokens",), 257, 0, (16,)
    )  # fmt: skip
    assert (splits.train_x.shape, splits.train_x.dtype, splits.train_y.dtype) == ((facts.train, 16), np.int16, np.int64)
    cut = "30 of 120 texts are longer than 16 bytes and cut: raise `context` to see more of them"
    assert splits.notes[-1] == cut
    assert "validation inputs are training inputs too" in splits.notes[0]


def test_a_text_is_a_remark_where_there_are_numbers(tmp_path):
    facts, _ = made(tmp_path, {**REVIEWS, "stars": list(range(120))})
    assert (facts.kinds, facts.shape) == (("vector",), (1,))
    facts, _ = made(tmp_path, {**REVIEWS, "idx": list(range(120))})
    assert facts.kinds == ("tokens",)  # row numbers tell nothing
    facts, _ = made(tmp_path, {**REVIEWS, "stars": list(range(120))}, inputs=("text",), target="stars")
    assert (facts.kinds, facts.task) == (("tokens",), "regression")


def test_a_language_task_has_no_target(tmp_path, words):
    facts, splits = made(tmp_path, REVIEWS, context=8, task="language")
    assert (facts.task, facts.outputs, facts.tokens, splits.train_x.dtype) == ("language", 256, 0, np.int8)
    path = words("[CLS]", "[PAD]")
    facts, splits = made(tmp_path, REVIEWS, context=8, task="language", tokenizer=path)
    assert (facts.task, facts.outputs, splits.train_x[0].tolist()) == ("language", 7, [0, 3, 4, 6, 0, 3, 5, 6])
    assert splits.notes[0] == "`bits_per_char` counts bits a token"
