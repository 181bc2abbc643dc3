"""The builder; mlflow is imported when it is called."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

from alseg import AlsegError

if TYPE_CHECKING:
    from alseg.contracts import Observer


def build_mlflow(uri: str | None = None) -> Observer:
    """Return the observer.

    Args:
        uri: MLflow's tracking URI, such as ``sqlite:////home/me/mlflow.db``. None is a file of SQLite in the
            experiment's folder.

    Raises:
        AlsegError: If a package is not installed, or the URI is empty.
    """
    if uri == "":
        raise AlsegError("Observer 'mlflow': uri is empty. Leave it out to write to the experiment's folder.")
    # MLflow tells its makers how it is used, and decides at its import whether to.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        for needed in ("alembic", "sqlalchemy"):  # mlflow-skinny imports them late, and fails in other words
            import_module(needed)
        from alseg_mlflow.observer import MLflow
    except ImportError as error:
        raise AlsegError(
            f"Observer 'mlflow' needs packages that are not installed ({error}): "
            'pip install "alseg[mlflow]"'
        ) from error
    return MLflow(uri)
