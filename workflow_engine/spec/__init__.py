"""Workflow definitions: what people write, checked and compiled once."""
