"""The version of the contract between alseg and its plugins."""

from __future__ import annotations

CONTRACT_VERSION = "1.0"
"""What `alseg`, `alseg.contracts`, `alseg.toolkit`, `alseg.testing` and the hooks promise to plugins.

The second number rises when something is added, the first when something that was promised is removed.
A plugin says for which version it was written by a text ``ALSEG_CONTRACT`` in the module of its entry point.
"""

OLDEST_CONTRACT = 1
"""The first number of the oldest contract of which plugins are still loaded."""
