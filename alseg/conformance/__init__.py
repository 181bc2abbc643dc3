"""Whether what a plugin registers keeps its contract: `alseg.testing`, for ``alseg check``."""
