"""What the engine remembers: an append-only list of commits, and the ways to store it."""
