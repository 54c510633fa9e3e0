"""What the API is sent and what it sends, as pydantic models."""
