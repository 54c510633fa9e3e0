"""Measures the engine: ``python benchmarks/run.py [--quick] [workload...]``."""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measuring import ROOT, place, plain_loop
from benchmarks.results import PATH, Row, machine, write

Measures = dict[str, float]


def echo3(quick: bool) -> list[Row]:
    """Throughput."""
    tasks = 2_000 if quick else 20_000
    rows: list[Row] = []
    for durability, clients in (("full", 500), ("full", tasks), ("relaxed", 500)):
        given = ("--tasks", tasks, "--durability", durability, "--clients", clients)
        found = medians(run("echo3", *given) for _ in range(runs(quick)))
        crowd = "all at once" if clients == tasks else f"{clients} clients"
        what, loop = f"echo3, {tasks:,} tasks, {crowd}, durability {durability}", found["loop_ns"]
        rate, cpu = (">= 12,000", "<= 90 us") if durability == "full" else ("", "")
        children = f" (and {found['children_us']:.0f} us of compaction)" if found["children_us"] > 1 else ""
        rows += [
            Row(f"{what}: tasks a second", rate, f"{found['tasks_a_second']:,.0f}", loop),
            Row(f"{what}: CPU a task", cpu, f"{found['cpu_us']:.0f} us{children}", loop),
            Row(f"{what}: memory at most", "", f"{found['peak_mb']:.0f} MB", loop),
        ]
    return rows


def latency(quick: bool) -> list[Row]:
    """One task at a time."""
    tasks = 200 if quick else 1_000
    found = medians(run("latency", "--tasks", tasks) for _ in range(runs(quick)))
    what, loop = f"echo3, {tasks:,} tasks one at a time, submit to done", found["loop_ns"]
    return [
        Row(f"{what}: p50", "<= 1 ms", f"{found['p50_ms']:.2f} ms", loop),
        Row(f"{what}: p99", "", f"{found['p99_ms']:.2f} ms", loop),
    ]


def parked(quick: bool) -> list[Row]:
    """Memory of tasks that wait."""
    tasks = 20_000 if quick else 200_000
    found = medians(run("parked", "--tasks", tasks) for _ in range(1 if quick else 3))
    what, loop = f"{tasks:,} tasks that wait for a person", found["loop_ns"]
    return [
        Row(f"{what}: memory each", "<= 2.5 KB", f"{found['kb_each']:.2f} KB", loop),
        Row(f"{what}: submitted and parked a second", "", f"{found['parked_a_second']:,.0f}", loop),
    ]


def neighbours(quick: bool) -> list[Row]:
    """The cost of a transition beside few and beside many tasks that wait, in turns."""
    few, many = (1_000, 50_000) if quick else (1_000, 500_000)
    rounds, batch = (3, 500) if quick else (9, 2_000)
    measured: dict[int, list[Measures]] = {few: [], many: []}
    processes = {parked: start("neighbours", "--parked", parked, "--batch", batch) for parked in measured}
    for process in processes.values():
        line(process)
    for _ in range(rounds):
        for parked, process in processes.items():
            assert process.stdin is not None
            process.stdin.write(b"batch\n")
            process.stdin.flush()
            measured[parked].append(line(process))
    for process in processes.values():
        process.communicate()
    light, heavy = medians(measured[few]), medians(measured[many])
    loop = (light["loop_ns"] + heavy["loop_ns"]) / 2
    what = f"a transition beside {many:,} parked tasks, against {few:,}"
    return [
        Row(
            f"{what}: {kind} time",
            "<= 1.3 x" if key == "cpu_us" else "",
            f"{heavy[key] / light[key]:.2f} x ({heavy[key]:.0f} us, {light[key]:.0f} us)",
            loop,
        )
        for kind, key in (("CPU", "cpu_us"), ("elapsed", "wall_us"))
    ]


def restart(quick: bool) -> list[Row]:
    """From the start of a process to the first answered question."""
    tasks = 20_000 if quick else 200_000
    rows: list[Row] = []
    with place() as directory:
        raw, compacted = Path(directory, "raw"), Path(directory, "compacted")
        run("restart", "build", raw, "--tasks", tasks)
        shutil.copytree(raw, compacted)
        run("restart", "compact", compacted)
        for name, data in (("segments", raw), ("a snapshot", compacted)):
            found = medians(_answered(data, f"t{number}") for number in range(runs(quick)))
            parts = f"imports {found['import_s']:.2f}, opening {found['open_s']:.2f}, answer {found['answer_s']:.3f}"
            what, loop = f"start with {tasks:,} parked tasks from {name}", found["loop_ns"]
            rows += [
                Row(f"{what}: first answered question", "<= 5 s", f"{found['total_s']:.2f} s ({parts})", loop),
                Row(
                    f"{what}: memory, all of the process",
                    "",
                    f"{found['rss_mb']:.0f} MB, peak {found['peak_mb']:.0f} MB",
                    loop,
                ),
            ]
    return rows


def fan_out(quick: bool) -> list[Row]:
    """The cost of an item of a long list, against one of a short list."""
    few, many = (1_000, 10_000) if quick else (1_000, 100_000)
    light = medians(run("fan_out", "--items", few) for _ in range(runs(quick)))
    heavy = medians(run("fan_out", "--items", many) for _ in range(1 if quick else 3))
    what, loop = f"for_each over {many:,} items, against {few:,}", (light["loop_ns"] + heavy["loop_ns"]) / 2
    return [
        Row(
            f"{what}: CPU an item",
            "<= 1.3 x",
            f"{heavy['cpu_us'] / light['cpu_us']:.2f} x ({heavy['cpu_us']:.0f} us, {light['cpu_us']:.0f} us)",
            loop,
        ),
        Row(
            f"for_each over {many:,} items: memory an item, list and results included",
            "",
            f"{heavy['bytes_each']:.0f} B",
            loop,
        ),
    ]


def graphs(quick: bool) -> list[Row]:
    """A workflow of many phases."""
    phases = 300 if quick else 1_000
    found = medians(run("graphs", "--phases", phases) for _ in range(runs(quick)))
    what, loop = f"a workflow file of {phases:,} phases with conditions and templates", found["loop_ns"]
    return [
        Row(f"{what}: loaded and checked", "<= 0.5 s", f"{found['load_s']:.2f} s", loop),
        Row(
            f"{what}: a task through it", "", f"{found['run_s']:.2f} s ({found['cpu_us']:.0f} us of CPU a phase)", loop
        ),
    ]


def agents(quick: bool) -> list[Row]:
    """What the engine adds to the turns of a model."""
    tasks = 200 if quick else 1_000
    one, five, fifty = (
        medians(run("agents", "--tasks", number, "--turns", turns) for _ in range(runs(quick)))
        for number, turns in ((tasks, 1), (tasks, 5), (tasks // 10, 50))
    )
    return [
        Row(
            f"{tasks:,} agents at once, one turn each: CPU a task beside the provider's own",
            "<= 1 ms",
            f"{one['cpu_us'] / 1e3:.2f} ms ({one['turns_a_second']:,.0f} turns a second)",
            one["loop_ns"],
        ),
        Row(
            f"{tasks:,} agents at once, 5 turns with tool calls: CPU a turn beside the provider's own",
            "<= 1 ms",
            f"{five['cpu_us'] / 1e3:.2f} ms ({five['turns_a_second']:,.0f} turns a second)",
            five["loop_ns"],
        ),
        Row(
            "agents, 50 turns with tool calls: CPU a turn, against 5 turns",
            "<= 1.0 x",
            f"{fifty['cpu_us'] / five['cpu_us']:.2f} x ({fifty['cpu_us'] / 1e3:.2f} ms)",
            (five["loop_ns"] + fifty["loop_ns"]) / 2,
        ),
    ]


def dashboard(quick: bool) -> list[Row]:
    """Pages over many tasks beside a busy engine, and what they cost it; open streams."""
    tasks = 20_000 if quick else 1_000_000
    rows: list[Row] = []
    with place() as directory:
        run("dashboard", "fill", directory, "--tasks", tasks)
        alone, beside = run("dashboard", "measure", directory), run("dashboard", "measure", directory, "--pages")
    what, loop = f"beside {tasks:,} tasks, echo3 with 500 clients", (alone["loop_ns"] + beside["loop_ns"]) / 2
    change = beside["tasks_a_second"] / alone["tasks_a_second"] - 1
    both = f"{change:+.0%} ({beside['tasks_a_second']:,.0f} and {alone['tasks_a_second']:,.0f})"
    rows.append(
        Row(f"{what}: tasks a second with two live pages and the projector, against none", ">= -15 %", both, loop)
    )
    for key in beside:
        if key.endswith("_p95_ms"):
            name, median = key.removesuffix("_p95_ms"), beside[key.replace("p95", "p50")]
            rows.append(Row(f"{what}: page {name}, p95", "<= 300 ms", f"{beside[key]:.0f} ms (p50 {median:.0f})", loop))
    found = run("dashboard", "streams", "--streams", 100)
    told = f"{found['p95_ms']:.0f} ms (p50 {found['p50_ms']:.0f})"
    rows.append(Row("100 open streams: an event reaches the last of them, p95", "<= 250 ms", told, found["loop_ns"]))
    return rows


def journal(quick: bool) -> list[Row]:
    """What the journal alone costs."""
    with place() as directory:
        command = [sys.executable, str(ROOT / "benchmarks" / "bench_journal.py"), directory]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    loop = plain_loop()
    return [Row(f"journal: {row[:58].strip()}", "", row[58:].strip(), loop) for row in text.splitlines()]


WORKLOADS: dict[str, Callable[[bool], list[Row]]] = {
    "echo3": echo3,
    "latency": latency,
    "parked": parked,
    "neighbours": neighbours,
    "restart": restart,
    "fan_out": fan_out,
    "graphs": graphs,
    "agents": agents,
    "dashboard": dashboard,
    "journal": journal,
}


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description="Measure the engine, and write benchmarks/RESULTS.md.")
    parser.add_argument("workloads", nargs="*", metavar="workload", help=f"{', '.join(WORKLOADS)}; all unless named")
    parser.add_argument("--quick", action="store_true", help="a tenth of the tasks; prints, and writes nothing")
    arguments = parser.parse_args()
    unknown = set(arguments.workloads) - set(WORKLOADS)
    if unknown:
        parser.error(f"there is no workload {', '.join(sorted(unknown))}; known are {', '.join(WORKLOADS)}")
    print(machine(), flush=True)
    for name in arguments.workloads or WORKLOADS:
        rows = WORKLOADS[name](arguments.quick)
        for row in rows:
            print(f"{row.what:<84} {row.measured:>14}  {row.target:<10} loop {row.loop_ns:.0f} ns", flush=True)
        if not arguments.quick:
            write(rows)
    if not arguments.quick:
        print(f"written to {PATH}")


def runs(quick: bool) -> int:
    """Return how often a workload is run."""
    return 3 if quick else 5


def start(module: str, *arguments: object) -> "subprocess.Popen[bytes]":
    """Start a module of the benchmarks in a process of its own."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment)


def line(process: "subprocess.Popen[bytes]") -> Measures:
    """Return what a process reports next."""
    assert process.stdout is not None
    return msgspec.json.decode(process.stdout.readline(), type=Measures)


def run(module: str, *arguments: object) -> Measures:
    """Run a module of the benchmarks, and return what it reports, nothing where that is nothing."""
    process = start(module, *arguments)
    output, _ = process.communicate()
    if process.returncode != 0:
        sys.exit(f"benchmarks.{module} ended with code {process.returncode}")
    return msgspec.json.decode(output, type=Measures) if output else {}


def medians(measured: Iterable[Measures]) -> Measures:
    """Return the median of each measure."""
    listed = list(measured)
    return {name: statistics.median(one[name] for one in listed) for name in listed[0]}


def _answered(data: Path, task: str) -> Measures:
    begun = time.perf_counter()
    process = start("restart", "answer", data, "--task", task)
    line(process)
    total = time.perf_counter() - begun
    found = line(process)
    process.communicate()
    return {**found, "total_s": total}


if __name__ == "__main__":
    main()
