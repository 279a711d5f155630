"""Whole models, one a file."""
