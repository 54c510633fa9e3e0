"""Redacting: secrets are taken out of what is kept, by the name they stand under, by how they look, by what they are.

It may take out too much, and is no proof that nothing is left: a secret that nobody knows and that looks like a word
is not found.  The cost grows with the length of the text alone.
"""

import base64
import functools
import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

MASK: Final = "[redacted]"
"""What stands where a secret stood."""

LENGTH_MIN: Final = 8
"""Characters that a known secret has at least: taking out a shorter one would take out ordinary words."""


class Redactor:
    """Takes secrets out of texts and of values.

    Args:
        secrets: those that are known; each is found as it is, and in JSON, URLs, hexadecimal and base64.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if len(secret) >= LENGTH_MIN for form in _forms(secret)}
        self._forms = sorted(forms, key=lambda form: (-len(form), form))

    def text(self, text: str) -> str:
        """Return a text without the secrets in it."""
        for form in self._forms:
            text = text.replace(form, MASK)
        lowered = text.lower()
        for look in _LOOKS:
            if any(hint in lowered for hint in look.hints):
                text = look.pattern.sub(rf"\1{MASK}", text)
        return text

    def value(self, value: Any) -> Any:
        """Return a JSON value without the secrets in its texts, and without what stands under the name of a secret."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            entries = cast(dict[str, Any], value)
            return {
                self.text(name): _hidden(entry) if is_secret_name(name) else self.value(entry)
                for name, entry in entries.items()
            }
        if isinstance(value, list | tuple):
            items = cast(Iterable[Any], value)
            return [self.value(item) for item in items]
        return value


def redactor_for(environment: Mapping[str, str]) -> Redactor:
    """Return a redactor that knows the secrets in environment variables."""
    return _redactor(tuple(value for name, value in environment.items() if is_secret_name(name)))


@functools.lru_cache(maxsize=4)
def _redactor(secrets: tuple[str, ...]) -> Redactor:
    return Redactor(secrets)


@functools.lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Return whether what stands under this name is a secret: ``password``, ``OPENAI_API_KEY``, ``accessToken``."""
    words = _WORD.findall(_HUMP.sub(r"\1 \2", name).lower())
    return bool(words) and (words[-1] in _SECRET or tuple(words[-2:]) in _SECRET_PAIRS)


_WORD: Final = re.compile(r"[a-z0-9]+")
_HUMP: Final = re.compile(r"([a-z0-9])([A-Z])")
_SECRET: Final = frozenset(
    {
        *("password", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "authorization", "auth", "cookie"),
        *("credential", "credentials", "jwt", "apikey", "accesskey", "secretkey", "privatekey", "authtoken"),
        *("accesstoken", "refreshtoken", "clientsecret"),
    }
)
_SECRET_PAIRS: Final = frozenset((word, "key") for word in ("api", "access", "secret", "private", "signing", "account"))


def _hidden(value: Any) -> Any:
    """Return the shape of a value that is secret as a whole; what says nothing stays."""
    if value is None or isinstance(value, bool) or value == "":
        return value
    if isinstance(value, dict):
        entries = cast(dict[str, Any], value)
        return {name: _hidden(entry) for name, entry in entries.items()}
    if isinstance(value, list | tuple):
        items = cast(Iterable[Any], value)
        return [_hidden(item) for item in items]
    return MASK


# ---------------------------------------------------------------- what is known


def _forms(secret: str) -> Iterator[str]:
    """Yield how a secret is written in places where it cannot stand as it is."""
    content = secret.encode("utf-8", "surrogateescape")
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield urllib.parse.quote(content, safe="")
    yield urllib.parse.quote(content)
    yield urllib.parse.quote_plus(content)
    yield content.hex()
    yield content.hex().upper()
    for offset in range(3):
        standard = _in_base64(content, offset)
        yield standard
        yield standard.translate(_URL_SAFE)


def _in_base64(content: bytes, offset: int) -> str:
    """Return what is the same in the base64 of everything that has *content* at such an offset, modulo 3."""
    written = base64.b64encode(bytes(offset) + content).decode()
    return written[-(-offset * 8 // 6) : (offset + len(content)) * 8 // 6]


_URL_SAFE: Final = str.maketrans("+/", "-_")


# ---------------------------------------------------------------- what looks like one


class _Look(NamedTuple):
    """How secrets look.

    Attributes:
        hints: of which one is in every text, in lower case, that holds such a secret: searching for them is cheap.
        pattern: finds them; its first group stays.  What it repeats is bounded, or begins where a word begins, so that
            searching costs the length of the text.
    """

    hints: tuple[str, ...]
    pattern: re.Pattern[str]


def _look(hints: str, pattern: str, flags: int = 0) -> _Look:
    return _Look(tuple(hints.split("|")), re.compile(pattern, flags))


_BEGIN: Final = r"()(?:(?<![\w-])|(?<=\\[nrt]))"
"""Where a word begins, also behind a line break that JSON has written out."""

_NAMES: Final = (
    "password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization"
)

_LOOKS: Final = (
    _look(
        "private key",
        r"()-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----(?:[^-]|-(?!----))*(?:-----END [^-\n]{0,60}-----)?",
    ),
    _look("sk-|rk-|sk_|rk_", _BEGIN + r"[sr]k(?:-|_live_|_test_)[\w-]{16,}"),
    _look("akia|asia", r"()(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
    _look("ghp_|gho_|ghu_|ghs_|ghr_|github_pat_", r"()(?:gh[pousr]_|github_pat_)\w{20,}"),
    _look("xox", _BEGIN + r"xox[abeprs]-[\w-]{10,}"),
    _look("aiza", _BEGIN + r"AIza[\w-]{30,}"),
    _look("eyj", _BEGIN + r"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"),
    _look("bearer", r"(\bbearer\s{1,8})(?=[\w.~+/=-]{0,200}?\d)[\w.~+/=-]{8,}", re.IGNORECASE),
    _look("://", r"(://[^\s/:@]{0,100}:)[^\s/@]{1,300}(?=@)"),
    _look(
        "password|passwd|passphrase|secret|token|key|credential|authorization",
        rf"""((?:{_NAMES})\\?["']?\s{{0,4}}[:=]\s{{0,4}}\\?["']?(?!(?:\w{{1,9}}\s{{1,4}})?\[redacted\])(?:(?:bearer|basic|token)\s{{1,4}})?)"""
        r"""(?:(?<=["'])[^"'\\\n]{4,}|[^\s"'\\,;&<>(){}\[\]]{4,})""",
        re.IGNORECASE,
    ),
)
