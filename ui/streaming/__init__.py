"""Streaming: live events for open pages, over server-sent events."""
