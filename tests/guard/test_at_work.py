from __future__ import annotations

from pathlib import Path

from alseg.guard.at_work import NAME, left_in, noting


def test_notes_are_gone_when_the_work_has_ended(tmp_path: Path) -> None:
    with noting(tmp_path / NAME) as notes:
        assert notes is not None
        notes.begin("recipe 'plain': losses")
        assert left_in(tmp_path / NAME) == ["recipe 'plain': losses"]
    assert list(tmp_path.iterdir()) == []


def test_notes_of_a_process_that_has_taken_over_stay(tmp_path: Path) -> None:
    with noting(tmp_path / NAME) as suspended:
        with noting(tmp_path / NAME) as notes:
            assert notes is not None and suspended is not None
            notes.begin("of the second process")
            suspended.close()
            assert left_in(tmp_path / NAME) == ["of the second process"]
        assert list(tmp_path.iterdir()) == []
