"""The project that `workflow-engine init` makes: its files are copied as they are here."""
