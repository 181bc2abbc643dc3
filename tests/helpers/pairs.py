"""Functions that two processes call side by side; ``python -m pairs FOLDER RANK`` is one of them."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from preforked import python

MODULE = "pairs"
SECONDS = 900


def called_by_two(function: Callable[..., Any], *given: Any) -> list[Any]:
    """Call ``function(rank, *given)`` in two processes, and return what it returns in each.

    Args:
        function: Of a module that can be imported.
        given: Can be pickled, as what is returned.

    Returns:
        What rank 0 and 1 return; None from one that exits.
    """
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "call").write_bytes(pickle.dumps((function, given)))
        processes = [
            subprocess.Popen(
                [python(), "-m", MODULE, name, str(rank)],
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": path},
            )
            for rank in range(2)
        ]
        try:
            told = [process.communicate(timeout=SECONDS)[1] for process in processes]
        finally:
            for process in processes:
                process.kill()
        assert [process.returncode for process in processes] == [0, 0], "\n".join(told)
        files = [folder / str(rank) for rank in range(2)]
        return [pickle.loads(file.read_bytes()) if file.exists() else None for file in files]


def main() -> None:
    """Be one of the two."""
    name, rank = sys.argv[1:]
    folder = Path(name)
    function, given = pickle.loads((folder / "call").read_bytes())
    (folder / rank).write_bytes(pickle.dumps(function(int(rank), *given)))


if __name__ == "__main__":
    main()
