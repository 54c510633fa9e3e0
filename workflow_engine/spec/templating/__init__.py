"""The sandbox of templates: what they may be made of, what they can use, and the bounds of one run."""
