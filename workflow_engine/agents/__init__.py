"""Agents: conversations with language models, of which every turn and every tool call is a durable step."""
