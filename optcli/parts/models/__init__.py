"""Models. A module has `Options`, `TAKES` (of `vector`, `image`, `tokens`) and `build(options, facts)`.

A model that takes `vector` also takes images, flattened. The output is (N, classes) logits, (N, targets), or for
language (N, positions, tokens) logits. `set_dropout(rate)`, if there is one, switches dropout on; until then it must
cost nothing. A model's `lr_scales`, if it has them, are parameter name -> factor of its rate. `RECONSTRUCTS = True` in
the module says that the output is the input again, (N, numbers of a sample).
"""

RENAMED: dict[str, str] = {}
