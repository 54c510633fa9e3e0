"""The dashboard and REST API: reads the read model, sends commands, never touches the world."""
