"""Recipes: YAML text to a checked Recipe, and back."""
