"""Dialects: workflow files in other words, translated to the native form before they are checked."""
