"""Programs of the ready-made workflows: each reads its task as JSON on stdin, and prints what it gives as JSON."""
