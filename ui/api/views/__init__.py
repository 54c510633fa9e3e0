"""What the operations of the API do, by what they are about."""
