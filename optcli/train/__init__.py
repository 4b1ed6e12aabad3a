"""Training: the torch side. Read `loop.py` first."""
