"""The `workflow-engine` command."""
