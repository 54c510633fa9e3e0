"""The workflow of `workflow-engine demo`: a file is measured, reported on, approved by a person, and packed."""
