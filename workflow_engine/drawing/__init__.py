"""Drawings of workflows: what is drawn, where it stands, and how it looks as SVG or as Mermaid text."""
