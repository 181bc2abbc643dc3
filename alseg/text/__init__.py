"""Text for people: how wide it may be, how it is laid out, what is escaped in it, and docstrings as text."""
