"""Mistakes are collected in one list, and those of a part on their own."""

from __future__ import annotations

from alseg.registry.problems import Problem, Problems


def test_a_scope_holds_the_mistakes_of_its_part_and_adds_them_at_its_end() -> None:
    problems = Problems()
    problems.report(("name",), "expected text, got 3")
    with problems.scope() as local:
        assert not local
        local.report(("modle",), "unknown key 'modle'", "model")
        assert [problem.path for problem in problems] == [("name",)]
    assert list(problems) == [
        Problem(("name",), "expected text, got 3"),
        Problem(("modle",), "unknown key 'modle'", "model"),
    ]


def test_a_mistake_that_is_taken_out_of_a_scope_is_not_reported() -> None:
    problems = Problems()
    with problems.scope() as local:
        local.report(("recipe",), "inherited")
        local.report(("model",), "own")
        local[:] = [problem for problem in local if problem.path != ("recipe",)]
    assert [problem.message for problem in problems] == ["own"]


def test_a_scope_that_is_left_early_keeps_its_mistakes() -> None:
    def read(problems: Problems) -> None:
        with problems.scope() as local:
            local.report(("rounds",), "no rounds")
            if local:
                return

    problems = Problems()
    read(problems)
    assert [problem.text for problem in problems] == ["no rounds"]
