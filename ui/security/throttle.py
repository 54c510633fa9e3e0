"""The throttle of logging in: who guesses passwords has to wait, longer each time."""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from workflow_engine.ui.security.proxies import parse_address

TRIES_OF_NAME: Final = 5
"""Wrong passwords for a name before there is a pause."""

TRIES_OF_ADDRESS: Final = 20
"""Wrong passwords from an address before there is a pause: many people may stand behind one."""

PAUSE: Final = 5.0
"""The first pause, in seconds; each further try doubles it."""

PAUSE_MAX: Final = 300.0
"""The longest pause, in seconds."""

FORGOTTEN_AFTER: Final = 3_600.0
"""After how many seconds without a try all is forgiven."""

KEPT_MAX: Final = 10_000
"""Names and addresses that are kept in mind at most."""


class Throttle:
    """Counts tries by name and by address.  For several threads.

    A try counts when it begins, so that many at once do not slip through together.

    Args:
        clock: gives seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tries: OrderedDict[tuple[str, str], _Tries] = OrderedDict()
        self._lock = threading.Lock()

    def attempt(self, name: str, address: str) -> float:
        """Return 0 where a try may be made, and count it; else for how many seconds there is a pause."""
        now = self._clock()
        with self._lock:
            wait = max(self._tries.get(key, _Tries(0, 0.0, now)).until - now for key in _keys(name, address))
            if wait > 0:
                return wait
            for key in _keys(name, address):
                self._count(key, now)
            return 0.0

    def succeeded(self, name: str, address: str) -> None:
        """Forget the tries for a name; those from an address but for this one stay: it may own one of many names."""
        of_name, of_address = _keys(name, address)
        with self._lock:
            self._tries.pop(of_name, None)
            tries = self._tries.get(of_address)
            if tries is not None:
                self._tries[of_address] = tries._replace(made=tries.made - 1, until=0.0)

    def __len__(self) -> int:
        return len(self._tries)

    def _count(self, key: tuple[str, str], now: float) -> None:
        before = self._tries.pop(key, None)
        count = before.made + 1 if before is not None and now - before.last < FORGOTTEN_AFTER else 1
        free = TRIES_OF_NAME if key[0] == "name" else TRIES_OF_ADDRESS
        pause = min(PAUSE_MAX, PAUSE * 2.0 ** min(count - free, 10)) if count >= free else 0.0
        self._tries[key] = _Tries(count, now + pause, now)
        if len(self._tries) > KEPT_MAX:
            self._tries.popitem(last=False)  # the one that was not tried for the longest


class _Tries(NamedTuple):
    """How many tries, until when there is a pause, and when it was tried last."""

    made: int
    until: float
    last: float


def _keys(name: str, address: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("name", name.casefold()[:64]), ("address", _block(address))


def _block(address: str) -> str:
    """Return what of an address one customer has: the first 64 bits of IPv6, all of IPv4."""
    found = parse_address(address)
    if found is None:
        return address[:64]
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)
