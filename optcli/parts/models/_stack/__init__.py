"""The base of models that are one chain of layers; see `net.py`."""
