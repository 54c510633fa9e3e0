"""Files: YAML with positions, and the places of what is wrong in it."""
