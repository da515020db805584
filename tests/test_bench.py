"""The bench is honest: agreement before timing, missing peers named, ratios right, results complete."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import hartley as ht
from hartley import _dispatch
from hartley.bench import command, harness, plots, report, roofline, table
from hartley.bench.harness import Agreement, Case, Peer, Result, Timing, run_case

LEVELS = _dispatch.available_levels()


def total(x: np.ndarray) -> Any:
    return x.sum()


def missing() -> Any:
    import a_package_that_is_not_there

    return a_package_that_is_not_there.total


CASE = Case(
    row="X1",
    description="sum of ones",
    make=lambda size, rng: (np.ones(size),),
    run=total,
    reference=total,
    full=1000,
    smoke=10,
    agreement=Agreement(rtol=1e-12, reason="whole numbers"),
    bytes_per_element=8,
    flops_per_element=1,
    peers={"math": Peer(lambda: math.fsum), "absent": Peer(missing)},
)

MACHINE = roofline.Machine(
    processor="a processor",
    cores=2,
    quota=math.inf,
    caches={"L1": 1 << 15},
    level=LEVELS[-1],
    read={1: {100: 1e12, 10_000: 1e9}, 2: {200: 2e12, 10_000: 1.5e9}},
    triad={1: 1e9, 2: 1.5e9},
    flops={(level, dtype, n): 1e9 * n for level in LEVELS for dtype in ("float64", "float32") for n in (1, 2)},
)


@pytest.fixture
def result() -> Result:
    """Made-up timings: hartley 2 s with one thread and 1 s with two, the reference 8 s, a threaded peer 6 s and 4 s."""
    made = Result("made", "X1", "a task", 1000, 1000.0, 8e9, 1e9, "float64", CASE.agreement)
    for level in LEVELS:
        made.timings += [Timing("hartley", level, 1, [3.0, 2.0, 2.5]), Timing("hartley", level, 2, [1.0, 1.5])]
    made.timings += [
        Timing("reference", None, 2, [8.0, 9.0]),
        Timing("peer", None, 1, [6.0]),
        Timing("peer", None, 2, [4.0]),
    ]
    made.skipped["absent"] = "not installed"
    made.set_floors(MACHINE)
    return made


@pytest.fixture
def document(result: Result) -> dict[str, Any]:
    made = report.as_dict([result], MACHINE, report.environment())
    return json.loads(json.dumps(made, allow_nan=False))


def test_a_peer_that_disagrees_fails_the_row_before_anything_is_timed() -> None:
    calls = []

    def wrong(x: np.ndarray) -> float:
        calls.append(len(x))
        return float(x.sum()) + 1

    result = run_case(replace(CASE, peers={"wrong": Peer(lambda: wrong)}))
    assert result.failure is not None
    assert "wrong" in result.failure
    assert "whole numbers" in result.failure
    assert not result.timings
    assert calls == [1000]


@pytest.mark.parametrize("odd_level", LEVELS)
def test_one_level_that_disagrees_fails_the_row(odd_level: str) -> None:
    case = replace(CASE, run=lambda x: x.sum() + (_dispatch.level_in_use() == odd_level))
    result = run_case(case)
    assert result.failure is not None
    assert f"hartley ({odd_level}" in result.failure
    assert not result.timings


def test_a_contender_that_crashes_fails_the_row() -> None:
    result = run_case(replace(CASE, run=lambda x: x.no_such_method()))
    assert result.failure is not None
    assert "no_such_method" in result.failure


def test_results_of_several_arrays_are_compared_one_by_one() -> None:
    case = replace(CASE, reference=lambda x: (x, 2 * x), run=lambda x: (x, 2 * x), peers={})
    assert run_case(case, smoke=True).failure is None
    assert run_case(replace(case, run=lambda x: (x, 3 * x)), smoke=True).failure is not None
    assert run_case(replace(case, run=lambda x: (x,)), smoke=True).failure is not None


def test_a_peer_has_its_own_tolerance_where_it_says_so() -> None:
    rough = Peer(lambda: lambda x: x.sum() * 1.001, agreement=Agreement(rtol=1e-2, reason="rough by design"))
    assert run_case(replace(CASE, peers={"rough": rough}), smoke=True).failure is None


def test_a_missing_peer_is_skipped_by_name() -> None:
    result = run_case(CASE)
    assert result.failure is None
    assert set(result.skipped) == {"absent"}
    assert "a_package_that_is_not_there" in result.skipped["absent"]
    assert result.others == ["reference", "math"]


def test_a_peer_too_slow_for_the_full_size_is_skipped_there_by_name() -> None:
    case = replace(CASE, peers={"slow": Peer(lambda: total, largest=500)})
    assert "slow" in run_case(case).skipped
    assert run_case(case, smoke=True).skipped == {}


def test_a_reference_too_slow_for_the_full_size_still_decides_at_the_check_size() -> None:
    sizes = []

    def reference(x: np.ndarray) -> Any:
        sizes.append(len(x))
        return x.sum()

    case = replace(CASE, reference=reference, reference_largest=200, check=150)
    result = run_case(case)
    assert sizes == [150]
    assert result.failure is None
    assert "reference" in result.skipped
    assert run_case(replace(case, run=lambda x: x.sum() + (len(x) == 150))).failure is not None


def test_everyone_runs_with_the_level_and_threads_of_the_column() -> None:
    seen = set()
    peer_threads = set()

    def run(x: np.ndarray) -> Any:
        seen.add((_dispatch.level_in_use(), ht.get_num_threads()))
        return x.sum()

    def peer(x: np.ndarray) -> Any:
        peer_threads.add(ht.get_num_threads())
        return x.sum()

    case = replace(CASE, run=run, peers={"peer": Peer(lambda: peer, threaded=True)})
    result = run_case(case, thread_counts=[1, 3], repeats=2)
    assert seen == {(level, n) for level in LEVELS for n in (1, 3)}
    assert peer_threads == {1, 3}
    assert {(t.level, t.threads) for t in result.timings if t.name == "hartley"} == seen


def test_at_least_the_asked_for_runs_and_fewer_for_slow_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    def runs() -> set[int]:
        return {len(t.seconds) for t in run_case(CASE, repeats=5).timings}

    assert runs() == {5}
    monkeypatch.setattr(harness, "SLOW_CALL", 0.0)
    assert runs() == {2}
    monkeypatch.setattr(harness, "VERY_SLOW_CALL", 0.0)
    assert runs() == {1}


def test_ratios_compare_the_fastest_runs(result: Result) -> None:
    level = LEVELS[-1]
    assert result.ratio("peer", level, 1) == 6.0 / 2.0
    assert result.ratio("peer", level, 2) == 4.0 / 1.0
    assert result.ratio("nobody", level, 1) is None
    assert result.timing("hartley", level, 1).median == 2.5  # type: ignore[union-attr]


def test_a_contender_timed_once_stands_for_every_thread_count(result: Result) -> None:
    assert result.ratio("reference", LEVELS[0], 1) == 8.0 / 2.0
    assert result.ratio("reference", LEVELS[0], 2) == 8.0 / 1.0


def test_the_floor_is_the_slower_of_memory_and_arithmetic() -> None:
    level = LEVELS[-1]
    assert MACHINE.floor(20_000, 1, level, 1, "float64") == 20_000 / 1e9  # more than the largest set: its rate
    assert MACHINE.floor(5000, 1, level, 1, "float64") == 5000 / 1e12  # between: the faster, so never too high a floor
    assert MACHINE.floor(8, 1e9, level, 2, "float64") == 0.5
    assert MACHINE.floor(8, 1, level, 1, "float64") == 1e-9


def test_over_the_floor_is_the_time_over_the_floor(result: Result) -> None:
    assert result.over_floor(LEVELS[0], 1) == 2.0 / 8.0  # 8e9 bytes at 1e9 a second: made-up numbers beat it


def test_measuring_again_only_raises_the_limits() -> None:
    machine = roofline.measure(levels=LEVELS[:1], thread_counts=[1], rounds=1)
    before = dict(machine.read[1])
    assert all(rate > 0 for rate in (*before.values(), *machine.triad.values(), *machine.flops.values()))
    roofline.measure(levels=LEVELS[:1], thread_counts=[1], rounds=1, machine=machine)
    assert all(machine.read[1][size] >= rate for size, rate in before.items())


def test_the_json_says_where_and_with_what_it_was_measured(document: dict[str, Any]) -> None:
    environment = document["environment"]
    assert {"date", "commit", "build", "versions", "blas", "variables"} <= set(environment)
    assert environment["versions"]["numpy"] == np.__version__
    assert environment["build"]["hartley"] == ht.__version__
    assert {"processor", "cores", "quota", "caches", "read", "triad", "flops"} <= set(document["machine"])
    (row,) = document["results"]
    assert row["skipped"] == {"absent": "not installed"}
    assert row["agreement"]["reason"] == "whole numbers"
    assert {t["runs"] for t in row["timings"]} == {1, 2, 3}
    assert len(row["ratios"]) == 2 * len(LEVELS)
    assert row["ratios"][0]["times_faster_than"] == {"reference": 4.0, "peer": 3.0}
    assert row["ratios"][0]["nanoseconds_per_element"] == 2e6


def test_the_table_goes_between_the_markers(document: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n{table.BEGIN_ALL}\n{table.END}\n")
    table.insert(document, file)
    text = file.read_text()
    assert text.startswith("before\n")
    assert "\nafter\n" in text
    assert "old" not in text
    assert "| X1 | a task | 1 s | 8× | peer 4× |" in text
    table.insert(document, file)
    assert file.read_text() == text


def test_a_file_without_markers_is_left_alone(document: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text("words")
    with pytest.raises(ValueError, match="bench:begin"):
        table.insert(document, file)
    assert file.read_text() == "words"


def test_the_pictures_are_drawn(document: dict[str, Any], tmp_path: Path) -> None:
    plots.draw(document, tmp_path / "bench.png")
    assert (tmp_path / "bench.png").stat().st_size > 10_000


@pytest.mark.parametrize(("seconds", "text"), [(12.34, "12.3 s"), (0.0021, "2.1 ms"), (4e-6, "4 µs"), (5e-8, "50 ns")])
def test_seconds_are_written_with_a_unit(seconds: float, text: str) -> None:
    assert report.seconds_text(seconds) == text


def test_every_concept_has_cases_with_names_of_their_own() -> None:
    found = command.discover()
    assert "pmf" in found
    rows = [case.row for cases in found.values() for case in cases]
    assert len(rows) == len(set(rows))
    assert all(case.agreement.reason for cases in found.values() for case in cases)


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Runs the command over the case above, without starting the process again."""
    for name in [name for name in os.environ if name.startswith("OPENBLAS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(
        command, "discover", lambda: {"made": [CASE, replace(CASE, row="X1 again"), replace(CASE, row="X2")]}
    )
    monkeypatch.setattr(roofline, "measure", lambda *args, **options: MACHINE)
    return CliRunner()


def test_a_rows_name_stands_for_its_variants(runner: CliRunner) -> None:
    outcome = runner.invoke(command.bench_command, ["--list", "--rows", "X1"])
    assert outcome.exit_code == 0
    assert [line.split("  ")[0] for line in outcome.output.splitlines()] == ["X1", "X1 again"]
    assert runner.invoke(command.bench_command, ["--list", "--rows", "X1 again"]).output.count("\n") == 1


@pytest.mark.parametrize(
    "options", [["--rows", "X3"], ["--concept", "none"], ["--levels", "v9"], ["--threads", "0"], ["--threads", "two"]]
)
def test_an_unknown_choice_is_an_error_that_names_it(runner: CliRunner, options: list[str]) -> None:
    outcome = runner.invoke(command.bench_command, options)
    assert outcome.exit_code == 2
    assert options[0] in outcome.output


def test_the_command_writes_json_plot_and_table(runner: CliRunner, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"{table.BEGIN}\n{table.END}\n")
    files = {"--json": tmp_path / "out" / "result.json", "--plot": tmp_path / "out" / "result.svg", "--table": readme}
    options = [str(word) for pair in files.items() for word in pair]
    outcome = runner.invoke(command.bench_command, ["--threads", "1,2", "--repeats", "2", *options])
    assert outcome.exit_code == 0, outcome.output
    assert "skipped: absent" in outcome.output
    document = json.loads(files["--json"].read_text())
    assert [row["row"] for row in document["results"]] == ["X1", "X1 again", "X2"]
    assert "| X2 |" in readme.read_text()
    readme.write_text(f"{table.BEGIN}\n{table.END}\n")
    again = runner.invoke(command.bench_command, ["--from", str(files["--json"]), "--table", str(readme)])
    assert again.exit_code == 0, again.output
    assert "| X2 |" in readme.read_text()


def test_rows_of_a_later_file_replace_those_of_an_earlier_one(runner: CliRunner, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"{table.BEGIN}\n{table.END}\n")
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    for file, rows in ((first, "X1,X2"), (second, "X2")):
        outcome = runner.invoke(command.bench_command, ["--rows", rows, "--repeats", "1", "--json", str(file)])
        assert outcome.exit_code == 0, outcome.output
    later = json.loads(second.read_text())
    later["environment"]["commit"], later["results"][0]["description"] = "f" * 40, "replaced"
    second.write_text(json.dumps(later))
    words = ["--from", str(first), "--from", str(second), "--table", str(readme)]
    assert runner.invoke(command.bench_command, words).exit_code == 0
    text = readme.read_text()
    assert text.count("| X2 |") == text.count("| X2 | replaced |") == 1
    assert "| X1 |" in text
    assert f" and {'f' * 12}" in text


def test_estimator_accuracy_writes_a_table_and_a_figure(tmp_path: Path) -> None:
    from hartley.bench import estimator_accuracy

    measured = estimator_accuracy.write(tmp_path, sizes=(20, 200), repeats=30, n_symbols=20)
    assert (tmp_path / "estimators.png").stat().st_size > 10_000
    text = (tmp_path / "estimators.md").read_text()
    assert all(f"| {name} |" in text for name in estimator_accuracy.ESTIMATORS)
    for results in measured.values():
        # the plug-in is too low by about (K - 1)/(2 N): 0.5 nats at N = 20, 0.05 at 200; means of 30 err by 0.04
        assert results["mle"][0][0] < -0.15
        assert results["mle"][1][0] < -0.01
        for name in ("grassberger", "chao_wang_jost", "zhang", "miller_madow"):
            assert abs(results[name][1][0]) < abs(results["mle"][1][0])


def test_mutual_information_accuracy_writes_a_table_and_a_figure(tmp_path: Path) -> None:
    from hartley.bench import mutual_information_accuracy as accuracy

    tasks = (accuracy.gaussian(0.0), accuracy.uniform_noise(0.5))
    measured = accuracy.write(tmp_path, tasks, sizes=(200, 2000), repeats=20)
    assert (tmp_path / "mutual_information.png").stat().st_size > 10_000
    text = (tmp_path / "mutual_information.md").read_text()
    assert all(f"| {name} |" in text for name in accuracy.ESTIMATES)
    independent, noisy = measured.values()
    # χ² with 225 degrees of freedom: mean 225 / 2n, deviation √450 / 2n, of 20 repeats 0.0012
    assert independent["16 quantile bins"][1][0] == pytest.approx(225 / 4000, abs=0.01)
    assert abs(independent["16 bins, Miller-Madow"][1][0]) < 0.005
    # the neighbours' standard deviation at n = 2000 is about 0.02
    assert noisy["KSG, k = 3"][1][1] < 0.06


def test_beyond_normal_writes_a_table_and_a_figure(tmp_path: Path) -> None:
    from hartley.bench import beyond_normal as accuracy

    chosen = [
        t for t in accuracy.tasks() if t.name in ("Student 1 × 1, 1 dof", "additive noise, ε = 0.1", "dense 2 × 2")
    ]
    measured = accuracy.write(tmp_path, chosen, n=1000, seeds=4)
    assert (tmp_path / "beyond_normal.png").stat().st_size > 10_000
    assert "| dense 2 × 2 | 0.294 |" in (tmp_path / "beyond_normal.md").read_text()
    for task in chosen:
        mean, deviation = measured[task.name]["KSG 1, normal scores"]
        assert mean == pytest.approx(
            task.information, abs=5 * deviation / 2 + 0.12
        )  # four seeds; bias of ε = 0.1 at n = 1000
    assert np.isnan(measured["dense 2 × 2"]["16 quantile bins"][0])


def test_the_truths_of_the_tasks_are_invariant_and_known() -> None:
    from hartley.bench import beyond_normal as accuracy

    truths = {task.name: task.information for task in accuracy.tasks()}
    assert truths["normal 1 × 1, ρ = 0.75"] == pytest.approx(-0.5 * np.log(1 - 0.75**2))
    assert truths["wiggly @ normal 1 × 1, ρ = 0.75"] == truths["normal 1 × 1, ρ = 0.75"]
    # two Cauchys with one denominator: log 8π - 3, by Student's formula for one degree of freedom
    assert truths["Student 1 × 1, 1 dof"] == pytest.approx(np.log(8 * np.pi) - 3, abs=1e-12)
    assert truths["2-pair 5 × 5"] == pytest.approx(-np.log(1 - 0.64))
    for rise in (accuracy.wiggly, accuracy.wavy, accuracy.half_cube):  # invertible
        assert (np.diff(rise(np.linspace(-6, 6, 10_001))) > 0).all()


def test_quadratic_expansion_writes_a_table_and_a_figure(tmp_path: Path) -> None:
    from hartley.bench import quadratic_expansion as expansion

    found = expansion.write(tmp_path, n=1000)
    assert (tmp_path / "quadratic_expansion.png").stat().st_size > 10_000
    assert "| Poisson, λ = 2 | 0.5000000000 | 0.5000000000 ±" in (tmp_path / "quadratic_expansion.md").read_text()
    for descents in found.values():
        assert descents["natural gradient"].n_steps < descents["gradient"].n_steps / 5
    for family in expansion.families():
        assert expansion.slope_of_error(family) == pytest.approx(3, abs=0.02)  # the next term adds δ = 0.01 of this
        # rounding of terms of size 1 over δ³, and the next term
        assert family.error(1e-3) / 1e-9 == pytest.approx(family.third / 6, abs=1e-5, rel=1e-2)


def test_the_command_fails_when_someone_disagrees(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(CASE, row="X9", run=lambda x: x.sum() + 1)
    monkeypatch.setattr(command, "discover", lambda: {"made": [wrong, CASE]})
    outcome = runner.invoke(command.bench_command, ["--smoke", "--threads", "1,2"])
    assert outcome.exit_code == 1
    assert "X9: FAILED" in outcome.output
    assert "X1: " in outcome.output  # the other rows still run


def test_openblas_variables_are_removed_by_starting_again(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    monkeypatch.setattr(os, "execve", lambda program, words, variables: started.append((words, variables)))
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    command._restart_without_openblas_variables()
    ((_, variables),) = started
    assert not [name for name in variables if name.startswith("OPENBLAS_")]
    monkeypatch.delenv("OPENBLAS_CORETYPE")
    monkeypatch.setenv(command.REMOVED, variables[command.REMOVED])
    assert command._restart_without_openblas_variables() == ["OPENBLAS_CORETYPE=Prescott"]
