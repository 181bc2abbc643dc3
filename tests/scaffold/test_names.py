from __future__ import annotations

import sys
from pathlib import Path

import pytest

from alseg import AlsegError
from alseg.registry.registry import Registry
from alseg.scaffold.kinds import TEMPLATES, find_template
from alseg.scaffold.names import MOST_CHARACTERS, Names, new_names
from fakeregistry import fake_registry


@pytest.fixture(scope="module")
def registry() -> Registry:
    """Return a registry with the toys."""
    return fake_registry()


def refusal(name: str, registry: Registry, kind: str = "acquisition") -> str:
    """Return how a name is refused."""
    with pytest.raises(AlsegError) as refused:
        new_names(name, TEMPLATES[kind], registry)
    return str(refused.value)


def test_one_name_gives_all_others() -> None:
    names = Names("rare-class-2d")
    assert names.distribution == "alseg-rare-class-2d"
    assert names.module == "alseg_rare_class_2d"
    assert names.identifier == "rare_class_2d"
    assert names.title == "RareClass2d"


def test_a_free_name_is_taken_as_it_is(registry: Registry) -> None:
    assert new_names("rare-class", TEMPLATES["acquisition"], registry) == Names("rare-class")


@pytest.mark.parametrize(
    ("name", "meant"),
    [("RareClass", "rare-class"), ("rare_class", "rare-class"), ("rare--class", "rare-class"), ("-a-", "a")],
)
def test_a_malformed_name_is_refused_with_the_likely_one(name: str, meant: str, registry: Registry) -> None:
    assert refusal(name, registry) == (
        f"'{name}' is no name of a plugin: it must be lower-case letters and digits with single hyphens, and "
        f"begin with a letter. Did you mean '{meant}'?"
    )


@pytest.mark.parametrize("name", ["", "2d", "é", "..", "\n"])
def test_what_resembles_no_name_is_refused_without_a_guess(name: str, registry: Registry) -> None:
    assert refusal(name, registry) == (
        f"'{name}' is no name of a plugin: it must be lower-case letters and digits with single hyphens, and "
        "begin with a letter."
    )


def test_a_name_that_repeats_alseg_is_refused(registry: Registry) -> None:
    assert refusal("alseg-rare", registry) == (
        "The name 'alseg-rare' begins with 'alseg', which the distribution gets anyway. Write 'rare'."
    )


@pytest.mark.parametrize(("name", "language"), [("class", "Python"), ("import", "Python"), ("null", "YAML")])
def test_words_of_python_and_yaml_are_refused(name: str, language: str, registry: Registry) -> None:
    assert refusal(name, registry) == (
        f"The name '{name}' means something else in {language}. Choose another one, such as 'my-{name}'."
    )


def test_a_long_name_is_refused(registry: Registry) -> None:
    assert refusal("a" * 25, registry) == (
        f"The name '{'a' * 25}' has 25 characters, but {MOST_CHARACTERS} at most fit. Shorten it."
    )


def test_a_registered_name_is_refused_within_its_kind_only(registry: Registry) -> None:
    (name, entry), *_ = registry.acquisitions.items()
    assert refusal(name, registry) == (
        f"The name '{name}' is taken: plugin {entry.plugin} registers the acquisition '{name}'. "
        "Choose another name."
    )
    assert new_names(name, TEMPLATES["observer"], registry).registered == name


def test_a_data_set_needs_a_name_that_no_label_space_has(registry: Registry) -> None:
    name = next(name for name in registry.label_spaces if name not in registry.datasets)
    assert f"registers the label space '{name}'" in refusal(name, registry, "dataset")


def test_the_name_of_an_installed_module_is_refused(
    registry: Registry,
) -> None:
    assert refusal("folder", registry) == (
        "The name 'folder' is taken: a Python module alseg_folder is installed. Choose another name."
    )


def test_the_name_of_an_installed_distribution_is_refused(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    information = tmp_path / "alseg_elsewhere-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: alseg-elsewhere\nVersion: 1.0\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert refusal("elsewhere", registry) == (
        "The name 'elsewhere' is taken: a distribution alseg-elsewhere is installed. Choose another name."
    )


def test_an_unknown_kind_is_answered_with_the_nearest() -> None:
    with pytest.raises(AlsegError) as refused:
        find_template("acquistion")
    assert str(refused.value) == (
        "Unknown kind of plugin 'acquistion'. Did you mean 'acquisition'? Available: acquisition, annotator, "
        "dataset, executor, mode, model, observer, partition, recipe."
    )


@pytest.mark.parametrize(
    ("word", "kind"), [("network", "model"), ("data-set", "dataset"), ("annotation-mode", "mode")]
)
def test_other_words_of_the_field_name_kinds_too(word: str, kind: str) -> None:
    assert find_template(word) is TEMPLATES[kind]


def test_a_variant_of_another_kind_is_refused() -> None:
    with pytest.raises(AlsegError) as refused:
        find_template("recipe", "pool")
    assert str(refused.value) == (
        "--pool is an option of the kind 'acquisition', not of 'recipe'. Leave it out."
    )
