"""The net is too deep for its activations and initial weights, and has no shortcuts.

**What it is.** Each layer multiplies the gradient by its weights and by the slope of its activation. A sigmoid's slope
is a quarter at most, that of a saturated tanh next to 0; ten layers of it leave a millionth. The first layers get no
gradient (ARC501), and the loss lies flat (OPT104) or falls as far as the last layers alone can bring it.

**How to tell.** Log the norm of each layer's gradient once: on a logarithmic scale they lie on a line that falls
towards the input. From the norm of the whole it can't be seen, since the last layers make that up. Dead units and a cut
graph give an exact 0 instead, a rate too low gives norms that are alike.

**What it is not.** A thousandth in front of an embedding, a bias or a normalization layer: those have other sizes. A
net that learns well in spite of a small gradient in its first layers, as Adam lets it.

**What to do, in this order.** ReLU or GELU in place of sigmoid and tanh between layers, with the initialization that
belongs to it (He; Glorot for tanh). Normalization between layers. Shortcuts around every two layers (residual
connections) let the gradient pass whatever the layers do. In recurrent nets gates (LSTM, GRU). Fewer layers. Another
rate doesn't help: it is the same for the layers that get enough.

**Sources.** Glorot and Bengio 2010, PMLR 9:249. He et al. 2015, arXiv:1502.01852 (initialization) and
arXiv:1512.03385 (residual nets). Hochreiter 1998, doi:10.1142/S0218488598000094.
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.diagnosis import Prescription

EVIDENCE: Final = {"ARC501": 4.0, "OPT104": 0.3, "GEN204": 0.3, "OPT102": -1.0}
PRIOR: Final = -0.5


def weigh(case: Case) -> float:
    """Without the norms of layers nothing tells it from other cuts."""
    return 0.0 if "ARC501" in case.findings else -4.0


def prescribe(case: Case) -> Prescription:
    """Another net; no setting helps."""
    words = "use ReLU or GELU with He initialization, normalize between layers, and add shortcuts around them"
    return Prescription(
        None, {}, {
            "any": words,
            "hf": f"{words}; check `hidden_act` and `initializer_range` in the model's config",
            "lightning": f"{words}; log `grad_norm(self, norm_type=2)` in `on_before_optimizer_step` to see each layer",
            "keras": f'{words}: `activation="relu", kernel_initializer="he_normal"`, `BatchNormalization`, `add`',
        }, "likely", "the norms of all layers lie within a factor of ten and the loss falls",
        "with ReLU and normalization the first layers' gradient is as small",
    )  # fmt: skip
