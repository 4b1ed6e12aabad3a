"""Schedule-Free optimizers: what the two of them share."""
