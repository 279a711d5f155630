"""Layers with weights of their own, one mechanism a file."""
