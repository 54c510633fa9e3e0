"""Forms: what people are asked, made from a JSON Schema, and what they typed, read back by it."""
