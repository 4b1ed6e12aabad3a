"""The units of a layer are dead.

**What it is.** A step that was too long, or an unlucky initialization, pushed the inputs of a layer's ReLUs below 0 for
every sample. They give 0, their slope is 0, and so no gradient ever moves them back (ARC503). The layers in front of
them stand still, the layers behind them see a constant and learn the frequencies of the labels alone (OPT104).

**How to tell.** Count the units of each layer that give 0 for all samples of a few batches: in a healthy net that is a
few in a hundred and stays so. The norm of the gradient of the layer in front is exactly 0, not small. It often begins
with a leap of the loss: then the rate was too high at that step, and the dead units are what it left behind.

**What it is not.** A gradient that gets smaller from layer to layer is never exactly 0, see deep-without-shortcuts. A
norm that is 0 from the first step on is a graph that is cut or an optimizer without the parameters, see not-connected.

**What to do, in this order.** An activation with a slope everywhere (leaky ReLU, GELU, SiLU). A third of the rate, or a
warm-up of some hundred steps. Initialization after He with biases of 0. Normalization in front of the activation keeps
its inputs on both sides of 0. A dead net must be started again: no setting revives it.

**Sources.** Lu et al. 2019, arXiv:1903.06733 (dying ReLU). Maas et al. 2013, Rectifier nonlinearities improve neural
network acoustic models. He et al. 2015, arXiv:1502.01852 (initialization).
"""

from __future__ import annotations

from typing import Final

from optcli.diagnosis.causes import Case
from optcli.diagnosis.causes._prescribe import patch, scale_patch
from optcli.diagnosis.diagnosis import Prescription
from optcli.diagnosis.settings import setting

EVIDENCE: Final = {"ARC503": 4.0, "OPT104": 0.3, "OPT102": 0.3, "GEN204": 0.1}
PRIOR: Final = -0.5
LESS: Final = 0.3
"""Factor for the rate where the activation isn't known to be a ReLU."""


def weigh(case: Case) -> float:
    """Without the gradients of layers, or a count, nothing tells it from other nets that stand still."""
    return 0.0 if "ARC503" in case.findings else -4.0


def prescribe(case: Case) -> Prescription:
    """An activation with a slope everywhere; else a third of the rate."""
    leaky = setting(case.config, "model.activation") == "relu"
    words = "use an activation with a slope everywhere (leaky ReLU, GELU), a third of the rate, and start again"
    return Prescription(
        patch(case, {"model.activation": "leaky_relu"}) if leaky else scale_patch(case, "optimizer.lr", LESS),
        {} if leaky else {"lr": LESS}, {
            "any": words,
            "hf": f"{words}: `hidden_act` in the model's config, `learning_rate`, `warmup_ratio`",
            "lightning": f"{words}: `nn.LeakyReLU` or `nn.GELU` for `nn.ReLU`",
            "keras": f'{words}: `activation="gelu"`, `kernel_initializer="he_normal"`',
        }, "likely", "the norms of all layers stay above 0 and the loss falls",
        "with another activation the same layer's gradient is 0",
    )  # fmt: skip
