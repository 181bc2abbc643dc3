"""Label Studio, started for a test on loopback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOKEN = "0123456789abcdef0123456789abcdef01234567"
MOST_SECONDS = 600
"""Label Studio makes its database before it answers: a minute, several on a busy machine."""


@dataclass(frozen=True)
class LabelStudioServer:
    """A running server, by its address."""

    address: str

    def call(self, path: str, body: Any = None) -> Any:
        """Return the answer of the API, to a GET without body and a POST with one."""
        request = urllib.request.Request(
            self.address + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read() or b"null")


@contextmanager
def label_studio(executable: Path, folder: Path) -> Iterator[LabelStudioServer]:
    """Start Label Studio with its data in a folder, and stop it at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ} | {
        "HOME": str(folder),
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder / "data"),
        "LABEL_STUDIO_USERNAME": "ann@example.com",
        "LABEL_STUDIO_PASSWORD": "only-in-this-test",
        "LABEL_STUDIO_USER_TOKEN": TOKEN,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
        "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
        "LABEL_STUDIO_SENTRY_DSN": "",
        "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
    }
    (folder / "data").mkdir()
    command = [str(executable), "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port)]
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            server = LabelStudioServer(f"http://127.0.0.1:{port}")
            _wait(server, process, folder / "log.txt")
            yield server
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(server: LabelStudioServer, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + MOST_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"Label Studio ended: {log.read_text(errors='replace')[-2000:]}")
        try:
            server.call("/api/projects")
            return
        except OSError:
            time.sleep(1)
    raise RuntimeError(f"Label Studio does not answer: {log.read_text(errors='replace')[-2000:]}")
