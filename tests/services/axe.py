"""axe-core, which finds what keeps people from using a page; fetched once, by npm, and kept outside the checkout."""

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Final

VERSION: Final = "4.14.1"
SHA256: Final = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
"""Of the script in the package, so that the same checks run everywhere."""

WITHIN: Final = 120.0
"""Seconds that npm may take."""


class AxeMissing(Exception):
    """axe-core is not on this machine and cannot be fetched; the message says how to mend that."""


def script() -> str:
    """Return axe-core, as JavaScript that defines ``axe``.

    Raises:
        AxeMissing: it could not be had.
    """
    kept = folder() / "axe.min.js"
    if not kept.is_file():
        _fetch(kept)
    content = kept.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise AxeMissing(f"{kept} is not axe-core {VERSION} as it was published; delete it, and it is fetched again")
    return content.decode()


def folder() -> Path:
    """Return where the version that we test with is kept."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "workflow-engine-tests" / f"axe-core-{VERSION}"


def _fetch(kept: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise AxeMissing(
            f"axe-core {VERSION} is not in {kept.parent}, and there is no npm on this machine to fetch it; "
            "install npm (Debian: apt-get install npm), then try again"
        )
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
        _pack(npm, Path(scratch))
        unpacked = Path(scratch, "axe.min.js")
        with tarfile.open(next(Path(scratch).glob("*.tgz"))) as archive:
            member = archive.extractfile("package/axe.min.js")
            assert member is not None
            unpacked.write_bytes(member.read())
        unpacked.replace(kept)  # at once, should two test runs fetch it together


def _pack(npm: str, scratch: Path) -> None:
    command = [npm, "pack", f"axe-core@{VERSION}", "--silent", "--pack-destination", str(scratch)]
    try:
        subprocess.run(command, cwd=scratch, check=True, capture_output=True, text=True, timeout=WITHIN)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = str(error.stderr or error).strip()
        raise AxeMissing(f"npm cannot fetch axe-core {VERSION}: {said}; see that npm reaches its registry") from error


if __name__ == "__main__":
    script()
    print(folder())
