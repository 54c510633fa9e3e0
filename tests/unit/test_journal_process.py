"""The journal among real processes: a lock, a kill, a limit of the system."""

import asyncio
import random
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from workflow_engine.errors import JournalLocked
from workflow_engine.journal.json_journal import JsonJournal

WRITER = """
    import asyncio, resource, signal, sys
    from pathlib import Path
    from workflow_engine.journal.json_journal import JsonJournal
    from workflow_engine.journal.port import Commit

    async def main(directory, limit):
        journal = JsonJournal(directory, segment_bytes=30_000)
        if limit:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        n = (await journal.open()).n
        print("open", n, flush=True)
        while True:
            waits = []
            for _ in range(n % 7 + 1):
                n += 1
                change = {f"t{n % 50}": {"identity": n}, f"r{n}": {"x": "y" * 50}, f"r{n - 5}": None}
                waits.append(journal.append(Commit(n, float(n), change, (f"t{n % 50}",) if n % 3 == 0 else ())))
            gathered = asyncio.gather(*waits)
            while not gathered.done():
                await asyncio.wait([gathered], timeout=0.2)
                if journal.trouble:
                    print("trouble", journal.trouble, flush=True)
                    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
            print("acked", n, flush=True)

    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


def start(directory: Path, limit: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(directory), str(limit)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def line(process: subprocess.Popen[str], start: str) -> str:
    if process.stdout is None:
        raise AssertionError
    for text in process.stdout:
        if text.startswith(start):
            return text
    raise AssertionError(f"no line starts with {start}")


def kill(process: subprocess.Popen[str]) -> int:
    """Kill *process*, and return the last commit that it said was acknowledged."""
    process.kill()
    text, _ = process.communicate()
    return max((int(found) for found in re.findall(r"acked (\d+)\n", text)), default=0)


async def test_a_second_process_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    process = start(tmp_path)
    line(process, "open")
    with pytest.raises(JournalLocked, match=f"process {process.pid}"):
        await JsonJournal(tmp_path).open()
    kill(process)
    journal = JsonJournal(tmp_path)
    await journal.open()  # the lock died with its holder
    await journal.close()


async def test_nothing_that_was_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    source = random.Random(11)
    found = 0
    for _ in range(8):
        process = start(tmp_path)
        assert int(line(process, "open").split()[1]) == found
        await asyncio.sleep(source.uniform(0.0, 0.4))
        acked = kill(process)
        journal = JsonJournal(tmp_path)
        recovered = await journal.open()
        await journal.close()
        assert recovered.n >= max(acked, found)
        found = recovered.n
        assert sorted(name for name in recovered.entities if name[0] == "r") == sorted(
            f"r{n}" for n in range(max(1, found - 4), found + 1)
        )
    assert found > 100


async def test_a_limit_of_the_system_is_trouble_that_passes(tmp_path: Path) -> None:
    process = start(tmp_path, limit=20_000)
    said = line(process, "trouble")
    assert "File too large" in said
    assert "raise the limit" in said
    line(process, "acked")
    acked = kill(process)
    journal = JsonJournal(tmp_path)
    assert (await journal.open()).n >= acked
    await journal.close()
