"""A comparison as text: terminal, Markdown, LaTeX, CSV, JSON. No torch."""
