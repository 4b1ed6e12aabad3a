"""torch's optimizers work without the compiler, and with it if it is there."""

import subprocess
import sys

CODE = """
import sys, torch
from optcli.train.startup import without_compiler
without_compiler()
net = torch.nn.Linear(2, 2)
optimizer = torch.optim.AdamW(net.parameters(), 0.1)
state = optimizer.state_dict()
optimizer.zero_grad()
optimizer.load_state_dict(state)
assert net.weight.grad is None and len(optimizer.param_groups) == 1
assert "torch._dynamo" not in sys.modules, "torch has changed: see optcli.train.startup"
"""


def test_the_compiler_is_not_imported():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
