"""A process that is killed in the middle of deliveries loses nothing of them."""

import json
import random
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.sink_servers import WITHIN, Receiver, receiving
from workflow_engine.sinks.index import Index

PROCESS = Path(__file__).with_name("sink_process.py")
ROOT = Path(__file__).parents[2]


def process(data_dir: Path, receiver: Receiver, tasks: int) -> "subprocess.Popen[bytes]":
    """Begin a life."""
    return subprocess.Popen([sys.executable, str(PROCESS), str(data_dir), receiver.url, str(tasks)], cwd=ROOT)


def place(name: str) -> tuple[int, ...]:
    """Return what events are ordered by."""
    return tuple(map(int, name.split(".")))


def file_ids(data_dir: Path) -> list[str]:
    """Return the ids in all files of the sink, oldest first."""
    files = sorted(data_dir.glob("audit.jsonl.*"), key=lambda path: -int(path.suffix[1:]))
    current = data_dir / "audit.jsonl"
    lines = [
        line for path in [*files, *([current] if current.exists() else [])] for line in path.read_text().splitlines()
    ]
    return [json.loads(line)["id"] for line in lines]


@pytest.mark.slow
def test_every_event_arrives_in_order_although_the_process_is_killed_again_and_again(tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    dice = random.Random(seed)
    seen: list[str] = []
    with receiving() as receiver:
        for _ in range(8):
            answers: list[int | str] = dice.choices([200, 500, 503, "close", "cut"], weights=[6, 1, 1, 1, 1], k=6)
            receiver.plan(*answers)
            life = process(tmp_path, receiver, 10_000)
            for _ in range(dice.randint(1, 12)):
                seen += [event["id"] for event in json.loads(receiver.next().body)["events"]]
            life.send_signal(signal.SIGKILL)
            life.wait(WITHIN)
        while not receiver.answers.empty():
            receiver.answers.get()
        assert process(tmp_path, receiver, 3).wait(60) == 0
        while not receiver.requests.empty():
            seen += [event["id"] for event in json.loads(receiver.requests.get().body)["events"]]
    model = Index(tmp_path).model
    model.catch_up()
    told: list[str] = []
    while rows := model.events(
        after_n=place(told[-1])[0] if told else 0, after_i=place(told[-1])[1] if told else None, limit=1_000
    ):
        told += [f"{row.n}.{row.i}" for row in rows]
    assert list(dict.fromkeys(seen)) == told, f"seed {seed}"
    assert file_ids(tmp_path) == told, f"seed {seed}"
