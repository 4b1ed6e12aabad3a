"""What a training left behind: curves, journals, and the logs of other frameworks."""
