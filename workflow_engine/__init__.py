"""A durable task engine: work passes through people, LLM agents and programs and does not get lost."""

__version__ = "0.1.0"
