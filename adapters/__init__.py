"""Adapters that carry out runs: one outside technology a module."""
