"""Regularizers. A module has `Options` and `build(options)`; what is built has one or more of the hooks listed here.

- `on_model(model)`: change the model before training; ValueError if it has no place for the change
- `on_loss(loss_fn) -> loss_fn`: the loss of training only; ValueError if the loss can't take it
- `on_optimizer(optimizer)`: look at the optimizer once it is built
- `penalty(params) -> Tensor`: a scalar that is added to the loss
- `after_step(params, lr)`: change the parameters after an optimizer step with the rate `lr`
- `max_norm`, `max_value`: limit of the gradient's norm, or of each of its entries, that the training loop keeps
- `should_stop(value) -> bool`: asked at each evaluation with the value of `metric`; has a state dict
- `report() -> dict[str, float]`: what it did, for the journal; may wait for the device

`params` are always the weights alone: no biases, gains, norms or embeddings.
"""

RENAMED: dict[str, str] = {}
