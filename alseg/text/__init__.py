"""Text for people: how wide it may be, how it is laid out, and what must be escaped in it."""
