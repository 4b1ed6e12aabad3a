"""Regularizers. A module has `Options` and `build(options)`; what is built has one or more of the hooks listed here.

- `on_model(model)`: change the model before training; ValueError if it has no place for the change
- `on_loss(loss_fn) -> loss_fn`: the loss of training only; ValueError if the loss can't take it
- `on_optimizer(optimizer)`: look at the optimizer once it is built
- `penalty(params) -> Tensor`: a scalar that is added to the loss
- `after_step(params, lr)`: change the parameters after a step with the base rate `lr`, 0 in a skipped one
- `on_plan(plan)`: learn how long the run is (`plan.steps`, `plan.of(duration)`)
- `on_batch(x, y) -> (x, y)`: change the batches of training
- `on_grads(params, grads, norms, up)`: change the gradients in place; `norms` are theirs before that, one a parameter
- `after_update(up)`: asked after each step
- `ascend(params, grads)`, `descend(params)`: move to another point, whose gradient is the one used, and back
- `eval_mode()`, `train_mode()`: put other weights into the model for evaluations, and back; `active`: whether there are
- `should_stop(value) -> bool`: asked at each evaluation with the value of `metric`; has a state dict
- `rose(by)`: told by how much the loss was higher at the point that `ascend` led to
- `report() -> dict[str, float]`: what it did, for the journal; may wait for the device

What a regularizer reports stands in the module's `REPORTS`: the name of a curve -> what it is. In the journal it is
called `<regularizer>/<curve>` and has a point at each evaluation. Where there is a `penalty`, there is also a curve
`penalty_share`: the penalty over the training loss of the step.

In `on_grads` and `after_update`, `up` is a scalar on the device that is 1 in a step that must leave no trace, because
its loss or gradients are not finite. What changes from step to step must be in a state dict. A module may say what
inputs it `TAKES`, as models do, what `TASKS` it is for, as losses do, and that it is for labels `PER_SAMPLE`, not per
pixel. In `penalty` and `after_step`, `params` are always the weights alone: no biases, gains, norms or embeddings.
"""

RENAMED: dict[str, str] = {}
