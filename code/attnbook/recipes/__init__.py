"""Recipes: what to train on which data with which settings, and how to grade it; each is a command of `attnbook`."""
