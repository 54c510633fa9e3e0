"""The dashboard beside a busy engine: what pages take, and what they cost the engine.

python -m benchmarks.dashboard fill DIRECTORY --tasks 1000000
python -m benchmarks.dashboard measure DIRECTORY --seconds 20 [--pages]
python -m benchmarks.dashboard read URL
python -m benchmarks.dashboard streams --streams 100
"""

import argparse
import asyncio
import contextlib
import http.client
import json
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.engines import echo3, engine
from benchmarks.measuring import ROOT, Stopwatch, place, plain_loop, report
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase
from workflow_engine.ui.server import Dashboard
from workflow_engine.ui_settings import UiSettings

PAGES: Final = {
    "overview": "/",
    "list": "/tasks",
    "filter": "/tasks?status=completed&workflow=echo3&order=submitted",
    "phase": "/tasks?status=failed&since=day",
    "search": "/tasks?text=number",
    "failures": "/failures",
    "inbox": "/inbox",
}
"""What an open dashboard asks for."""

PAUSE: Final = 0.5
"""Seconds between two pages: what two open pages ask for that follow a busy engine."""

CLIENTS: Final = 500

WARM_UP: Final = 45.0
"""Seconds before it is measured: after its start an engine looks through all archives for artifacts."""


async def fill(data_dir: Path, tasks: int) -> None:
    """Have tasks done, and the index made of them."""
    async with engine(data_dir, "relaxed") as made:
        for _ in range(0, tasks, 50_000):
            await echo3(made, min(50_000, tasks), CLIENTS)
    subprocess.run([sys.executable, "-m", "workflow_engine.readmodel", str(data_dir)], check=True, stdout=sys.stderr)


async def measure(data_dir: Path, seconds: float, pages: bool) -> None:
    """Report how many tasks a second are done, with pages open or not, and what the pages took."""
    async with engine(data_dir, "full") as made:
        with contextlib.ExitStack() as stack:
            reader = None
            if pages:
                dashboard = Dashboard(made, UiSettings(port=0))
                await asyncio.to_thread(stack.enter_context, dashboard)
                command = [sys.executable, "-m", "benchmarks.dashboard", "read", dashboard.url]
                reader = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
            await _busy(made, WARM_UP)
            watch = Stopwatch()
            done = await _busy(made, seconds)
            taken = watch.stop()
            found: dict[str, float] = {}
            if reader is not None:
                output, _ = await asyncio.to_thread(reader.communicate)
                found = json.loads(output)
    report(tasks_a_second=done / taken["wall"], cpu_us=taken["cpu"] / done * 1e6, loop_ns=taken["loop_ns"], **found)


async def _busy(made: ECSWorkflowEngine, seconds: float) -> int:
    """Put tasks through for so long; return how many."""
    done, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        await echo3(made, 2_000, CLIENTS)
        done += 2_000
    return done


def read(url: str) -> None:
    """Ask for pages, with a stream open, until stdin ends; print the median and the 95th percentile of each, in ms."""
    parts = urllib.parse.urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    threading.Thread(target=_listen, args=(host, port), daemon=True).start()
    ended = threading.Thread(target=sys.stdin.read, daemon=True)
    ended.start()
    taken: dict[str, list[float]] = {name: [] for name in PAGES}
    while ended.is_alive():
        for name, path in PAGES.items():
            taken[name].append(_page(host, port, path))
            ended.join(PAUSE)
    report(**{f"{name}_{part}_ms": value for name, times in taken.items() for part, value in _quantiles(times)})


def _quantiles(times: list[float]) -> Iterator[tuple[str, float]]:
    several = sorted(times[1:] or times)  # the first one loads modules and templates
    yield "p50", statistics.median(several) * 1e3
    yield "p95", several[min(len(several) - 1, round(len(several) * 0.95))] * 1e3


def _page(host: str, port: int, path: str) -> float:
    begun = time.perf_counter()
    connection = http.client.HTTPConnection(host, port, timeout=60)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status == 200, (path, response.status, body[:2_000])
    return time.perf_counter() - begun


def _listen(host: str, port: int) -> None:
    connection = http.client.HTTPConnection(host, port)
    connection.request("GET", "/live")
    response = connection.getresponse()
    while response.readline():
        pass


async def streams(data_dir: Path, count: int, events: int) -> None:
    """Report how long it takes until an event has reached all of many open streams."""
    made = ECSWorkflowEngine(data_dir)
    asking = [Phase(id=f"p{number}", assigned_to="human", prompt="Well?") for number in range(events)]
    made.register_workflow("asks", asking)
    async with made:
        dashboard = Dashboard(made, UiSettings(port=0))
        await asyncio.to_thread(dashboard.start)
        task = await made.submit_task({}, "asks")
        command = [sys.executable, "-m", "benchmarks.dashboard", "hear", dashboard.url, task.id, str(count)]
        hearing = await asyncio.to_thread(
            lambda: subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True)
        )
        assert hearing.stdout is not None
        await asyncio.to_thread(hearing.stdout.readline)  # all of them listen
        for _ in range(events):
            await made.answer(task.id, 1)
            await asyncio.sleep(0.2)
        output, _ = await asyncio.to_thread(hearing.communicate)
        await asyncio.to_thread(dashboard.close)
    report(**json.loads(output), loop_ns=plain_loop())


def hear(url: str, task: str, count: int) -> None:
    """Read streams until stdin ends; print how long each event took to reach the last of them, in ms."""
    parts = urllib.parse.urlsplit(url)
    heard: dict[str, list[float]] = {}
    lock = threading.Lock()
    ready = threading.Barrier(count + 1)

    def follow() -> None:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        connection.request("GET", f"/live/tasks/{urllib.parse.quote(task, safe='')}")
        response = connection.getresponse()
        response.readline()
        ready.wait()
        place = ""
        while line := response.readline():
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                place = value
            elif name == "data" and place:
                took = time.time() - _at(json.loads(value))
                with lock:
                    heard.setdefault(place, []).append(took)

    for _ in range(count):
        threading.Thread(target=follow, daemon=True).start()
    ready.wait()
    print("listening", flush=True)
    sys.stdin.read()
    with lock:
        last = sorted(max(times) for times in heard.values() if len(times) == count)
    report(
        events=float(len(last)),
        p50_ms=statistics.median(last) * 1e3,
        p95_ms=last[min(len(last) - 1, round(len(last) * 0.95))] * 1e3,
    )


def _at(data: dict[str, Any]) -> float:
    found: float = data["at"]
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    filling = commands.add_parser("fill")
    filling.add_argument("directory", type=Path)
    filling.add_argument("--tasks", type=int, default=1_000_000)
    measuring = commands.add_parser("measure")
    measuring.add_argument("directory", type=Path)
    measuring.add_argument("--seconds", type=float, default=20.0)
    measuring.add_argument("--pages", action="store_true")
    reading = commands.add_parser("read")
    reading.add_argument("url")
    hearing = commands.add_parser("hear")
    hearing.add_argument("url")
    hearing.add_argument("task")
    hearing.add_argument("count", type=int)
    streaming = commands.add_parser("streams")
    streaming.add_argument("--streams", type=int, default=100)
    streaming.add_argument("--events", type=int, default=50)
    arguments = parser.parse_args()
    match arguments.command:
        case "fill":
            asyncio.run(fill(arguments.directory, arguments.tasks))
        case "measure":
            asyncio.run(measure(arguments.directory, arguments.seconds, arguments.pages))
        case "read":
            read(arguments.url)
        case "hear":
            hear(arguments.url, arguments.task, arguments.count)
        case _:
            with place() as directory:
                asyncio.run(streams(Path(directory), arguments.streams, arguments.events))
