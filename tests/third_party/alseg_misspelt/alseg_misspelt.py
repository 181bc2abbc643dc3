"""A plugin with a typing error in the name of its hook."""

from alseg import hookimpl


@hookimpl
def register_aquisitions():
    return []
