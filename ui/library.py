"""The library: workflow files that are written in the dashboard, every version of them.

::

    <data_dir>/workflows/<name>/20261120T101500000000Z-4086f265.yaml

The newest of a name is registered at a start, and whenever one is saved.  Programs that a file names by relative paths
are looked for in the same folder.
"""

import hashlib
import os
import re
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from workflow_engine.ecs_workflow import ECSWorkflowEngine, WorkflowSpec
from workflow_engine.errors import ConfigError, EngineError, InputRefused, SpecError
from workflow_engine.spec.files.nodes import MappingNode, ScalarNode
from workflow_engine.spec.files.reading import BYTES_MAX as BYTES_MAX
from workflow_engine.spec.files.reading import read
from workflow_engine.spec.files.yaml_tree import compose
from workflow_engine.spec.loading import Loaded, load_text
from workflow_engine.spec.strict import NAME

FOLDER: Final = "workflows"
"""Where the files are, below the data directory."""

FILE: Final = "the file"
"""What messages call a text that is not saved yet."""

WITHOUT_PAGE: Final = frozenset({".", "..", "new"})
"""Names that no address can have; browsers take the first two for folders."""

FOLDER_NAME_MAX: Final = 200
"""Length of a folder's name at most, in bytes; file systems allow 255."""

_FILE: Final = re.compile(r"(\d{8}T\d{12}Z)-([0-9a-f]{8})\.yaml")
_MOMENT: Final = "%Y%m%dT%H%M%S%fZ"
_PLAIN: Final = " !$&'()+,;=@^_`{}~"  # beside letters, digits and "-._~": what every file system takes


class Version(NamedTuple):
    """One saved file.

    Attributes:
        path: where it is.
        digest: how the hash of its definition begins.
        saved_at: when it was saved, UTC.
    """

    path: Path
    digest: str
    saved_at: datetime


class NewerVersion(InputRefused):
    """Somebody else has saved a workflow since the text was read that was to be saved.

    Attributes:
        name: of the workflow.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"workflow {self.name!r} was changed meanwhile; look at what has changed, then save again"


class Library:
    """Keeps workflow files below the data directory of an engine, and registers them.  For any thread."""

    def __init__(self, engine: ECSWorkflowEngine) -> None:
        self._engine = engine
        self._folder = engine.data_dir / FOLDER
        self._lock = threading.Lock()
        self.problems: dict[str, str] = {}
        """Why the newest file of a name could not be registered, by name."""

    def register_all(self) -> None:
        """Register the newest file of every name; one that cannot be is noted in `problems`."""
        for folder in sorted(self._folder.iterdir()) if self._folder.is_dir() else []:
            versions = _versions(folder)
            if versions:
                self._register(versions[0])

    def folder(self, name: str) -> Path:
        """Return where the files of a workflow are, and the programs that they name; it need not be there."""
        return self._folder / folder_name(name)

    def versions(self, name: str) -> list[Version]:
        """Return the saved files of a workflow, the newest first."""
        return _versions(self.folder(name)) if NAME.fullmatch(name) else []

    def text(self, name: str) -> str | None:
        """Return the newest file of a workflow; None where none was saved, or it cannot be read."""
        versions = self.versions(name)
        return saved_text(versions[0]) if versions else None

    def load(self, text: str) -> Loaded:
        """Return the workflow that *text* holds; programs are looked for in the folder of that workflow.

        Raises:
            SpecError: it is wrong; ``problems`` are what ``workflow-engine validate`` says of a file there.
        """
        name = _named(text)
        return load_text(text, FILE, self.folder(name) if name is not None else None)

    def save(self, text: str, since: str | None = None) -> WorkflowSpec:
        """Keep a workflow file as the newest version of its workflow, and register it.

        Args:
            text: the file.
            since: seal of the text that its writer has begun from, see `seal_of`; the file is not saved if there is a
                newer one.  None saves it in any case.

        Raises:
            SpecError: the file is wrong.
            NewerVersion: see *since*.
            InputRefused: it is too long, or its name cannot be that of a saved workflow.
            ConfigError: the disk does not take it.
        """
        content = text.encode("utf-8", "surrogatepass")
        if len(content) > BYTES_MAX:
            raise InputRefused(f"the file has {len(content):,} bytes, more than {BYTES_MAX:,}; split the workflow")
        spec = self.load(text).spec
        if spec.name in WITHOUT_PAGE:
            raise InputRefused(f"a workflow that is saved here cannot be called {spec.name!r}; choose another name")
        with self._lock:
            if since is not None and since != seal_of(self.current(spec.name)):
                raise NewerVersion(spec.name)
            self._write(spec, content)
            self._engine.register_workflow(spec)
            self.problems.pop(spec.name, None)
        return spec

    def current(self, name: str) -> str | None:
        """Return the text of the definition that new tasks of a workflow go by, to be edited; None where there is none.

        That is the newest saved file, unless a program has registered another definition since.
        """
        from workflow_engine.spec.writing import to_yaml  # it makes the JSON Schema

        spec = next((spec for spec in self._engine.workflows() if spec.name == name), None)
        versions = self.versions(name)
        if versions and (spec is None or name in self.problems or spec.digest().startswith(versions[0].digest)):
            text = saved_text(versions[0])
            if text is not None:
                return text
        return to_yaml(spec) if spec is not None else None

    def _write(self, spec: WorkflowSpec, content: bytes) -> None:
        folder = self.folder(spec.name)
        saved_at = datetime.now(UTC).strftime(_MOMENT)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / f"{saved_at}-{spec.digest()[:8]}.yaml", content)
        except OSError as error:
            raise ConfigError(
                f"workflow {spec.name!r} cannot be saved in {folder}: {error.strerror or error}; nothing was changed"
            ) from error

    def _register(self, version: Version) -> None:
        folder = version.path.parent
        try:
            data = version.path.read_bytes()
            self._engine.register_workflow(load_text(data, str(version.path), folder).spec)
        except (EngineError, OSError) as error:
            self.problems[_name_in(version, folder)] = str(error)


def seal_of(text: str | None) -> str:
    """Return what a form carries about the text that its reader has begun from; the same text has the same seal."""
    return "" if text is None else hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def saved_text(version: Version) -> str | None:
    """Return a saved file; None where it cannot be read."""
    try:
        return version.path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return None


def folder_name(name: str) -> str:
    """Return what the folder of a workflow is called: its name wherever a file system takes that, unlike any other's.

    What not every file system takes is written as in an address, and a long name is cut and told apart by its hash.
    """
    written = quote(name, safe=_PLAIN, errors="surrogatepass")
    if written[0] == ".":
        written = "%2E" + written[1:]
    if written[-1] == ".":
        written = written[:-1] + "%2E"
    if len(written) > FOLDER_NAME_MAX:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        cut = re.sub("%.?$", "", written[: FOLDER_NAME_MAX - 18])
        return f"{cut}%-{digest}"  # no other name is written with this sign and a hyphen
    return written


def _versions(folder: Path) -> list[Version]:
    if not folder.is_dir():
        return []
    found = [version for path in folder.iterdir() if (version := _version(path)) is not None]
    return sorted(found, key=lambda version: (version.saved_at, version.path.name), reverse=True)


def _version(path: Path) -> Version | None:
    match = _FILE.fullmatch(path.name)
    if match is None:
        return None
    try:
        saved_at = datetime.strptime(match[1], _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Version(path, match[2], saved_at)


def _named(text: str | bytes) -> str | None:
    """Return the name that a file gives its workflow; None where it cannot be read that far."""
    try:
        root = compose(read(text, FILE))
    except SpecError:
        return None
    entry = root.entries.get("name") if isinstance(root, MappingNode) else None
    given = entry.value if entry is not None else None
    return given.text if isinstance(given, ScalarNode) and NAME.fullmatch(given.text) else None


def _name_in(version: Version, folder: Path) -> str:
    """Return the name of the workflow of a file that may be wrong or not be there."""
    text = saved_text(version)
    return (_named(text) if text is not None else None) or unquote(folder.name)


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, durably."""
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
