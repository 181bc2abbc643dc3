"""A plugin whose hook raises."""

from alseg import hookimpl


@hookimpl
def register_models():
    raise RuntimeError("no model today\n(try tomorrow)")
