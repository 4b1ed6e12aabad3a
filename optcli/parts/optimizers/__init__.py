"""Optimizers. A module has `Options` (with `lr`, `weight_decay`, `decay`) and `build(groups, options, device)`.

`groups` comes from `_groups.groups(model, weight_decay)`. `BY_LAYER = True`: hidden layers are treated otherwise than
heads. `GATED = True` says that the optimizer honours the attribute `found_inf`, a device scalar: at 1.0 a step
leaves parameters and state as they are, without the host waiting for the device. An optimizer may have `eval_mode()`
and `train_mode()`, which put the weights for evaluations into the model, and those in training back bit for bit.
`_direct.stepper(optimizer)` makes the function that a training loop calls for each step.

`SEARCHES = True`: a step evaluates its batch several times. The optimizer has the attribute `given`, which the training
loop sets to (loss, function that gives loss and gradients at the weights of the moment). `SPARSE = True`: it takes the
sparse gradients of embeddings with `sparse=True`. `_families` has the optimizers of other packages.
"""

RENAMED: dict[str, str] = {}
