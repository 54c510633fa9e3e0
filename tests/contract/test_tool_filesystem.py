"""The filesystem tool on a real disk: what it reads and writes, and that nothing leads out of its mounts."""

import ctypes
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tool_given import call, offers
from workflow_engine.agents.toolbox import filesystem, rooted
from workflow_engine.agents.toolbox.filesystem import filesystem_tool
from workflow_engine.agents.toolbox.workspaces import make_workspace, remove_workspace
from workflow_engine.agents.tools import Tool, ToolError
from workflow_engine.errors import PermanentFailure

SECRET = "the secret"


class Place:
    """A read-only mount ``docs``, a writable mount ``work``, and a secret beside them."""

    def __init__(self, path: Path) -> None:
        self.docs, self.work, self.outside = path / "docs", path / "work", path / "outside"
        for folder in (self.docs / "guides", self.work, self.outside):
            folder.mkdir(parents=True)
        (self.docs / "guides/start.md").write_text("# Start\none\ntwo tides\n")
        (self.docs / "logo.png").write_bytes(b"\x89PNG\0\0")
        self.secret = self.outside / "secret.txt"
        self.secret.write_text(SECRET)
        mounts = {"docs": {"path": str(self.docs)}, "work": {"path": str(self.work), "writable": True}}
        self.tool: Tool = filesystem_tool({"mounts": mounts}, path / "data")

    async def do(self, what: str, **arguments: Any) -> Any:
        """Make a call."""
        return await self.tool.call(f"filesystem_{what}", arguments, call())

    async def refused(self, what: str, **arguments: Any) -> str:
        """Return why a call is refused."""
        with pytest.raises(ToolError) as caught:
            await self.do(what, **arguments)
        return str(caught.value)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# ---------------------------------------------------------------- what it does


def test_reading_is_allowed_and_writing_asks(place: Place) -> None:
    reading = dict.fromkeys(("filesystem_list", "filesystem_read", "filesystem_search"), "allow")
    writing = dict.fromkeys(("filesystem_write", "filesystem_edit", "filesystem_delete"), "ask")
    assert offers(place.tool) == {**reading, **writing}


def test_without_a_writable_mount_there_is_nothing_to_write_with(tmp_path: Path) -> None:
    tool = filesystem_tool({"mounts": {"docs": {"path": str(tmp_path)}}}, tmp_path)
    assert list(offers(tool)) == ["filesystem_list", "filesystem_read", "filesystem_search"]


@pytest.mark.parametrize(
    ("policies", "holds"), [(["allow"], "allow"), (["allow", "ask"], "ask"), (["ask", "deny", "allow"], "deny")]
)
def test_the_strictest_of_the_writable_mounts_holds_for_writing(
    tmp_path: Path, policies: list[str], holds: str
) -> None:
    mounts = {
        f"m{number}": {"path": str(tmp_path), "writable": True, "policy": policy}
        for number, policy in enumerate(policies)
    }
    assert offers(filesystem_tool({"mounts": mounts}, tmp_path))["filesystem_write"] == holds


async def test_mounts_folders_and_files_are_listed(place: Place) -> None:
    assert await place.do("list") == {
        "mounts": [{"name": "docs", "writable": False}, {"name": "work", "writable": True}]
    }
    assert await place.do("list", path="docs") == {
        "entries": [
            {"name": "guides", "kind": "folder", "size_bytes": 0},
            {"name": "logo.png", "kind": "file", "size_bytes": 6},
        ],
        "left_out": 0,
    }


async def test_a_file_is_read_whole_or_in_part(place: Place) -> None:
    path = "docs/guides/start.md"
    assert await place.do("read", path=path) == "# Start\none\ntwo tides\n"
    assert await place.do("read", path=path, line=2, lines=1) == "one\n[1 more lines; go on with line 3]"
    assert await place.refused("read", path=path, line=9) == "there is no line 9; the file has 3"


async def test_a_long_file_is_cut_off(place: Place) -> None:
    (place.work / "long.txt").write_text("x" * (filesystem.TEXT_MAX + 5))
    read = await place.do("read", path="work/long.txt")
    assert read.endswith("\n[cut off after 200,000 characters of 200,005; read fewer lines]")


async def test_what_is_too_large_is_not_read(place: Place) -> None:
    with open(place.work / "huge.txt", "wb") as file:
        file.truncate(filesystem.FILE_BYTES_MAX + 1)
    assert await place.refused("read", path="work/huge.txt") == (
        "work/huge.txt has more than the 8,388,608 bytes that can be read"
    )


async def test_what_is_no_text_is_not_read(place: Place) -> None:
    assert await place.refused("read", path="docs/logo.png") == "docs/logo.png is no text file (6 bytes)"
    (place.work / "latin.txt").write_bytes("Übergröße".encode("latin-1"))
    assert "is no text file" in await place.refused("read", path="work/latin.txt")


async def test_lines_are_found(place: Place) -> None:
    hit = {"path": "docs/guides/start.md", "line": 3, "text": "two tides"}
    assert await place.do("search", text="tides") == {"hits": [hit], "stopped": None}
    assert await place.do("search", text="TIDES", ignore_case=True, path="docs/guides") == {
        "hits": [hit],
        "stopped": None,
    }
    assert await place.do("search", text="tides", path="docs/guides/start.md") == {"hits": [hit], "stopped": None}
    assert await place.do("search", text="tides", files="*.txt") == {"hits": [], "stopped": None}
    assert await place.do("search", text="tide.", path="docs") == {"hits": [], "stopped": None}


async def test_a_search_ends_with_enough_lines(place: Place) -> None:
    (place.work / "many.txt").write_text("tides\n" * 1_000)
    found = await place.do("search", text="tides", path="work")
    assert len(found["hits"]) == 200
    assert found["stopped"] == "there are more than 200 lines; look for something rarer"


async def test_a_file_is_written_edited_and_deleted(place: Place) -> None:
    assert await place.do("write", path="work/a/b/note.md", content="one two two") == (
        "work/a/b/note.md is written, 11 bytes"
    )
    assert await place.do("edit", path="work/a/b/note.md", old="one", new="1") == (
        "work/a/b/note.md: 1 occurrence replaced"
    )
    assert "holds that text 2 times" in await place.refused("edit", path="work/a/b/note.md", old="two", new="2")
    await place.do("edit", path="work/a/b/note.md", old="two", new="2", all=True)
    assert (place.work / "a/b/note.md").read_text() == "1 2 2"
    assert "does not hold that text" in await place.refused("edit", path="work/a/b/note.md", old="3", new="")
    await place.do("delete", path="work/a/b/note.md")
    await place.do("delete", path="work/a/b")
    assert os.listdir(place.work / "a") == []


async def test_a_file_keeps_its_permissions_but_for_those_that_raise_rights(place: Place) -> None:
    script = place.work / "run.sh"
    script.write_text("old")
    script.chmod(0o4750)
    await place.do("write", path="work/run.sh", content="new")
    assert (script.read_text(), script.stat().st_mode & 0o7777) == ("new", 0o750)


async def test_a_write_that_fails_leaves_nothing_behind(place: Place) -> None:
    (place.work / "folder").mkdir()
    assert await place.refused("write", path="work/folder", content="x") == "work/folder is a folder, not a file"
    assert os.listdir(place.work) == ["folder"]


async def test_what_is_too_large_is_not_written(place: Place) -> None:
    assert "more than the 8,388,608 allowed" in await place.refused(
        "write", path="work/x", content="x" * (filesystem.FILE_BYTES_MAX + 1)
    )
    assert "no text that can be written" in await place.refused("write", path="work/x", content="\ud800")


# ---------------------------------------------------------------- the folder of a task


async def test_without_mounts_a_task_has_a_folder_of_its_own(tmp_path: Path) -> None:
    tool = filesystem_tool({}, tmp_path)
    assert set(offers(tool).values()) == {"allow"}
    await tool.call("filesystem_write", {"path": "workspace/note.md", "content": "mine"}, call("t1"))
    assert (tmp_path / "workspaces/t1/note.md").read_text() == "mine"
    assert (tmp_path / "workspaces/t1").stat().st_mode & 0o777 == 0o700
    others = await tool.call("filesystem_list", {"path": "workspace"}, call("t2"))
    assert others == {"entries": [], "left_out": 0}


@pytest.mark.parametrize("task", ["..", ".", "...", "_", "~", "A", "-x", "ü" * 200, "ordinary"])
def test_folders_of_tasks_stand_side_by_side(tmp_path: Path, task: str) -> None:
    assert make_workspace(tmp_path, task).resolve().parent == tmp_path / "workspaces"


def test_no_two_tasks_share_a_folder(tmp_path: Path) -> None:
    names = ("..", "_..", "~", ".", "_.", "t", "_t", "T")
    assert len({str(make_workspace(tmp_path, name)).casefold() for name in names}) == len(names)


def test_the_folder_of_a_task_is_removed_with_what_is_in_it(tmp_path: Path) -> None:
    (make_workspace(tmp_path, "t1") / "link").symlink_to(tmp_path)
    remove_workspace(tmp_path, "t1")
    remove_workspace(tmp_path, "t2")
    assert os.listdir(tmp_path / "workspaces") == []


# ---------------------------------------------------------------- nothing leads out


@pytest.mark.parametrize("what", ["read", "list", "write", "edit", "delete", "search"])
@pytest.mark.parametrize(
    ("path", "fact"),
    [
        ("../outside/secret.txt", "leads upwards"),
        ("work/../../outside/secret.txt", "leads upwards"),
        ("work/..", "leads upwards"),
        ("/etc/passwd", "is absolute"),
        ("~/secret", "is absolute"),
        ("//etc/x", "is absolute"),
        ("outside/secret.txt", "begins with the name of no mount; there are docs, work"),
        ("work/se\0cret", "no NUL character"),
        ("work/" + "a/" * 70 + "b", "at most 64 parts"),
        ("work/" + "a" * 300, "File name too long"),
    ],
)
async def test_a_path_that_leads_out_is_refused(place: Place, what: str, path: str, fact: str) -> None:
    more: dict[str, Any] = {
        "write": {"content": "x"}, "edit": {"old": "a", "new": "b"}, "search": {"text": "a"}
    }.get(what, {})  # fmt: skip
    assert fact in await place.refused(what, path=path, **more)
    assert place.secret.read_text() == SECRET


async def test_a_link_is_not_followed(place: Place) -> None:
    (place.work / "file").symlink_to(place.secret)
    (place.work / "folder").symlink_to(place.outside)
    (place.work / "inner").symlink_to("folder")
    assert "links are not followed" in await place.refused("read", path="work/file")
    assert "links are not followed" in await place.refused("read", path="work/folder/secret.txt")
    assert "links are not followed" in await place.refused("read", path="work/inner/secret.txt")
    assert "links are not followed" in await place.refused("list", path="work/folder")
    assert "links are not followed" in await place.refused("write", path="work/folder/new.txt", content="x")
    assert "is a link, and links are not followed" in await place.refused("write", path="work/file", content="x")
    assert "links are not followed" in await place.refused("delete", path="work/folder/secret.txt")
    assert await place.do("search", text="secret", path="work") == {"hits": [], "stopped": None}
    assert (os.listdir(place.outside), place.secret.read_text()) == (["secret.txt"], SECRET)


async def test_a_link_is_seen_and_can_be_deleted_without_what_it_leads_to(place: Place) -> None:
    (place.work / "file").symlink_to(place.secret)
    assert (await place.do("list", path="work"))["entries"] == [{"name": "file", "kind": "link", "size_bytes": 0}]
    await place.do("delete", path="work/file")
    assert (os.listdir(place.work), place.secret.read_text()) == ([], SECRET)


async def test_a_link_that_leads_nowhere_is_not_written_through(place: Place) -> None:
    (place.work / "file").symlink_to(place.outside / "new.txt")
    assert "is a link, and links are not followed" in await place.refused("write", path="work/file", content="x")
    assert os.listdir(place.outside) == ["secret.txt"]


async def test_the_other_names_of_a_file_keep_what_they_had(place: Place) -> None:
    os.link(place.secret, place.work / "same.txt")
    await place.do("write", path="work/same.txt", content="changed")
    await place.do("edit", path="work/same.txt", old="changed", new="again")
    assert ((place.work / "same.txt").read_text(), place.secret.read_text()) == ("again", SECRET)


@pytest.mark.parametrize("path", ["proc/self/root/etc/passwd", "proc/self/environ", "proc/version", "proc"])
async def test_another_file_system_is_out_of_bounds(path: str, tmp_path: Path) -> None:
    tool = filesystem_tool({"mounts": {"all": {"path": "/"}}}, tmp_path)
    name, arguments = ("filesystem_list" if path == "proc" else "filesystem_read"), {"path": f"all/{path}"}
    with pytest.raises(ToolError, match="another file system, which is out of bounds"):
        await tool.call(name, arguments, call())


async def test_a_pipe_is_no_file_and_nobody_waits_for_it(place: Place) -> None:
    os.mkfifo(place.work / "pipe")
    assert await place.refused("read", path="work/pipe") == "work/pipe is a special file, not a file"
    assert "not a file" in await place.refused("write", path="work/pipe", content="x")


async def test_what_can_only_be_read_is_not_written(place: Place) -> None:
    assert await place.refused("write", path="docs/new.md", content="x") == "docs can only be read"
    assert await place.refused("edit", path="docs/guides/start.md", old="one", new="1") == "docs can only be read"
    assert await place.refused("delete", path="docs/guides/start.md") == "docs can only be read"


async def test_a_mount_is_neither_written_nor_deleted(place: Place) -> None:
    assert await place.refused("write", path="work", content="x") == "that is a mount; name a file in it"
    assert await place.refused("delete", path="work/.") == "that is a mount; name a file in it"


def test_a_folder_that_becomes_a_link_under_way_leads_nowhere(place: Place) -> None:
    """A race: one thread exchanges a folder for a link to the outside and back, another reads and writes through it."""
    inner, link = place.work / "inner", place.work / "link"
    inner.mkdir()
    (inner / "secret.txt").write_text("inside")
    link.symlink_to(place.outside)
    root = rooted.Rooted(place.work, "work")
    over, libc = threading.Event(), ctypes.CDLL(None)

    def exchange() -> None:
        while not over.is_set():
            # RENAME_EXCHANGE of renameat2(2): there is no moment in which one of them is missing
            libc.renameat2(-100, bytes(inner), -100, bytes(link), 2)

    seen: set[bytes] = set()
    refused = 0
    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        for _ in range(3_000):
            try:
                seen.add(root.read(("inner", "secret.txt"), 100))
                root.write(("inner", "written.txt"), b"x")
            except ToolError:
                refused += 1
    finally:
        over.set()
        thread.join()
    assert (seen, 0 < refused < 3_000) == ({b"inside"}, True)
    assert (os.listdir(place.outside), place.secret.read_text()) == (["secret.txt"], SECRET)


# ---------------------------------------------------------------- what cannot be set up


@pytest.mark.parametrize(
    ("config", "fact"),
    [
        ({"mounts": {"docs": {}}}, "the config of tool 'filesystem': mounts.docs.path: Field required"),
        ({"mounts": {"a/b": {"path": "x"}}}, "should match pattern"),
        ({"folder": "x"}, "folder: is not known here; remove it or mend its spelling"),
    ],
)
def test_a_config_that_means_nothing_is_refused(config: dict[str, Any], fact: str, tmp_path: Path) -> None:
    with pytest.raises(PermanentFailure) as caught:
        filesystem_tool(config, tmp_path)
    assert fact in str(caught.value)


async def test_a_mount_that_is_not_there_fails_the_phase(tmp_path: Path) -> None:
    tool = filesystem_tool({"mounts": {"docs": {"path": str(tmp_path / "gone")}}}, tmp_path)
    with pytest.raises(PermanentFailure, match="gone, which cannot be opened"):
        await tool.call("filesystem_list", {"path": "docs"}, call())
