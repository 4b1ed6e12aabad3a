"""scikit-learn's networks, trained batch by batch by `partial_fit`."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from loop import SCHEDULES, Row, Trace, damaged, elsewhere
from setups import Setup
from tasks import HONEST, TASKS


class Loop:
    """A training of one setup; knows the bugs of data, rate and budget, and no hooks into the net."""

    def __init__(self, s: Setup) -> None:
        self.s, self.task = s, TASKS[s.task]
        self.clean = self.task.data(s.seed)
        self.data = damaged(s, self.task, self.clean)
        self.per_epoch = max(1, len(self.data.x) // s.batch)
        self.rng, self.step = np.random.default_rng(s.seed), 0
        self.model = self._model()

    def _model(self) -> Any:
        from sklearn.neural_network import MLPClassifier, MLPRegressor

        s = self.s
        make = MLPClassifier if self.task.kind == "classes" else MLPRegressor
        return make(hidden_layer_sizes=(s.width,) * s.depth, activation="relu",
                    solver="adam" if s.optimizer == "adam" else "sgd", alpha=s.weight_decay, batch_size=s.batch,
                    learning_rate_init=s.lr, momentum=0.9, random_state=s.seed)  # fmt: skip

    def fit(self, x: Any, y: Any) -> float:
        """One step; the loss of the batch, the penalty in it. What scikit-learn warns of is no news here."""
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            classes = {"classes": np.arange(10)} if self.task.kind == "classes" else {}
            self.model.partial_fit(x, y, **classes)
        return float(self.model.loss_)

    def run(self) -> Trace:
        """All steps."""
        s, trace = self.s, Trace(self.per_epoch)
        x, y = self.data.x.flatten(1).numpy(), self.data.y.numpy()
        y = y if self.task.kind == "classes" else y[:, 0]
        order, last = np.arange(len(x)), int(s.steps * s.cut)
        every = max(1, last // s.validations)
        while self.step < last:
            place = self.step % self.per_epoch
            if place == 0 and s.shuffle:
                order = self.rng.permutation(len(x))
            index = order[place * s.batch : (place + 1) * s.batch]
            rate = s.lr * SCHEDULES[s.schedule](self.step / s.steps)
            rate = s.lr * s.end_rate if 0 <= s.end_at <= self.step / s.steps else rate
            if self.step:
                self.model._optimizer.learning_rate = self.model._optimizer.learning_rate_init = rate
            inputs = x[index] * s.bad if self.step in [int(b * s.steps) for b in s.bad_at] else x[index]
            try:
                loss = self.fit(inputs, y[index])
            except ValueError:  # the weights are no numbers any more
                trace.steps.append(self.step)
                trace.train.append(np.inf)
                trace.val.append(np.inf)
                break
            trace.rows.append({"step": self.step, "epoch": self.step // self.per_epoch, "train_loss": loss, "lr": rate})
            if self.step == 0 or (self.step + 1) % every == 0 or self.step + 1 == last:
                self.measure(trace)
            self.step += 1
        return trace

    def value(self, x: Any, y: Any) -> tuple[float, float]:
        """Loss, and the share of right classes."""
        x, y = x[:HONEST].flatten(1).numpy(), y[:HONEST].numpy()
        if self.task.kind != "classes":
            with np.errstate(all="ignore"):
                return float(np.mean((self.model.predict(x) - y[:, 0]) ** 2)), 0.0
        with np.errstate(all="ignore"):
            p = self.model.predict_proba(x)
            return float(-np.log(np.maximum(p[np.arange(len(y)), y], 1e-12)).mean()), float((p.argmax(1) == y).mean())

    def measure(self, trace: Trace) -> None:
        """Honest losses, and the validation that is logged."""
        s, d = self.s, self.clean
        honest, accuracy = self.value(d.val_x, d.val_y)
        trace.steps.append(self.step)
        trace.train.append(self.value(d.x, d.y)[0])
        trace.val.append(honest)
        if self.step == 0:
            return
        x, y = (self.data.x, self.data.y) if s.leak == "rows" else (d.val_x, d.val_y)
        if s.val_n:
            x, y = x[: s.val_n], y[: s.val_n]
        if s.leak or s.val_shift or s.val_n:
            honest, accuracy = self.value(elsewhere(s, x) if s.val_shift else x, y)
        row: Row = {"step": self.step, "epoch": self.step // self.per_epoch, "val_loss": honest}
        if s.leak == "copy":
            row["val_loss"] = trace.rows[-1]["train_loss"]
        trace.vals.append(row | ({"val_acc": accuracy} if self.task.kind == "classes" else {}))
