"""Carries out one step of a release in a folder that stands for a web site: release_step.py STEP.

Each step can be done again: after a crash it may have been done already.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from workflow_engine.workflows.programs.given import give, refuse, task

CHANNELS: Final = ("mail",)


def tag(site: Path, release: Mapping[str, Any]) -> str:
    """Name the version."""
    path = site / "tags" / release["version"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return str(path)


def untag(site: Path, release: Mapping[str, Any]) -> str:
    """Undo `tag`."""
    path = site / "tags" / release["version"]
    path.unlink(missing_ok=True)
    return str(path)


def upload(site: Path, release: Mapping[str, Any]) -> str:
    """Put the version where people fetch it."""
    path = site / "files" / f"release-{release['version']}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"This is version {release['version']}.\n", encoding="utf-8")
    return str(path)


def withdraw(site: Path, release: Mapping[str, Any]) -> str:
    """Undo `upload`."""
    path = site / "files" / f"release-{release['version']}.txt"
    path.unlink(missing_ok=True)
    return str(path)


def announce(site: Path, release: Mapping[str, Any]) -> str:
    """Tell people, where there is such a channel."""
    if release["channel"] not in CHANNELS:
        refuse(f"there is no channel {release['channel']!r}; there are: {', '.join(CHANNELS)}")
    path = site / f"{release['channel']}.txt"
    path.write_text(f"Version {release['version']} is out.\n", encoding="utf-8")
    return str(path)


STEPS: Final[Mapping[str, Callable[[Path, Mapping[str, Any]], str]]] = {
    step.__name__: step for step in (tag, untag, upload, withdraw, announce)
}


def main() -> None:
    """Do what the module says."""
    name = sys.argv[1]
    release = task()["data"]
    site = Path(release["site"])
    made = STEPS[name](site, release)
    with (site / "log.txt").open("a", encoding="utf-8") as log:
        log.write(f"{name} {release['version']}\n")
    give({"step": name, "path": made})


if __name__ == "__main__":
    main()
