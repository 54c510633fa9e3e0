"""What the JSON journal costs: appends a second, the latency of one append, and the time to load what lives.

Run: ``python benchmarks/bench_journal.py [directory]``; the directory decides which disk is measured.
"""

import asyncio
import gc
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from workflow_engine.journal.json_journal import JsonJournal
from workflow_engine.journal.lines import encode_commit
from workflow_engine.journal.port import Commit

TASKS = 200_000
COMPONENTS: dict[str, Any] = {
    "identity": {
        "id": "0190f3c2-7a5e-7bd4-9a5c-000000000000",
        "workflow": "document-review",
        "definition": "5d41402abc4b2a76b9719d911017c592",
        "submitted_at": 1700000000.123,
    },
    "data": {"topic": "the durability of things", "path": "inbox/2024/11/contract-000123.pdf"},
    "status": {"state": "waiting_human", "reason": None, "since": 1700000000.456},
    "context": {"language": "en"},
    "outputs+": {"draft": {"text": "Three sentences on the topic at hand."}},
    "progress": {"draft": {"visits": 1, "outcome": "completed"}},
    "artifacts": [],
    "question": {"prompt": "Publish this?", "due": 1700172800.0},
}


async def main(directory: Path) -> None:
    """Measure, and print a table."""
    rows = [
        *await latency(directory / "latency"),
        *await throughput(directory / "throughput"),
        *await load(directory / "load"),
    ]
    for name, value in rows:
        print(f"{name:<58} {value:>14}")


async def latency(directory: Path) -> list[tuple[str, str]]:
    """Measure commits that are awaited one at a time."""
    journal = JsonJournal(directory)
    await journal.open()
    seconds: list[float] = []
    for n in range(1, 2001):
        start = time.perf_counter()
        await journal.append(Commit(n, 0.0, {f"t{n}": COMPONENTS}))
        seconds.append(time.perf_counter() - start)
    await journal.close()
    cuts = statistics.quantiles(seconds, n=100)
    return [
        ("one append at a time, p50", f"{cuts[49] * 1e3:.3f} ms"),
        ("one append at a time, p99", f"{cuts[98] * 1e3:.3f} ms"),
    ]


async def throughput(directory: Path) -> list[tuple[str, str]]:
    """Measure commits that share syncs, and what one costs the loop's thread."""
    journal = JsonJournal(directory, segment_bytes=1 << 40)
    await journal.open()
    commits = [Commit(n, 0.0, {f"t{n}": COMPONENTS}) for n in range(1, 100_001)]
    start = time.perf_counter()
    for commit in commits:
        encode_commit(commit)
    encoding = time.perf_counter() - start
    start = time.perf_counter()
    last = [journal.append(commit) for commit in commits][-1]
    appending = time.perf_counter() - start
    await last
    total = time.perf_counter() - start
    await journal.close()
    per = 1e6 / len(commits)
    return [
        ("appends a second, one entity of 8 components each", f"{len(commits) / total:,.0f}"),
        ("encoding, on the loop's thread", f"{encoding * per:.2f} us"),
        ("the rest of an append, with the writer busy", f"{(appending - encoding) * per:.2f} us"),
    ]


async def load(directory: Path) -> list[tuple[str, str]]:
    """Measure the opening of a journal of parked tasks, before and after compaction."""
    journal = JsonJournal(directory, segment_bytes=1 << 40)
    await journal.open()
    size = 500
    for n in range(TASKS // size):
        await journal.append(Commit(n + 1, 0.0, {f"t{n * size + i}": COMPONENTS for i in range(size)}))
    await journal.close()
    rows = [await opened(directory, "segments")]
    journal = JsonJournal(directory)
    await journal.open()
    start = time.perf_counter()
    await journal.compact()
    rows.append((f"compaction of {TASKS:,} tasks, in its own process", f"{time.perf_counter() - start:.2f} s"))
    await journal.close()
    del journal
    gc.collect()
    rows.append(await opened(directory, "snapshot"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [*rows, ("memory at most, whole benchmark", f"{peak:,.0f} MiB")]


async def opened(directory: Path, what: str) -> tuple[str, str]:
    """Measure one opening."""
    journal = JsonJournal(directory)
    start = time.perf_counter()
    recovered = await journal.open()
    seconds = time.perf_counter() - start
    if len(recovered.entities) != TASKS:
        raise AssertionError(f"{len(recovered.entities)} tasks came back")
    await journal.close()
    return f"opening with {TASKS:,} parked tasks, from the {what}", f"{seconds:.2f} s"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as place:
        asyncio.run(main(Path(place)))
