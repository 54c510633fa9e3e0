"""The read model: a disposable SQLite index of the journal, which lists, filters and searches what the engine did."""
