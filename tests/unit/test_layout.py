"""The folders are the architecture: these tests fail when an import, a package or a word strays."""

import ast
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).parents[2]
LINKS: Final = ("adapters", "ui", "workflows")

ONLY: Final = {
    "workflow_engine.core": ("workflow_engine.core", "workflow_engine.spec", "workflow_engine.errors"),
    "workflow_engine.spec": ("workflow_engine.spec", "workflow_engine.errors"),
    "workflow_engine.drawing": ("workflow_engine.drawing", "workflow_engine.spec", "workflow_engine.errors"),
    "workflow_engine.errors": (),
    "workflow_engine.readmodel": tuple(
        f"workflow_engine.{name}" for name in ("core", "journal", "readmodel", "errors")
    ),
}
"""What of our own a package may import, for those where the list is short."""

OUTER: Final = tuple(f"workflow_engine.{name}" for name in ("core", "readmodel", "runtime", "ui", "adapters", "cli"))
NEVER: Final = {"workflow_engine.journal": OUTER, "workflow_engine.artifacts": OUTER}
"""What of our own a package may not import."""

PRIVATE: Final = {
    "workflow_engine.ui": ("workflow_engine.ui", "workflow_engine.cli"),
    "workflow_engine.cli": ("workflow_engine.cli", "workflow_engine.ui_server", "workflow_engine.__main__"),
}
"""Packages at the rim, and the only modules that may import them."""

HEAVY: Final = {
    "openai": ("workflow_engine.adapters.openai",),
    "anthropic": ("workflow_engine.adapters.anthropic",),
    "genai_prices": (),
    "mcp": (),
    "aiokafka": ("workflow_engine.kafka_interface",),
    "flask": ("workflow_engine.ui",),
    "waitress": ("workflow_engine.ui",),
    "pydantic_settings": ("workflow_engine.config",),
}
"""What costs seconds to import, and the modules whose job it is; everywhere else it loads where it is used."""

REGISTRY: Final = re.compile(r"--(?:extra-)?index-url|https?://[\w.-]*pypi[.-]|https?://registry[.-]")
"""A registry host or a way to choose one: a property of somebody's machine, not of the project."""


class Import(NamedTuple):
    """One imported name.

    Attributes:
        name: dotted, with what a `from` import takes out of the module; it begins with a dot for a relative import.
        line: where it stands.
        late: whether it stands in a function or under `if TYPE_CHECKING`, so that importing the module does not run it.
    """

    name: str
    line: int
    late: bool


class Module(NamedTuple):
    """One parsed file of the package, under the name it is imported by."""

    name: str
    path: Path
    tree: ast.Module


def modules(root: Path) -> Iterator[Module]:
    """Yield the modules of the package in checkout *root*, those behind the links too."""
    for folder, _, files in os.walk(root / "workflow_engine", followlinks=True):
        for file in sorted(files):
            path = Path(folder, file)
            if path.suffix == ".py":
                name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
                yield Module(name, path.relative_to(root), ast.parse(path.read_text(encoding="utf-8")))


def imports(node: ast.AST, late: bool = False) -> Iterator[Import]:
    """Yield what *node* and everything below it imports."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, late) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            module = "." * child.level + (child.module or "")
            yield from (Import(f"{module}.{alias.name}", child.lineno, late) for alias in child.names)
        else:
            yield from imports(child, late or is_late(child))


def is_late(node: ast.AST) -> bool:
    """Return whether the body of *node* does not run when its module is imported."""
    if isinstance(node, ast.If):
        return ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def within(name: str, *packages: str) -> bool:
    """Return whether dotted *name* is one of *packages* or below one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def strays(importer: str, found: Import) -> bool:
    """Return whether module *importer* must not import what was *found*."""
    name = found.name
    ours = within(name, "workflow_engine")
    return (
        name.startswith(".")
        or any(ours and not within(name, *allowed) for package, allowed in ONLY.items() if within(importer, package))
        or any(within(name, *banned) for package, banned in NEVER.items() if within(importer, package))
        or any(not within(importer, *users) for package, users in PRIVATE.items() if within(name, package))
        or any(not (found.late or within(importer, *users)) for heavy, users in HEAVY.items() if within(name, heavy))
    )


def misuses_of_esper(module: Module) -> Iterator[int]:
    """Yield the lines where *module* takes more of esper than it may: a system its base class, others nothing."""
    if module.name == "workflow_engine.core.world":
        return
    allowed = {"esper", "esper.Processor"} if within(module.name, "workflow_engine.core.systems") else set[str]()
    yield from (i.line for i in imports(module.tree) if within(i.name, "esper") and i.name not in allowed)
    bases = {id(n.value) for n in ast.walk(module.tree) if isinstance(n, ast.Attribute) and n.attr == "Processor"}
    names = (node for node in ast.walk(module.tree) if isinstance(node, ast.Name) and node.id == "esper")
    yield from (node.lineno for node in names if id(node) not in bases)
    aliases = (node for node in ast.walk(module.tree) if isinstance(node, ast.Import))
    yield from (node.lineno for node in aliases for alias in node.names if alias.name == "esper" and alias.asname)


def complaints(root: Path) -> list[str]:
    """Return what is wrong with the imports of the package in checkout *root*, as `file:line what`."""
    rows = [
        f"{module.path}:{found.line} {found.name}"
        for module in modules(root)
        for found in imports(module.tree)
        if strays(module.name, found)
    ]
    return rows + [f"{module.path}:{line} esper" for module in modules(root) for line in misuses_of_esper(module)]


def packages(root: Path) -> list[str]:
    """Return the packages that checkout *root* holds: every folder with Python in it, under its dotted name."""
    folders = {module.path.parent for module in modules(root)}
    return sorted(".".join(folder.parts) for folder in folders)


def registries(root: Path, files: list[str]) -> list[str]:
    """Return the lines of *files* that name a registry host, as `file:line`."""
    rows: list[str] = []
    for file in files:
        content = (root / file).read_bytes() if (root / file).is_file() else b""
        lines = [] if b"\0" in content else content.decode(errors="replace").splitlines()
        rows += [f"{file}:{number}" for number, line in enumerate(lines, 1) if REGISTRY.search(line)]
    return rows


def project_files(root: Path) -> list[str]:
    """Return what git tracks in checkout *root*, and what it would track: everything that is not ignored."""
    # safe.directory: the checkout of a CI job may belong to another user
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")[:-1]


def planted(root: Path, file: str, source: str) -> Path:
    """Write *source* as *file* into a checkout *root* that holds nothing else, and return *root*."""
    path = root / file
    path.parent.mkdir(parents=True)
    path.write_text(source, encoding="utf-8")
    return root


def test_imports_point_inward() -> None:
    assert complaints(ROOT) == []


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("core/x.py", "import workflow_engine.runtime.local"),
        ("core/x.py", "from workflow_engine import journal"),
        ("core/x.py", "def f():\n    from workflow_engine.artifacts import port"),
        ("core/x.py", "from workflow_engine.specials import x"),
        ("spec/x.py", "from workflow_engine.core import core"),
        ("errors.py", "import workflow_engine.spec"),
        ("journal/x.py", "from workflow_engine.core.components import Status"),
        ("journal/x.py", "from workflow_engine.readmodel.read_model import ReadModel"),
        ("core/x.py", "from workflow_engine.readmodel.read_model import ReadModel"),
        ("readmodel/x.py", "from workflow_engine.runtime.local import LocalHost"),
        ("artifacts/x.py", "from workflow_engine import runtime"),
        ("runtime/x.py", "from workflow_engine.ui import app"),
        ("adapters/x.py", "import workflow_engine.cli.main"),
        ("runtime/x.py", "from .local import Host"),
        ("runtime/x.py", "import openai"),
        ("runtime/x.py", "class A:\n    import anthropic.types"),
        ("adapters/x.py", "try:\n    from aiokafka import AIOKafkaProducer\nexcept ImportError:\n    pass"),
        ("ui_server.py", "import flask"),
        ("runtime/x.py", "import esper"),
        ("core/core.py", "from esper import Processor"),
        ("core/systems/x.py", "import esper as e"),
        ("core/systems/x.py", "from esper import add_processor"),
        ("core/systems/x.py", "import esper\nesper.switch_world('x')"),
        ("core/systems/x.py", "import esper\nprint(esper)"),
    ],
)
def test_an_import_that_strays_is_seen(tmp_path: Path, file: str, source: str) -> None:
    assert complaints(planted(tmp_path, f"workflow_engine/{file}", source)) != []


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("core/x.py", "from workflow_engine.spec import graph\nfrom workflow_engine.errors import EngineError"),
        ("core/world.py", "import esper\nesper.switch_world('x')"),
        ("core/systems/x.py", "import esper\nclass X(esper.Processor): ..."),
        ("journal/x.py", "from workflow_engine.errors import JournalError"),
        ("runtime/x.py", "from workflow_engine.core import core"),
        ("ui/x.py", "import flask"),
        ("runtime/x.py", "def f():\n    import openai"),
        ("runtime/x.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import openai"),
        ("adapters/openai.py", "import openai"),
    ],
)
def test_an_import_that_points_inward_is_let_be(tmp_path: Path, file: str, source: str) -> None:
    assert complaints(planted(tmp_path, f"workflow_engine/{file}", source)) == []


def test_a_complaint_names_the_place_behind_a_link(tmp_path: Path) -> None:
    planted(tmp_path, "adapters/x.py", "import math\nimport flask\n")
    (tmp_path / "workflow_engine").mkdir()
    (tmp_path / "workflow_engine/adapters").symlink_to("../adapters")
    assert complaints(tmp_path) == ["workflow_engine/adapters/x.py:2 flask"]


def test_the_wheel_lists_every_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert sorted(project["tool"]["setuptools"]["packages"]) == packages(ROOT)


def test_a_package_is_any_folder_with_python_in_it(tmp_path: Path) -> None:
    planted(tmp_path, "workflow_engine/new/x.py", "")
    assert packages(tmp_path) == ["workflow_engine.new"]


@pytest.mark.parametrize("name", LINKS)
def test_a_folder_at_the_top_is_linked_into_the_package(name: str) -> None:
    assert (ROOT / "workflow_engine" / name).readlink() == Path("..", name)


@pytest.mark.parametrize("folder", ["tests", "examples", "benchmarks"])
def test_imports_outside_the_package_are_absolute(folder: str) -> None:
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / folder).rglob("*.py")}
    assert [path for path, tree in trees.items() for found in imports(tree) if found.name.startswith(".")] == []


def test_no_file_names_a_registry() -> None:
    assert registries(ROOT, project_files(ROOT)) == []


@pytest.mark.parametrize(
    "line",
    [
        "pip install --index" + "-url https://mirror.example/simple x",
        "pip install --extra-index" + "-url=https://mirror.example/simple x",
        "see https://" + "pypi.example/simple",
        "see https://files." + "pypi.example/simple",
        "registry=https://" + "registry.example.org/",
    ],
)
def test_a_registry_is_seen(tmp_path: Path, line: str) -> None:
    root = planted(tmp_path, "docs/x.md", f"fine\n{line}\n")
    assert registries(root, ["docs/x.md", "docs/gone.md"]) == ["docs/x.md:2"]
