"""Hosts: they feed the core inputs, store what it decides, then do what it asks."""
