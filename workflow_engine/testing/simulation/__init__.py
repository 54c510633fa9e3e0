"""The simulation: the real engine under a hand-turned clock, with crashes, torn writes and failures from one seed."""
