"""For which contract a plugin was written: read from it, compared with what there is."""

from __future__ import annotations

import re

from alseg import version
from alseg.contracts import CONTRACT_VERSION, OLDEST_CONTRACT

ATTRIBUTE = "ALSEG_CONTRACT"
"""Where a plugin's module, or the object that its entry point names, states it."""

_FORM = re.compile(r"(\d{1,4})\.(\d{1,4})")


class ContractError(Exception):
    """A plugin that cannot work with this alseg, or states no version of a contract; the text says which."""


def stated_contract(plugin: object) -> str | None:
    """Return the version that a plugin states; None if it states none.

    Raises:
        ContractError: If it is no version.
    """
    stated = getattr(plugin, ATTRIBUTE, None)
    if stated is None:
        return None
    if not isinstance(stated, str) or not _FORM.fullmatch(stated):
        raise ContractError(f"{ATTRIBUTE} is {stated!r}, but a text such as '{CONTRACT_VERSION}' is expected")
    return stated


def refuse_contract(stated: str, distribution: str) -> None:
    """Refuse a plugin for a contract in which other things are promised.

    Args:
        stated: From `stated_contract`.
        distribution: The plugin's, for the remedy.

    Raises:
        ContractError: If its first number is higher than alseg's, or lower than what alseg still loads.
    """
    major = _numbers(stated)[0]
    if major > _numbers(CONTRACT_VERSION)[0]:
        raise ContractError(f"it is {_difference(stated)}. {_UPDATE_ALSEG}")
    if major < OLDEST_CONTRACT:
        raise ContractError(
            f"it is {_difference(stated)}. Update the plugin: pip install --upgrade {distribution}"
        )


def contract_remark(stated: str | None) -> str:
    """Return a few words on a plugin that is loaded though it was written for another contract, else nothing.

    One for an older contract with the same first number needs none: all of it is still promised.
    """
    if stated is None:
        return ""
    theirs, ours = _numbers(stated), _numbers(CONTRACT_VERSION)
    return _difference(stated) if theirs > ours or theirs[0] < ours[0] else ""


def failure_hint(stated: str | None, error: BaseException | None) -> str:
    """Return a remedy for a plugin that failed where alseg may be too old or too new for it, else nothing.

    Args:
        stated: From `stated_contract`; None also where the plugin could not be imported.
        error: What it failed with.
    """
    if stated is not None and _numbers(stated) > _numbers(CONTRACT_VERSION):
        return f"; it is {_difference(stated)}. {_UPDATE_ALSEG}"
    missing = (getattr(error, "name", None) or "") if isinstance(error, ImportError) else ""
    if missing == "alseg" or missing.startswith("alseg."):
        return f"; {_ours()}. Update alseg, or the plugin"
    return ""


_UPDATE_ALSEG = "Update alseg: pip install --upgrade alseg"


def _difference(stated: str) -> str:
    return f"written for contract {stated}, and {_ours()}"


def _ours() -> str:
    return f"alseg {version.installed_version()} has contract {CONTRACT_VERSION}"


def _numbers(contract: str) -> tuple[int, int]:
    first, second = contract.split(".")
    return int(first), int(second)
