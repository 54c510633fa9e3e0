"""``workflow-engine sinks``, and sinks that installed packages bring along."""

import json
import sys
from pathlib import Path

import pytest

from tests.contract.sink_servers import receiving
from tests.unit.sink_given import journal_of
from workflow_engine.cli.main import main
from workflow_engine.errors import ConfigError
from workflow_engine.sinks.kept import Kept, SinkState
from workflow_engine.sinks.making import plugged_sink
from workflow_engine.sinks.place import Place
from workflow_engine.sinks.running import Sinks
from workflow_engine.sinks.settings import CustomSettings

SETTINGS = """
data_dir = "data"
[sinks.audit]
type = "file"
path = "audit.jsonl"
[sinks.ops]
type = "webhook"
url = "URL"
"""

PACKAGE = """
import json, pathlib

class Pigeons:
    def __init__(self, loft):
        self.loft = pathlib.Path(loft)
    def deliver(self, events):
        with self.loft.open("a") as file:
            file.writelines(event.id + "\\n" for event in events)
    def close(self):
        pass

class Lame:
    def deliver(self, events):
        pass
"""


@pytest.fixture
async def config(tmp_path: Path) -> Path:
    """A settings file with two sinks, beside data of one task."""
    await (await journal_of(tmp_path / "data", 1)).close()
    path = tmp_path / "workflow-engine.toml"
    path.write_text(SETTINGS.replace("URL", "http://127.0.0.1:9/x"))
    return path


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run a command; return its exit code, output and complaints."""
    capsys.readouterr()
    code = main(["sinks", *words])
    found = capsys.readouterr()
    return code, found.out, found.err


async def test_sinks_are_listed_with_where_they_are_and_what_is_wrong(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = SinkState(
        Place(1), delivered=7, error="ops answered 500", since=1.0, tries=4, failing=("2.0", "2.1"), dead=2
    )
    Kept(config.parent / "data", "ops").save(state)
    code, out, err = said(capsys, "--config", str(config))
    assert (code, err) == (0, "")
    lines = [line.split("\t") for line in out.splitlines()]
    assert lines[0] == ["SINK", "TYPE", "CURSOR", "BEHIND", "DELIVERED", "SET ASIDE", "LAST", "ERROR"]
    assert lines[1] == ["audit", "file", "", "", "", "", "", "not begun"]
    assert lines[2][:6] == ["ops", "webhook", "1", "2", "7", "2"]
    assert lines[2][7].startswith("ops answered 500 (")


async def test_a_delivery_that_fails_is_skipped(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = Kept(config.parent / "data", "ops")
    kept.save(SinkState(Place(1), error="no", since=1.0, failing=("2.0", "2.1")))
    assert said(capsys, "skip", "ops", "--config", str(config)) == (0, "ops goes on behind 2.1\n", "")
    assert kept.load() == SinkState(Place(2, 1))
    code, _, err = said(capsys, "skip", "ops", "--config", str(config))
    assert (code, err) == (
        2,
        "error: no delivery to ops fails; --all skips everything that it has not got yet\n",
    )
    assert said(capsys, "skip", "ops", "--all", "--config", str(config)) == (0, "ops goes on behind 3\n", "")
    assert [json.loads(line)["skipped"] for line in kept.dead.read_text().splitlines()] == [
        {"after": "1", "upto": "2.1"},
        {"after": "2.1", "upto": "3"},
    ]


async def test_a_sink_is_tried_out(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with receiving() as receiver:
        config.write_text(SETTINGS.replace("URL", receiver.url))
        assert said(capsys, "test", "ops", "--config", str(config)) == (0, "ops has taken the event SinkTest\n", "")
        assert json.loads(receiver.next().body)["events"][0]["event"] == "SinkTest"
        receiver.plan(500)
        code, _, err = said(capsys, "test", "ops", "--config", str(config))
        assert (code, err) == (2, "error: 127.0.0.1 answered 500 Internal Server Error: said\n")


async def test_a_sink_that_there_is_not_is_named(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused = [said(capsys, word, "opps", "--config", str(config)) for word in ("skip", "test")]
    assert refused == [
        (2, "", "error: there is no sink 'opps'; there are: audit, ops\n"),
        (2, "", "error: the settings have no sink 'opps'; there are: audit, ops\n"),
    ]


def install(place: Path) -> None:
    """Put a package on disk that offers sinks, as an installer would."""
    (place / "pigeon_post.py").write_text(PACKAGE)
    info = place / "pigeon_post-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeon-post\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[workflow_engine.sinks]\npigeons = pigeon_post:Pigeons\nlame = pigeon_post:Lame\n"
    )


async def test_an_installed_package_brings_sinks_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    await (await journal_of(tmp_path / "data", 1)).close()
    loft = tmp_path / "loft"
    settings = CustomSettings(type="custom", sink="pigeons", options={"loft": str(loft)}, begin="beginning")
    sinks = Sinks(tmp_path / "data", {"birds": settings})
    sinks.start()
    assert sinks.close(20) == ()
    assert loft.read_text().split() == ["2.0", "2.1", "3.0"]
    with pytest.raises(ConfigError, match=r"'lame'.*has no method `close`; mend its package"):
        plugged_sink("lame", {})
    with pytest.raises(ConfigError, match=r"'pigeons'.*cannot be made: TypeError.*mend its options or its package"):
        plugged_sink("pigeons", {})
    with pytest.raises(ConfigError, match="no installed package has a sink 'owls'; there are: lame, pigeons"):
        plugged_sink("owls", {})
