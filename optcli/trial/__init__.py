"""Experiments over recipes: checks before a long run, and fair comparisons."""
