"""Plugins from templates: a complete distribution of any kind, for ``alseg new``."""
