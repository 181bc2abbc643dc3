"""Documents on their way to the site: links work in the repository and on the site alike."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from sitebuild.html_check import problems_of
from sitebuild.navigation import NavigationError, documents_in, filled_in
from sitebuild.pages import Page, slug
from sitebuild.pictures import with_links
from sitebuild.repository import BrokenLinkError, Documents


def written(root: Path, **files: str) -> Documents:
    for name, text in files.items():
        file = root / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return Documents(root)


def test_a_link_between_documents_of_docs_stays_as_it_is(tmp_path: Path) -> None:
    documents = written(tmp_path, docs__a_md="[b](b.md#there)", docs__b_md="## There")
    assert documents.add(tmp_path / "docs/a.md") == PurePosixPath("a.md")
    assert documents.texts[PurePosixPath("a.md")] == "[b](b.md#there)"
    assert documents.texts[PurePosixPath("b.md")] == "## There"


def test_a_file_outside_of_docs_becomes_a_page_with_a_block_of_code(tmp_path: Path) -> None:
    documents = written(tmp_path, docs__a_md="[it](../experiments/x.yaml)", experiments__x_yaml="name: x\n")
    documents.add(tmp_path / "docs/a.md")
    assert documents.texts[PurePosixPath("a.md")] == "[it](repository/experiments/x.yaml.md)"
    page = documents.texts[PurePosixPath("repository/experiments/x.yaml.md")]
    assert page.endswith("```yaml\nname: x\n```\n")


def test_links_of_documents_outside_of_docs_lead_back(tmp_path: Path) -> None:
    documents = written(tmp_path, SECURITY_md="[a](docs/a.md)", docs__a_md="# A")
    assert documents.add(tmp_path / "SECURITY.md") == PurePosixPath("repository/SECURITY.md")
    assert documents.texts[PurePosixPath("repository/SECURITY.md")] == "[a](../a.md)"


def test_a_folder_becomes_its_readme_or_a_list_of_its_files(tmp_path: Path) -> None:
    documents = written(
        tmp_path, docs__a_md="[r](../r) [s](../s)", r__README_md="# R", s__one_txt="1", s__two_png="2"
    )
    documents.add(tmp_path / "docs/a.md")
    assert documents.texts[PurePosixPath("a.md")] == "[r](repository/r/README.md) [s](repository/s/index.md)"
    listing = documents.texts[PurePosixPath("repository/s/index.md")]
    assert listing == "# s\n\n- [one.txt](one.txt.md)\n- [two.png](two.png)\n"
    assert documents.copies == {PurePosixPath("repository/s/two.png"): tmp_path / "s/two.png"}


def test_code_is_left_as_it_is_and_a_link_to_nothing_is_an_error(tmp_path: Path) -> None:
    text = "`[a](none.md)`\n\n```\n[a](none.md)\n```\n"
    documents = written(tmp_path, docs__a_md=text, docs__b_md="[a](none.md)")
    documents.add(tmp_path / "docs/a.md")
    assert documents.texts[PurePosixPath("a.md")] == text
    with pytest.raises(BrokenLinkError) as raised:
        documents.add(tmp_path / "docs/b.md")
    assert str(raised.value) == "b.md: link to none.md, which does not exist"


def test_a_section_of_another_document_is_taken_in_with_its_links(tmp_path: Path) -> None:
    documents = written(
        tmp_path,
        README_md="# R\n\n## Start\n\nSee [a](docs/b.md).\n\n## Else\n",
        docs__a_md="[start](../README.md#start)\n\n<!-- section Start of README.md -->\n",
        docs__b_md="# B",
    )
    documents.add(tmp_path / "docs/a.md")
    assert documents.texts[PurePosixPath("a.md")] == "[start](#start)\n\n## Start\n\nSee [a](b.md).\n"


def test_the_text_of_a_link_is_a_title_where_it_was_a_name_of_a_file(tmp_path: Path) -> None:
    text = "[docs/b.md](b.md), [b.md](b.md#a-part) and [`b.md`](b.md)"
    documents = written(tmp_path, docs__a_md=text, docs__b_md="# The other\n\n## A `part`")
    documents.add(tmp_path / "docs/a.md")
    assert documents.texts[PurePosixPath("a.md")] == (
        "[The other](b.md), [A `part`](b.md#a-part) and [`b.md`](b.md)"
    )


def test_an_experiment_that_code_names_is_a_link(tmp_path: Path) -> None:
    name = "`experiments/x.yaml`"
    text = f"## Of {name}\n\nSee {name}, [the {name}](a.md) and `experiments/none.yaml`."
    documents = written(tmp_path, docs__a_md=text, experiments__x_yaml="name: x")
    documents.add(tmp_path / "docs/a.md")
    assert documents.texts[PurePosixPath("a.md")] == (
        f"## Of {name}\n\nSee [{name}](repository/experiments/x.yaml.md), [the {name}](a.md) and "
        "`experiments/none.yaml`."
    )


def test_code_that_names_what_the_site_describes_is_a_link(tmp_path: Path) -> None:
    written(
        tmp_path,
        docs__a__b_md="# `Dataset`\n\nA `Dataset`, [a `Dataset`](b.md), `alseg` and `Else`.\n| `alseg` |",
    )
    documents = Documents(tmp_path, names={"Dataset": "api/data.md#Dataset", "alseg": "api/alseg.md"})
    documents.add(tmp_path / "docs/a/b.md")
    assert documents.texts[PurePosixPath("a/b.md")] == (
        "# `Dataset`\n\nA [`Dataset`](../api/data.md#Dataset), [a `Dataset`](b.md), `alseg` and `Else`.\n"
        "| [`alseg`](../api/alseg.md) |"
    )


def test_bars_in_code_of_tables_need_no_backslash_on_the_site(tmp_path: Path) -> None:
    documents = written(tmp_path, docs__a_md="| `a\\|b` | c |\n`a\\|b`")
    documents.add(tmp_path / "docs/a.md")
    assert documents.texts[PurePosixPath("a.md")] == "| `a|b` | c |\n`a\\|b`"


def test_anchors_are_those_of_github() -> None:
    assert slug("`daformer`: distance & more") == "daformer-distance--more"


def test_sections_of_the_navigation_are_filled_in() -> None:
    navigation = [{"Start": "docs/a.md"}, {"Reference": [{"Commands": "commands/"}]}]
    pages = [Page(PurePosixPath(f"commands/{name}.md"), name, "") for name in ("index", "run")]
    assert list(documents_in(navigation)) == ["docs/a.md", "commands/"]
    assert filled_in(navigation, {"commands/": pages}, {"docs/a.md": PurePosixPath("a.md")}) == [
        {"Start": "a.md"},
        {"Reference": [{"Commands": ["commands/index.md", {"run": "commands/run.md"}]}]},
    ]
    with pytest.raises(NavigationError, match="nav names 'commands/', which no section of pages has"):
        filled_in(navigation, {}, {"docs/a.md": PurePosixPath("a.md")})


def test_the_check_of_rendered_pages_names_what_is_broken(tmp_path: Path) -> None:
    (tmp_path / "b.html").write_text('<h2 id="there">There</h2>', encoding="utf-8")
    (tmp_path / "a.html").write_text(
        '<script src="https://unpkg.com/x"></script> <a href="https://elsewhere.org">fine</a>'
        '<a href="b.html#there">fine</a> <a href="b.html#nowhere">x</a> <a href="c.html">x</a>'
        '<a href="#no">x</a> <a href="/b.html">x</a>'
        "<p>Kinds:\n- one\n- two</p>",
        encoding="utf-8",
    )
    assert list(problems_of(tmp_path)) == [
        "a.html: a list or table is rendered as a paragraph: 'Kinds:\\n- one\\n- two'",
        "a.html: loads https://unpkg.com/x",
        "a.html: link to b.html#nowhere, which has no such anchor",
        "a.html: link to c.html, which does not exist",
        "a.html: link to #no, which has no such anchor",
        "a.html: link to /b.html, which a site in a folder does not have",
    ]


def test_a_picture_on_its_own_leads_to_its_file_and_one_in_a_text_stays() -> None:
    alone, within = '<p><img alt="a" src="../b.png"></p>', '<p>See <img alt="a" src="b.png">.</p>'
    assert with_links(alone + within) == (
        '<p><a class="picture" href="../b.png"><img alt="a" src="../b.png"></a></p>' + within
    )
