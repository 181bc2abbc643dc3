from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from alseg.cli import main
from alseg.errors import AlsegError
from alseg.perf import BENCHMARKS, ON_GPU, ledger, loading, output, reference, selection
from alseg.perf import losses as perf_losses
from alseg.perf.inputs import pixels_per_round, regions_per_round, smooth_logits, spread_positions
from alseg.perf.measure import alternate, alternate_with_faults, peak_extra_bytes
from alseg.perf.result import Line, Options, Spread
from alseg.perf.result import Result as Measured
from alseg.registry.loading import load_registry
from alseg.storage.ledger import Purchase
from alseg.toolkit import uncertainty, windows
from alseg.toolkit.imaging import read_label16
from alseg.toolkit.selection import greedy_select
from alseg_baselines.modes import Window
from alseg_driving.fake import write_png16


@pytest.fixture(autouse=True)
def same_threads() -> Iterator[None]:
    """Leave torch's threads as they were."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def perf(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["perf", *arguments])


# -- both sides give the same


@pytest.mark.parametrize("radius", [1, 2, 32])
def test_plain_windows_are_ours(radius: int) -> None:
    logits = smooth_logits((20, 33))
    mean = windows.window_mean(uncertainty.entropy(logits), radius)
    torch.testing.assert_close(reference.window_mean(reference.entropy(logits)[None], radius)[0], mean)
    impurity = windows.window_impurity(uncertainty.classes(logits), len(logits), radius)
    torch.testing.assert_close(reference.impurity(logits, radius), impurity, rtol=1e-4, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 4), st.integers(0, 60), st.sampled_from([2, 1000]))
def test_plain_picks_are_ours(seed: int, radius: int, count: int, levels: int) -> None:
    random = np.random.default_rng(seed)
    score = torch.from_numpy(random.integers(0, levels, (9, 13)).astype(np.float32))
    score[torch.from_numpy(random.random((9, 13)) < 0.2)] = -torch.inf
    assert torch.equal(reference.greedy_picks(score, count, radius), greedy_select(score, count, radius))


def test_the_plain_reader_of_16_bits_gives_what_ours_gives(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 65536, (5, 7, 3)).astype(np.uint16)
    write_png16(tmp_path / "a.png", values)
    np.testing.assert_array_equal(reference.ids_of_16_bits(tmp_path / "a.png"), values[..., 0])
    np.testing.assert_array_equal(read_label16(tmp_path / "a.png"), values[..., 0])


def test_plain_painting_is_that_of_the_region_mode() -> None:
    label = np.random.default_rng(0).integers(0, 19, (9, 12)).astype(np.uint8)
    positions = np.array([[0, 0], [4, 6], [8, 11]], np.int32)
    painted = reference.painted_label(label, positions, 1)
    owned = Window(radius=1, spacing=2).footprint(positions, (9, 12)) >= 0
    # Two corners of four pixels and a whole window of nine.
    assert owned.sum() == 17
    np.testing.assert_array_equal(painted, np.where(owned, label, 255))


# -- inputs


def test_picks_per_round_are_those_of_the_paper() -> None:
    # ceil(2097152 * 0.022 / 5 / 9) = ceil(1025.3); ceil(8 / 819200 * 2097152) = ceil(20.48).
    assert (regions_per_round((1024, 2048)), pixels_per_round((1024, 2048))) == (1026, 21)


def test_positions_keep_their_distance_and_lie_inside() -> None:
    positions = spread_positions((9, 12), 12, 1)
    # All 3 x 4 cells of 3 x 3 pixels, each asked at its centre.
    assert sorted(map(tuple, positions.tolist())) == [(y, x) for y in (1, 4, 7) for x in (1, 4, 7, 10)]
    with pytest.raises(ValueError, match=r"^no room for 13 windows of radius 1 in \(9, 12\)$"):
        spread_positions((9, 12), 13, 1)


# -- measuring


def test_sides_take_turns_after_one_go_untimed() -> None:
    done: list[str] = []
    seconds = alternate({"a": lambda: done.append("a"), "b": lambda: done.append("b")}, 2)
    assert done == ["a", "b", "a", "b", "a", "b"]
    assert {name: len(spread.values) for name, spread in seconds.items()} == {"a": 2, "b": 2}


def test_short_work_is_repeated_within_a_turn() -> None:
    done: list[str] = []
    seconds = alternate({"a": lambda: done.append("a")}, 1, 0.01)
    assert len(done) > 2
    assert 0 < seconds["a"].values[0] <= 0.01


def test_a_line_is_told_before_the_next_is_measured_so_that_it_outlives_a_stop() -> None:
    told: list[str] = []

    def stop_at_the_second(step: str) -> None:
        told.append(step)
        if len(told) == 3:  # a title, its line, the next title
            raise KeyboardInterrupt

    options = Options(
        registry=load_registry(),
        size=(64, 128),
        threads=1,
        repeats=1,
        quick=True,
        on_step=stop_at_the_second,
        on_line=lambda line: told.append(output.line_text(line)),
    )
    with pytest.raises(KeyboardInterrupt):
        selection.run(options)
    first, line, second = told
    assert first != second
    assert re.fullmatch(
        rf"{first}: [0-9.]+ \([0-9.-]+\) ms, plain [0-9.]+ \([0-9.-]+\) ms, plain / ours [0-9.]+ \([0-9.-]+\)"
        r"(, [0-9,]+ MiB \(plain [0-9,]+\))?",
        line,
    )


def test_what_cannot_run_on_a_gpu_is_not_measured_there() -> None:
    ended = perf("ledger", "step", "--device", "cuda")
    assert ended.exit_code == 2
    assert ended.stderr.splitlines()[-1] == (
        "Error: ledger cannot be measured on a GPU. With --device cuda, measure acquisition, selection, "
        "training, feeding, step."
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_said_before_anything_is_measured() -> None:
    ended = perf("selection", "--quick", "--device", "cuda")
    assert ended.exit_code == 2
    assert ended.stderr.startswith("Error: Device 'cuda': torch finds no CUDA device here.")


@pytest.mark.gpu
@pytest.mark.parametrize("name", ON_GPU)
def test_every_benchmark_for_a_gpu_runs_there_and_its_sides_agree(name: str) -> None:
    ended = perf(name, "--quick", "--device", "cuda")
    assert ended.exit_code == 0, ended.output


def test_ratios_are_taken_within_a_turn() -> None:
    # 6 / 2, 4 / 4, 9 / 3.
    ratio = Spread([6.0, 4.0, 9.0]).over(Spread([2.0, 4.0, 3.0]))
    assert (ratio.values, ratio.median, ratio.low, ratio.high) == ([3.0, 1.0, 3.0], 3.0, 1.0, 3.0)


def test_the_peak_is_what_was_held_for_a_while() -> None:
    def hold() -> None:
        np.ones(2**23).sum()  # 64 MiB

    peak = peak_extra_bytes(hold)
    if peak is None:
        pytest.skip("this system does not tell")
    assert 60 * 2**20 < peak < 90 * 2**20


def test_a_table_gives_medians_with_extremes_and_leaves_empty_columns_out() -> None:
    line = Line(work="paint", ours=Spread([0.002, 0.001, 0.004]), peak_bytes=3 * 2**20)
    measured = Measured(name="ledger", setting="label maps", lines=[line], facts={"bytes": "10"})
    options = Options(registry=load_registry(), size=(8, 16), threads=1, repeats=3)
    assert len(output.machine_text(output.machine(options)).splitlines()) == 2
    assert output.result_text(measured).splitlines() == [
        "",
        "ledger: label maps",
        "work   ours                 peak memory",
        "───────────────────────────────────────",
        "paint  2.00 (1.00-4.00) ms  3 MiB",
        "  bytes: 10",
    ]


def test_page_faults_are_counted_for_each_side() -> None:
    def touch() -> None:
        mmap.mmap(-1, 2**22).write(b"1" * 2**22)

    _, faults = alternate_with_faults({"touch": touch, "nothing": lambda: None}, 2)
    # 4 MiB are 1,024 pages of 4 KiB, or fewer larger ones.
    if not faults["touch"].low:
        pytest.skip("this system does not tell")
    assert faults["touch"].low > faults["nothing"].high
    assert len(faults["nothing"].values) == 2


def test_gradients_that_differ_are_an_error() -> None:
    losses, gradient = torch.ones(4), torch.ones(1, 1, 10, 10)
    with pytest.raises(AlsegError, match=r"^here: the gradients of both sides differ\.$"):
        perf_losses._compare("here", (losses, gradient), (losses, 1.01 * gradient))


# -- the benchmarks themselves


@pytest.mark.slow
@pytest.mark.usefixtures("preloaded_python")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.nightly) if name in ("executors", "planning") else name
        for name in BENCHMARKS
    ],
)
def test_every_benchmark_runs_and_its_sides_agree(name: str) -> None:
    ended = perf(name, "--quick", "--json")
    assert ended.exit_code == 0, ended.output
    document = json.loads(ended.stdout)
    assert document["format"] == output.FORMAT
    assert document["machine"]["size"] == [64, 128]
    (measured,) = document["benchmarks"]
    assert measured["name"] == name
    assert all(line["ours_seconds"]["median"] > 0 for line in measured["lines"])
    told = [line.strip() for line in ended.stderr.splitlines() if line.startswith("    ")]
    assert len(told) == len(measured["lines"])
    assert all(
        text.startswith(f"{line['work']}: ") for text, line in zip(told, measured["lines"], strict=True)
    )


@pytest.mark.slow
def test_threads_and_repeats_are_taken() -> None:
    ended = perf("selection", "--quick", "--json", "--threads", "1", "--repeats", "2", "--size", "32x48")
    machine = json.loads(ended.stdout)["machine"]
    assert (machine["threads"], machine["repeats"], machine["size"]) == (1, 2, [32, 48])


def test_label_maps_with_no_room_for_picks_are_a_mistake_of_the_user() -> None:
    ended = perf("ledger", "--size", "31x64")
    assert ended.exit_code == 2
    assert ended.stderr.splitlines()[-1] == (
        "Error: Invalid value for '--size': '31x64' is too small; "
        "height and width must be at least 32 pixels."
    )


def test_an_unknown_benchmark_is_a_mistake_of_the_user() -> None:
    ended = perf("speed")
    assert ended.exit_code == 2
    assert (
        "'speed' is not one of 'acquisition', 'methods', 'selection', 'loading', 'ledger', 'losses', "
        "'training', 'feeding', 'step', 'threads', 'executors', 'planning', 'start'." in ended.output
    )


def test_a_region_takes_at_most_twelve_bytes_with_its_index(tmp_path: Path) -> None:
    purchase = ledger._purchase((1024, 2048), 30, 1026)
    purchase.write(tmp_path)
    size = sum(file.stat().st_size for file in tmp_path.iterdir())
    assert size <= 12 * 30 * 1026


def test_one_image_is_read_from_a_mapped_file(tmp_path: Path) -> None:
    ledger._purchase((32, 64), 3, 5).write(tmp_path)
    read = Purchase.read(tmp_path, verify=False)
    assert isinstance(read.of_image("hannover_000001_000019").base, np.memmap)


def test_the_plain_loader_maps_ids_as_the_data_sets_do() -> None:
    raw_ids = np.full(256, 0, np.uint8)
    raw_ids[:2] = [7, 8]
    # 0 stands for void, and for all that is no class.
    assert loading._classes_of(raw_ids) == {7: 0, 8: 1}
