"""The recipe with a teacher of docs/plugins.md, as a plugin's author would paste it."""

from __future__ import annotations

import re
from pathlib import Path

_GUIDE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")

[_CODE] = [
    block for block in re.findall(r"```python\n(.*?)```", _GUIDE, re.DOTALL) if "class EmaTeacher" in block
]

exec(_CODE)
