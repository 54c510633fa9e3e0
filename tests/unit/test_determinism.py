"""Same inputs, same ticks, same bytes: in one process, and in others that hash strings otherwise."""

import hashlib
import subprocess
import sys
from pathlib import Path

from tests.unit.core_story import as_bytes, told
from workflow_engine.core.core import Core

ROOT = Path(__file__).parents[2]
TICKS = 400

PROGRAM = """
import hashlib, sys
from tests.unit.core_story import as_bytes, told
from workflow_engine.core.core import Core
print(hashlib.sha256(as_bytes(told(Core(), 3, 400))).hexdigest(), hash("a word"))
"""


def elsewhere(hash_seed: str) -> tuple[str, str]:
    """Return the hash of the story's decisions, and of a word, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    decisions, word = run.stdout.split()
    return decisions, word


def test_the_same_inputs_give_the_same_bytes_twice() -> None:
    assert as_bytes(told(Core(), 3, TICKS)) == as_bytes(told(Core(), 3, TICKS))


def test_other_inputs_give_other_bytes() -> None:
    assert as_bytes(told(Core(), 3, TICKS)) != as_bytes(told(Core(), 4, TICKS))


def test_processes_that_hash_strings_otherwise_give_the_same_bytes() -> None:
    here = hashlib.sha256(as_bytes(told(Core(), 3, TICKS))).hexdigest()
    (first, word), (second, another) = elsewhere("1"), elsewhere("2")
    assert (first, second) == (here, here)
    assert word != another


def test_what_a_core_did_before_in_another_world_of_the_process_makes_no_difference() -> None:
    busy = Core()
    told(busy, 9, TICKS)
    assert as_bytes(told(Core(), 3, TICKS)) == as_bytes(told(Core(), 3, TICKS))
    busy.close()
