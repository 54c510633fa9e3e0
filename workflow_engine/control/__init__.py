"""Commands to a running engine from other processes of the machine, through a socket in its data directory."""
