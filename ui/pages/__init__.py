"""Pages: what people look at, one blueprint a module."""
