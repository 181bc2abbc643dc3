"""What `killing` imports into its server beforehand: plugins of runs that are killed, already checked."""

import unsynced
from acquisitions import PLUGINS
from growing import GrowingPlugin
from stateful import StatefulPlugin
from toys import toy_registry

KILLED = (*PLUGINS, StatefulPlugin(), GrowingPlugin())
"""Plugins of runs that are killed, beside the toy plugin."""

unsynced.install()
toy_registry()
toy_registry(*KILLED)
