"""The rules of the core, one a module, each an `esper.Processor`."""
