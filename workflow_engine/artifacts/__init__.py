"""Files that tasks carry, stored by the SHA-256 of their content."""
