"""``workflow-engine user``: who may use the dashboard, and as what."""

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.outcome import say
from workflow_engine.cli.output import print_json, print_table

if TYPE_CHECKING:
    from workflow_engine.ui.security.people import People
    from workflow_engine.ui.security.users import User

ROLES: Final = ("viewer", "operator", "admin")

_role = click.Choice(ROLES)
_groups = click.option("-g", "--group", "groups", multiple=True, metavar="NAME", help="A group; may be repeated.")


@click.group(
    epilog=examples(
        "user add ann --role operator --group editors",
        "user list",
        "user token ci --label 'nightly import' --days 90",
        "user password ann < password.txt",
    )
)
def user() -> None:
    """Say who may use the dashboard, and as what.

    A viewer looks, an operator also submits, answers and retries, an admin may do everything. On this machine alone
    nobody needs to log in; where others reach the dashboard, everybody does. Changes hold at once, for a
    dashboard that runs as well.
    """


@user.command(epilog=examples("user add ann --role admin", "user add ci --role operator --no-password"))
@click.argument("name")
@click.option("--role", type=_role, default="viewer", show_default=True, help="What they may do.")
@_groups
@click.option("--no-password", is_flag=True, help="For who comes by token, or through a proxy.")
@engine_options
@pass_invocation
def add(invocation: Invocation, /, name: str, role: str, groups: tuple[str, ...], no_password: bool) -> None:
    """Add a user.

    The password is asked for, or is the first line of the input where that is no terminal.
    """
    from workflow_engine.ui.security.roles import Role
    from workflow_engine.ui.security.users import checked_name

    checked_name(name)  # before anybody thinks of a password
    password = None if no_password else _password("; give it there, or say --no-password")
    _people(invocation).add(name, Role(role), groups, password)
    _note(invocation, "add user", name, f"role {role}")
    say(f"added {name}, {role}")


@user.command("list", epilog=examples("user list", "user list --json | jq -r '.users[].name'"))
@json_option
@engine_options
@pass_invocation
def list_(invocation: Invocation, /, as_json: bool) -> None:
    """List users, and the ids of their tokens."""
    found = _people(invocation).everyone()
    if as_json:
        print_json({"users": [_document(user) for user in found]})
        return
    print_table(("USER", "ROLE", "GROUPS", "PASSWORD", "TOKENS"), map(_cells, found))


@user.command(epilog=examples("user remove ann"))
@click.argument("name")
@engine_options
@pass_invocation
def remove(invocation: Invocation, /, name: str) -> None:
    """Remove a user; their sessions and tokens end.

    What they have done stays in the events of tasks and in the audit.
    """
    _people(invocation).remove(name)
    _note(invocation, "remove user", name)
    say(f"removed {name}")


@user.command(epilog=examples("user role ann operator"))
@click.argument("name")
@click.argument("role", type=_role)
@engine_options
@pass_invocation
def role(invocation: Invocation, /, name: str, role: str) -> None:
    """Give a user another role."""
    from workflow_engine.ui.security.roles import Role

    _people(invocation).set_role(name, Role(role))
    _note(invocation, "change role", name, f"role {role}")
    say(f"{name} is {role}")


@user.command(epilog=examples("user groups ann editors legal", "user groups ann   # none"))
@click.argument("name")
@click.argument("groups", nargs=-1, metavar="[GROUP]...")
@engine_options
@pass_invocation
def groups(invocation: Invocation, /, name: str, groups: tuple[str, ...]) -> None:
    """Put a user into groups, and out of all others; they may answer what is asked of a group."""
    _people(invocation).set_groups(name, groups)
    listed = ", ".join(sorted(set(groups))) or "no group"
    _note(invocation, "change groups", name, listed)
    say(f"{name} is in {listed}")


@user.command(epilog=examples("user password ann", "pwgen 20 1 | workflow-engine user password ann"))
@click.argument("name")
@click.option("--none", is_flag=True, help="Take the password away.")
@engine_options
@pass_invocation
def password(invocation: Invocation, /, name: str, none: bool) -> None:
    """Give a user another password; their sessions end.

    It is asked for, or is the first line of the input where that is no terminal.
    """
    _people(invocation).set_password(name, None if none else _password("; give it there"))
    _note(invocation, "change password", name, "taken away" if none else "done")
    say(f"{name} has {'no' if none else 'another'} password")


@user.command(epilog=examples("user token ci --label nightly --days 90", "user token ci --revoke 1f3a5b7c9d0e"))
@click.argument("name")
@click.option("--label", default="", metavar="TEXT", help="What it is for.")
@click.option("--days", type=click.IntRange(1, 3_650), help="How long it lasts.  [default: until it is revoked]")
@click.option("--revoke", metavar="ID", help="Revoke a token, in place of making one.")
@engine_options
@pass_invocation
def token(invocation: Invocation, /, name: str, label: str, days: int | None, revoke: str | None) -> None:
    """Make a token for a program, and print it: it is not shown again.

    Programs send it as `Authorization: Bearer TOKEN`, and may do what the user may.
    """
    if revoke is not None:
        _people(invocation).remove_token(name, revoke)
        _note(invocation, "revoke token", f"{name} {revoke}")
        say(f"revoked {revoke}")
        return
    made = _people(invocation).add_token(name, label, days)
    _note(invocation, "make token", f"{name} {made.split('_')[1]}")
    print(made)


@user.command(epilog=examples("user disable ann"))
@click.argument("name")
@engine_options
@pass_invocation
def disable(invocation: Invocation, /, name: str) -> None:
    """Keep a user out, with all that is theirs left as it is."""
    _people(invocation).set_disabled(name, True)
    _note(invocation, "disable user", name)
    say(f"{name} is kept out")


@user.command(epilog=examples("user enable ann"))
@click.argument("name")
@engine_options
@pass_invocation
def enable(invocation: Invocation, /, name: str) -> None:
    """Let a user in again."""
    _people(invocation).set_disabled(name, False)
    _note(invocation, "enable user", name)
    say(f"{name} may come in again")


def _people(invocation: Invocation) -> "People":
    from workflow_engine.ui.security.people import People

    settings = invocation.settings
    return People(settings.ui.users_path(settings.data_dir))


def _note(invocation: Invocation, what: str, about: str, outcome: str = "done") -> None:
    from workflow_engine.ui.security.audit import Audit, audit_path
    from workflow_engine.ui.security.person import local_person

    Audit(audit_path(invocation.data_dir)).record(local_person("command line"), what, about, outcome)


def _password(remedy: str) -> str:
    """Return a password that is typed or piped in; never an argument, which other users of the machine could see."""
    if sys.stdin.isatty():
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt="Password, again", err=True)
        return typed
    line = sys.stdin.readline().removesuffix("\n").removesuffix("\r")
    if not line:
        raise click.UsageError(f"there is no password in the input{remedy}")
    return line


def _document(user: "User") -> dict[str, Any]:
    from workflow_engine.cli.times import iso

    return {
        "name": user.name,
        "role": str(user.role),
        "groups": list(user.groups),
        "password": user.password is not None,
        "disabled": user.disabled,
        "tokens": [
            {
                "id": token.id,
                "label": token.label,
                "created_at": iso(token.created_at),
                "expires_at": None if token.expires_at is None else iso(token.expires_at),
            }
            for token in user.tokens
        ],
    }


def _cells(user: "User") -> tuple[str, ...]:
    role = f"{user.role}, disabled" if user.disabled else str(user.role)
    tokens = ", ".join(f"{token.id} ({token.label})" if token.label else token.id for token in user.tokens)
    return user.name, role, ", ".join(user.groups), "yes" if user.password is not None else "no", tokens
