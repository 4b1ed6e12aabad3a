"""One file per cause: what explains findings, and what to do about it."""
