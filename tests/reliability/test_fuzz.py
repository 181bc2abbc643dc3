"""Files changed at random: commands never end in a traceback and never show a wrong number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from alseg.analysis.compare import compare
from alseg.cli import main
from alseg.config.experiment import read_experiment
from alseg.errors import AlsegError
from alseg.launch import wanted
from alseg.launch.status import experiment_state
from alseg.storage.reader import load_results
from alseg.storage.records import Run
from alseg.tables.export import as_csv
from toys import run_toy, toy_document, toy_registry

METHODS: list[Any] = toy_document()["methods"]  # type: ignore[assignment]
DOCUMENT: dict[str, Any] = toy_document(methods=METHODS[:2])
TEXT = yaml.safe_dump(DOCUMENT, sort_keys=False)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the result folder of a finished experiment, read with the toy plugin."""
    folder = tmp_path_factory.mktemp("finished")
    assert run_toy(folder, DOCUMENT).done == 2
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(wanted, "load_registry", toy_registry)
        yield folder / "results" / "toy"


@pytest.fixture(scope="module")
def runs(finished: Path) -> dict[str, Run]:
    return {run.name: run for run in load_results([finished]).runs}


@pytest.fixture(scope="module")
def files(finished: Path) -> list[Path]:
    """Return everything a run leaves but weights, which these commands do not read."""
    return sorted(path for path in finished.rglob("*") if path.is_file() and path.suffix not in {".pt", ""})


@pytest.mark.slow
@settings(max_examples=150)
@given(data=st.data())
def test_a_damaged_run_folder_is_named_or_read_as_it_was(
    finished: Path, runs: dict[str, Run], files: list[Path], data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(files), label="file")
    before = path.read_bytes()
    place = data.draw(st.integers(0, len(before) - 1), label="place")
    bit = data.draw(st.sampled_from([None, *range(8)]), label="bit; None cuts the file there")
    changed = bytearray(before)
    if bit is None:
        del changed[place:]
    else:
        changed[place] ^= 1 << bit
    path.write_bytes(changed)
    try:
        results = load_results([finished])
        assert all(run == runs[run.name] for run in results.runs)
        assert {run.name for run in results.runs} | {each.folder.name for each in results.damaged} == set(
            runs
        )
        with suppress(AlsegError):
            as_csv(compare(results))
        state = experiment_state(finished)
        known = {run.name: run for run in state.runs}
        assert set(known) == set(runs), state.notes
        for name, run in known.items():
            assert run.state in ("done", "damaged")
            assert run.state == "damaged" or [each.miou for each in run.rounds] == [
                each.miou for each in runs[name].rounds
            ]
    finally:
        path.write_bytes(before)


anything = st.one_of(
    st.text(max_size=8), st.sampled_from(["{", "]", ": ", "\n- ", "&a ", "*a", "!!", "'", "\x00", "\t"])
)


@st.composite
def changed_text(draw: st.DrawFn, inserted: st.SearchStrategy[str]) -> str:
    """Return the experiment file with a few pieces replaced."""
    text = TEXT
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        text = text[:start] + draw(inserted) + text[start + draw(st.integers(0, 12)) :]
    return text


@pytest.mark.slow
@settings(max_examples=200)
@given(
    content=st.one_of(
        changed_text(anything).map(lambda text: text.encode(errors="surrogatepass")), st.binary(max_size=64)
    )
)
def test_a_changed_experiment_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    file.write_bytes(content)
    with suppress(AlsegError):
        read_experiment(file, registry=toy_registry())


@settings(max_examples=40)
@given(text=changed_text(st.text("abc:-[]{} \n#\"'", max_size=4)))
def test_a_dry_run_of_a_changed_experiment_file_ends_in_a_plan_or_a_message(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    file.write_text(text)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("alseg.registry.loading.load_registry", toy_registry)
        result = CliRunner().invoke(main, ["run", str(file), "--dry-run"])
    assert result.exit_code in (0, 2)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output


@pytest.mark.parametrize("name", ["run.json", "status.json", "rounds/02/metrics.json"])
def test_commands_name_a_damaged_file(finished: Path, name: str) -> None:
    (run,) = (finished / "runs").glob("entropy__*")
    before = (run / name).read_bytes()
    (run / name).write_bytes(before[:-10])
    try:
        table = CliRunner().invoke(main, ["compare", str(finished)])
        listed = json.loads(CliRunner().invoke(main, ["status", str(finished), "--json"]).stdout)
    finally:
        (run / name).write_bytes(before)
    assert table.exit_code == 0
    assert f"{run / name}isdamaged" in "".join(table.output.split())  # lines are wrapped anywhere
    (found,) = [each for each in listed["runs"] if each["name"] == run.name]
    assert found["state"] == "damaged"
    assert f"{run / name} is damaged" in found["why"]
