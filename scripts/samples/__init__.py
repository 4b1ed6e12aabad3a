"""One small training, written the way each framework writes it."""
