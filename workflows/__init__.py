"""Ready-made workflow definitions that ship with the engine."""
