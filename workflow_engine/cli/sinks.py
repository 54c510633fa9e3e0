"""``workflow-engine sinks``."""

from typing import TYPE_CHECKING, Any

import click

from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.output import print_json, print_line, print_table

if TYPE_CHECKING:
    from workflow_engine.sinks.kept import SinkState


@click.group(
    invoke_without_command=True,
    epilog=examples("sinks", "sinks test ops", "sinks skip ops", "sinks skip ops --all"),
)
@json_option
@engine_options
@click.pass_context
def sinks(ctx: click.Context, /, as_json: bool) -> None:
    """Say where events are sent, and how far that is.

    A sink that is behind and has no error is being delivered to.
    """
    if ctx.invoked_subcommand is not None:
        return
    invocation = ctx.find_root().ensure_object(Invocation)
    found = _states(invocation)
    if as_json:
        print_json([_document(invocation, name, state) for name, state in found.items()])
        return
    columns = ("SINK", "TYPE", "CURSOR", "BEHIND", "DELIVERED", "SET ASIDE", "LAST", "ERROR")
    print_table(columns, [_cells(invocation, name, state) for name, state in found.items()])


@sinks.command()
@click.argument("name")
@click.option("--all", "everything", is_flag=True, help="Skip everything that it has not got yet.")
@engine_options
@pass_invocation
def skip(invocation: Invocation, /, name: str, everything: bool) -> None:
    """Have a sink go on behind the delivery that fails.

    What is skipped is noted in sinks/NAME.dead.jsonl in the data directory.
    """
    from workflow_engine.sinks.kept import Kept, SinkState
    from workflow_engine.sinks.place import Place
    from workflow_engine.sinks.skipping import failing
    from workflow_engine.sinks.skipping import skip as skipped

    kept = Kept(invocation.data_dir, _known(invocation, name))
    upto = Place(_end(invocation)) if everything else failing(name, kept.load() or SinkState())
    done = skipped(kept, upto)
    print_line(
        f"{name} goes on behind {upto}" if done else f"{name} will go on behind {upto} after the delivery under way"
    )


@sinks.command()
@click.argument("name")
@engine_options
@pass_invocation
def test(invocation: Invocation, /, name: str) -> None:
    """Deliver one made-up event to a sink, and say what becomes of it."""
    from workflow_engine.errors import ConfigError
    from workflow_engine.sinks.testing import try_out

    settings = invocation.settings
    if name not in settings.sinks:
        raise ConfigError(f"the settings have no sink {name!r}; there are: {', '.join(settings.sinks) or 'none'}")
    try_out(name, settings.sinks[name], settings.data_dir, settings.ui.public_url)
    print_line(f"{name} has taken the event SinkTest")


def _states(invocation: Invocation) -> "dict[str, SinkState | None]":
    """Return where the sinks of the settings stand, and those that a program has added; None for one that is new."""
    import msgspec

    from workflow_engine.sinks.kept import FOLDER, Kept

    folder = invocation.data_dir / FOLDER
    names = {path.name.removesuffix(".lock") for path in folder.glob("*.lock")} if folder.is_dir() else set[str]()
    found: dict[str, SinkState | None] = {}
    end = _end(invocation)
    for name in dict.fromkeys([*invocation.settings.sinks, *sorted(names)]):
        state = Kept(invocation.data_dir, name).load()
        behind = max(0, end - state.cursor.n) if state is not None else 0
        found[name] = msgspec.structs.replace(state, behind=behind) if state is not None else None
    return found


def _end(invocation: Invocation) -> int:
    """Return the number of the last commit, 0 where there is none."""
    from workflow_engine.sinks.index import Index

    index = Index(invocation.data_dir)
    return index.model.catch_up() if index.exists() else 0


def _known(invocation: Invocation, name: str) -> str:
    from workflow_engine.errors import ConfigError

    known = _states(invocation)
    if name not in known:
        raise ConfigError(f"there is no sink {name!r}; there are: {', '.join(known) or 'none'}")
    return name


def _type(invocation: Invocation, name: str) -> str:
    settings = invocation.settings.sinks.get(name)
    return settings.type if settings is not None else "program"


def _cells(invocation: Invocation, name: str, state: "SinkState | None") -> tuple[str, ...]:
    from workflow_engine.cli.times import ago

    kind = _type(invocation, name)
    if state is None:
        return name, kind, "", "", "", "", "", "not begun"
    last = ago(state.last_delivered_at) if state.last_delivered_at is not None else ""
    error = f"{state.error} ({ago(state.since)})" if state.error is not None and state.since is not None else ""
    return name, kind, str(state.cursor), str(state.behind), str(state.delivered), str(state.dead), last, error


def _document(invocation: Invocation, name: str, state: "SinkState | None") -> dict[str, Any]:
    from workflow_engine.cli.times import iso

    document: dict[str, Any] = {"name": name, "type": _type(invocation, name)}
    if state is None:
        return {**document, "cursor": None}
    return {
        **document,
        "cursor": {"n": state.cursor.n, "i": state.cursor.i},
        "behind": state.behind,
        "delivered": state.delivered,
        "last_delivered_at": iso(state.last_delivered_at) if state.last_delivered_at is not None else None,
        "error": state.error,
        "since": iso(state.since) if state.since is not None else None,
        "tries": state.tries,
        "failing": list(state.failing) if state.failing is not None else None,
        "dead": state.dead,
    }
