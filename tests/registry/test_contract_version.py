"""Plugins for another contract: loaded where that can work, refused with a remedy where it cannot."""

from __future__ import annotations

from types import ModuleType

import pytest
from click.testing import CliRunner

import alseg
from alseg.cli import main
from alseg.contracts import AnnotationModeSpec
from alseg.deprecation import deprecated
from alseg.hookspecs import hookimpl
from alseg.registry.entries import PluginInfo
from alseg.registry.loading import _Builder, registry_of
from alseg.registry.registry import Registry


@pytest.fixture(autouse=True)
def versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that alseg is 3.1 with contract 3.2, and still loads plugins of contract 2."""
    monkeypatch.setattr("alseg.version.installed_version", lambda: "3.1")
    monkeypatch.setattr("alseg.registry.contract_version.CONTRACT_VERSION", "3.2")
    monkeypatch.setattr("alseg.registry.contract_version.OLDEST_CONTRACT", 2)


@deprecated(since="3.0", until="3.2", instead="dict")
def old_dict() -> dict[str, str]:
    """Return nothing."""
    return {}


class _Mode:
    """Not used: plugins are loaded only."""


def plugin(contract: object, *, error: Exception | None = None) -> ModuleType:
    """Return a plugin that states a contract, or has no such attribute for None."""
    module = ModuleType("demo")
    if contract is not None:
        module.ALSEG_CONTRACT = contract  # type: ignore[attr-defined]

    @hookimpl
    def register_annotation_modes() -> list[AnnotationModeSpec]:
        if error is not None:
            raise error
        spec = AnnotationModeSpec(name="demo-mode", summary="Demo.", source="Demo.", build=_Mode, unit="part")
        return [spec]

    module.register_annotation_modes = register_annotation_modes  # type: ignore[attr-defined]
    return module


def loaded(contract: object) -> PluginInfo:
    (info,) = registry_of(plugin(contract)).plugins
    return info


def failure(registry: Registry) -> str:
    assert registry.plugins == ()
    (failed,) = registry.failures
    return failed.message


@pytest.mark.parametrize("contract", [None, "3.0", "3.2"])
def test_a_plugin_for_this_contract_or_for_an_earlier_of_its_kind_is_loaded_without_a_word(
    contract: str | None,
) -> None:
    info = loaded(contract)
    assert (info.contract, info.remarks) == (contract, ())


@pytest.mark.parametrize("contract", ["3.3", "2.9"])
def test_another_contract_that_may_work_is_a_remark(contract: str) -> None:
    assert loaded(contract).remarks == (f"written for contract {contract}, and alseg 3.1 has contract 3.2",)


def test_a_later_contract_is_refused_with_the_remedy() -> None:
    assert failure(registry_of(plugin("4.0"))) == (
        "plugin demo (unpackaged 0) failed at registration: it is written for contract 4.0, "
        "and alseg 3.1 has contract 3.2. Update alseg: pip install --upgrade alseg"
    )


def test_a_contract_of_long_ago_is_refused_with_the_remedy() -> None:
    assert failure(registry_of(plugin("1.7"))) == (
        "plugin demo (unpackaged 0) failed at registration: it is written for contract 1.7, "
        "and alseg 3.1 has contract 3.2. Update the plugin: pip install --upgrade unpackaged"
    )


@pytest.mark.parametrize("contract", [3.2, "3", "3.2.1", "three"])
def test_what_is_no_version_is_refused(contract: object) -> None:
    assert failure(registry_of(plugin(contract))) == (
        f"plugin demo (unpackaged 0) failed at registration: ALSEG_CONTRACT is {contract!r}, but a text such "
        "as '3.2' is expected"
    )


def test_a_failure_of_a_plugin_for_a_newer_contract_says_that_alseg_is_older() -> None:
    assert failure(registry_of(plugin("3.4", error=RuntimeError("no such field")))) == (
        "plugin demo (unpackaged 0) failed at register_annotation_modes: RuntimeError: no such field; it is "
        "written for contract 3.4, and alseg 3.1 has contract 3.2. Update alseg: pip install --upgrade alseg"
    )


def test_a_name_that_alseg_does_not_have_says_which_alseg_that_is() -> None:
    def load() -> object:
        from alseg import NoSuchSpec  # type: ignore[attr-defined]

        return NoSuchSpec

    builder = _Builder()
    builder.add(PluginInfo("demo", "alseg-demo", "0.3"), load)
    assert failure(builder.registry()) == (
        "plugin demo (alseg-demo 0.3) failed at import: ImportError: cannot import name 'NoSuchSpec' from "
        f"'alseg' ({alseg.__file__}); alseg 3.1 has contract 3.2. Update alseg, or the plugin"
    )


def test_the_listing_names_the_contract_and_deprecated_names(monkeypatch: pytest.MonkeyPatch) -> None:
    module = plugin("3.3")
    register = module.register_annotation_modes

    @hookimpl
    def register_annotation_modes() -> list[AnnotationModeSpec]:
        old_dict()
        old_dict()
        return list(register())

    module.register_annotation_modes = register_annotation_modes  # type: ignore[attr-defined]
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: registry_of(module))
    result = CliRunner(env={"COLUMNS": "300"}).invoke(main, ["plugins"])
    assert result.exit_code == 0, result.output
    listed = " ".join(result.stdout.partition("Plugins\n")[2].split())
    assert listed == (
        "demo unpackaged 0, contract 3.3 note: written for contract 3.3, and alseg 3.1 has contract 3.2 "
        f"note: {__name__}.old_dict is deprecated since alseg 3.0 and will be removed in 3.2. Use dict."
    )
