"""Models of transformers as nets from a batch to logits."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from torch import Tensor, nn

from optcli.parts.facts import Facts
from optcli.parts.origin import Misuse

if TYPE_CHECKING:
    from optcli.parts.models._families.hf import Options

transformers: Any = import_module("transformers")
CONTEXT: Final = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len")
"""What configurations call the longest text."""
AUTO: Final = {
    "language": ("AutoModelForCausalLM", "language model"),
    "text": ("AutoModelForSequenceClassification", "classifier of texts"),
    "tags": ("AutoModelForTokenClassification", "tagger of tokens"),
    "image": ("AutoModelForImageClassification", "image classifier"),
}
"""What is made of a model for which inputs and task, and what it is called."""
SPECIAL: Final = ("bos_token_id", "eos_token_id", "pad_token_id")


class Logits(nn.Module):
    """A model of transformers that gives its logits alone: (N, classes), or (N, positions, tokens or classes).

    Args:
        pad: the token that it doesn't look at, if there is one.
    """

    def __init__(self, model: Any, pad: int | None = None) -> None:
        super().__init__()
        self.model, self.pad = model, pad

    def forward(self, x: Tensor) -> Tensor:
        seen = {} if self.pad is None else {"attention_mask": (x != self.pad).long()}
        logits: Tensor = self.model(x, **seen).logits
        return logits


def kinds() -> list[str]:
    """Kinds of models that can be named."""
    return sorted(transformers.CONFIG_MAPPING.keys())


def build(name: str, options: Options, facts: Facts) -> Logits:
    """The model with that name, kind or path.

    Raises:
        Misuse: there is none, or it doesn't fit the data.
    """
    config = _changed(name, _config(name), options, facts)
    _must_fit(config, facts)
    auto, what = AUTO[_purpose(facts)]
    family = getattr(transformers, auto)
    try:
        if options.pretrained:
            home = str(Path(name).expanduser())
            return Logits(family.from_pretrained(home, config=config, ignore_mismatched_sizes=True), facts.pad)
        return Logits(family.from_config(config), facts.pad)
    except OSError as error:
        raise Misuse(f"there are no weights for `{name}`: remove `pretrained`") from error
    except ValueError as error:
        if "Unrecognized configuration class" not in str(error):
            raise
        raise Misuse(f"`{name}` is no {what} in transformers") from error


def _config(name: str) -> Any:
    if (Path(name).expanduser() / "config.json").is_file():
        return transformers.AutoConfig.from_pretrained(str(Path(name).expanduser()), local_files_only=True)
    if name in transformers.CONFIG_MAPPING:
        return transformers.AutoConfig.for_model(name)
    if "/" not in name or name[0] in "./~":
        near = get_close_matches(name, kinds(), 1)
        told = f"`{name}` is neither a kind of model nor a folder with a config.json"
        raise Misuse(told + (f"; did you mean `{near[0]}`?" if near else ""))
    try:
        return transformers.AutoConfig.from_pretrained(name)
    except Exception as error:  # no network, no such name, no access: of many classes
        raise Misuse(f"`{name}` is no folder here, and can't be had from the hub") from error


def _changed(name: str, config: Any, options: Options, facts: Facts) -> Any:
    unknown = next((key for key in options.config if not hasattr(config, key)), None)
    if unknown is not None:
        near = get_close_matches(unknown, config.to_dict(), 1)
        raise Misuse(f"its configuration has no `{unknown}`" + (f"; did you mean `{near[0]}`?" if near else ""))
    values = {**_fitting(config, options.pretrained, facts), **options.config}
    if name in transformers.CONFIG_MAPPING:
        # Made anew, as some values follow from others where they aren't given: llama's key heads from its heads.
        return transformers.AutoConfig.for_model(name, **values)
    for key, value in values.items():
        setattr(config, key, value)
    return config


def _fitting(config: Any, pretrained: bool, facts: Facts) -> dict[str, Any]:
    """What the data decides on: sizes, and for new weights the vocabulary."""
    purpose = _purpose(facts)
    if purpose == "image":
        sides = facts.shape[1] if facts.shape[1] == facts.shape[2] else list(facts.shape[1:])
        seen = {"image_size": sides, "num_channels": facts.shape[0]}
        return {"num_labels": facts.outputs, **{k: v for k, v in seen.items() if hasattr(config, k)}}
    wanted: dict[str, Any] = {"use_cache": False}
    tokens = facts.tokens or facts.outputs
    if not pretrained:
        longer = {key: facts.shape[0] for key in CONTEXT if getattr(config, key, facts.shape[0]) < facts.shape[0]}
        beyond = [key for key in SPECIAL if _number(config, key) >= tokens]
        wanted |= {"vocab_size": tokens, **longer, **dict.fromkeys(beyond)}
    if purpose != "language":
        kind = "regression" if facts.task == "regression" else "single_label_classification"
        wanted |= {"num_labels": facts.outputs, "problem_type": kind, "pad_token_id": facts.pad}
    return wanted


def _purpose(facts: Facts) -> str:
    if facts.task == "language":
        return "language"
    return "image" if "tokens" not in facts.kinds else "tags" if facts.dense else "text"


def _number(config: Any, key: str) -> int:
    number = getattr(config, key, None)
    return number if isinstance(number, int) else -1


def _must_fit(config: Any, facts: Facts) -> None:
    heads, of_keys = (_number(config, key) for key in ("num_attention_heads", "num_key_value_heads"))
    if of_keys > 0 and heads % of_keys:
        raise Misuse(f"{heads} heads can't share {of_keys} of keys: set `num_key_value_heads` too")
    if _purpose(facts) == "image":
        return
    if config.vocab_size < (tokens := facts.tokens or facts.outputs):
        raise Misuse(f"it knows {config.vocab_size:,} tokens, the data has {tokens:,}")
    longest = next((getattr(config, key) for key in CONTEXT if isinstance(getattr(config, key, None), int)), None)
    if longest is not None and longest < facts.shape[0]:
        raise Misuse(f"it reads {longest:,} tokens at most, a sample of the data has {facts.shape[0]:,}")
