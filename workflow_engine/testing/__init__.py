"""Fakes, contract checks and the simulation, for our tests and for those of our users."""
