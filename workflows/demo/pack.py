"""Packs the artifacts of a demo task.  A program: it reads the task as JSON on stdin, leaves a zip in ``outputs/``."""

import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any, Final

BUNDLE: Final = "bundle.zip"
MANIFEST: Final = "manifest.json"

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say: the same artifacts make the same bytes


def packed(artifacts: dict[str, str], bundle: Path) -> list[dict[str, Any]]:
    """Write the files at the paths of *artifacts* to *bundle* under their names, with a manifest, which is returned."""
    manifest: list[dict[str, Any]] = []
    with zipfile.ZipFile(bundle, "w") as archive:
        for name, place in sorted(artifacts.items()):
            path = Path(place)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256")
            with path.open("rb") as file, archive.open(_entry(name), "w", force_zip64=True) as entry:
                while piece := file.read(1 << 20):
                    entry.write(piece)
            manifest.append({"name": name, "bytes": path.stat().st_size, "sha256": digest.hexdigest()})
        archive.writestr(_entry(MANIFEST), json.dumps(manifest, indent=2))
    return manifest


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def main() -> None:
    """Do what the module says."""
    given = json.load(sys.stdin)
    bundle = Path("outputs", BUNDLE)
    manifest = packed(given["artifacts"], bundle)
    json.dump(
        {"bundle": BUNDLE, "bytes": bundle.stat().st_size, "files": [file["name"] for file in manifest]}, sys.stdout
    )


if __name__ == "__main__":
    main()
