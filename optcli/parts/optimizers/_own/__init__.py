"""The base of the optimizers that torch does not have, or not fast enough; see `net.py`."""
