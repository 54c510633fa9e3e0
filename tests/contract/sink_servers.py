"""Receivers on real sockets, which answer as they are told to: over HTTP, and over SMTP."""

import base64
import contextlib
import datetime
import queue
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Generator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

WITHIN = 20.0
"""Seconds that anything here may take."""


class Request(NamedTuple):
    """One request: its path, its headers by name in small letters, and its body."""

    path: str
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """One answer: its status, headers and body."""

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b"said"


class Receiver:
    """Answers each request with the next of its answers, and when there is none left, with 200.

    An answer is a status, an `Answer`, or "hang", "close" or "cut": to say nothing, to close the connection
    at once, or in the middle of an answer.

    Attributes:
        url: of the server.
        requests: those that came, in order.
        answers: those that are to be given.
        released: makes answers that hang go away.
    """

    def __init__(self) -> None:
        self.url = ""
        self.requests: queue.Queue[Request] = queue.Queue()
        self.answers: queue.Queue[Answer | str] = queue.Queue()
        self.released = threading.Event()

    def plan(self, *answers: Answer | int | str) -> None:
        """Give these answers next."""
        for answer in answers:
            self.answers.put(Answer(answer) if isinstance(answer, int) else answer)

    def next(self) -> Request:
        """Return the next request that came, waiting for it."""
        return self.requests.get(timeout=WITHIN)

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        length = int(handler.headers["content-length"])
        body = handler.rfile.read(length)
        if len(body) < length:
            return  # whoever sent it was killed
        headers = {name.lower(): value for name, value in handler.headers.items()}
        try:
            answer = self.answers.get_nowait()
        except queue.Empty:
            answer = Answer(200)
        self.requests.put(Request(handler.path, headers, body))
        if answer == "hang":
            self.released.wait(WITHIN)
        if answer == "cut":
            handler.wfile.write(b"HTTP/1.1 2")
        if isinstance(answer, str):
            handler.close_connection = True
            return
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(answer.body)))
        handler.end_headers()
        handler.wfile.write(answer.body)


@contextlib.contextmanager
def receiving() -> Generator[Receiver]:
    """Give a receiver that listens."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with contextlib.suppress(ConnectionError):
                receiver.handle(self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/events"
    with _served(server):
        yield receiver
        receiver.released.set()


class Letter(NamedTuple):
    """A message that came: its recipients, its content, and whether that was encrypted and who had logged in."""

    to: tuple[str, ...]
    content: bytes
    secure: bool
    user: str | None


class PostOffice:
    """Takes messages.

    Attributes:
        port: of the server, on 127.0.0.1.
        letters: those that came, in order.
        refusals: what is said to the next recipients, by address, once each: ``450 later``.
        greeting: what is said to the next connections in place of 220, once each.
    """

    def __init__(self, certificate: Path | None, tls: bool) -> None:
        self.port = 0
        self.letters: queue.Queue[Letter] = queue.Queue()
        self.refusals: dict[str, list[str]] = {}
        self.greetings: list[str] = []
        self.tls = tls
        self.context: ssl.SSLContext | None = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)

    def next(self) -> Letter:
        """Return the next message that came, waiting for it."""
        return self.letters.get(timeout=WITHIN)


class _Dialogue:
    """One connection of a client."""

    def __init__(self, connection: socket.socket, office: PostOffice) -> None:
        self._office = office
        self._user: str | None = None
        self._to: list[str] = []
        self._secure = False
        self._use(connection)
        if office.tls:
            self._encrypt()

    def hold(self) -> None:
        """Speak until the client ends it."""
        greeting = self._office.greetings.pop(0) if self._office.greetings else "220 here"
        self._say(greeting)
        while line := self._file.readline():
            words = line.decode().strip()
            verb = words.partition(" ")[0].upper()
            if verb == "QUIT":
                self._say("221 bye")
                return
            self._VERBS.get(verb, _Dialogue._fine)(self, words)

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self._connection.close()

    def _use(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")

    def _encrypt(self) -> None:
        assert self._office.context is not None
        self._file.close()
        self._use(self._office.context.wrap_socket(self._connection, server_side=True))
        self._secure = True

    def _say(self, *lines: str) -> None:
        self._connection.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def _fine(self, words: str) -> None:
        self._say("250 fine")

    def _hello(self, words: str) -> None:
        starttls = ["250-STARTTLS"] if self._office.context is not None and not self._secure else []
        self._say("250-here", *starttls, "250-SMTPUTF8", "250-8BITMIME", "250 AUTH PLAIN")

    def _starttls(self, words: str) -> None:
        self._say("220 go on")
        self._encrypt()

    def _auth(self, words: str) -> None:
        _, user, password = base64.b64decode(words.split()[2]).decode().split("\0")
        self._user = user if password == "open sesame" else None
        self._say("235 fine" if self._user else "535 who are you")

    def _rcpt(self, words: str) -> None:
        address = words.partition("<")[2].partition(">")[0]
        refusals = self._office.refusals.get(address)
        if refusals:
            self._say(refusals.pop(0))
        else:
            self._to.append(address)
            self._say("250 fine")

    def _data(self, words: str) -> None:
        self._say("354 go on")
        lines: list[bytes] = []
        while (line := self._file.readline()) not in (b".\r\n", b""):
            lines.append(line)
        self._office.letters.put(Letter(tuple(self._to), b"".join(lines), self._secure, self._user))
        self._to = []
        self._say("250 taken")

    def _reset(self, words: str) -> None:
        self._to = []
        self._say("250 fine")

    _VERBS: ClassVar[dict[str, Callable[["_Dialogue", str], None]]] = {
        "EHLO": _hello,
        "STARTTLS": _starttls,
        "AUTH": _auth,
        "RCPT": _rcpt,
        "DATA": _data,
        "RSET": _reset,
    }


@contextlib.contextmanager
def post_office(certificate: Path | None = None, tls: bool = False) -> Generator[PostOffice]:
    """Give a server that takes messages."""
    office = PostOffice(certificate, tls)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                dialogue = _Dialogue(self.request, office)
                try:
                    dialogue.hold()
                finally:
                    dialogue.close()

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    office.port = server.server_address[1]
    with _served(server):
        yield office


def certified(folder: Path) -> Path:
    """Write a certificate of 127.0.0.1 and localhost, with its key, that certifies itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextlib.contextmanager
def _served(server: socketserver.TCPServer) -> Generator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def until(look: Callable[[], Any]) -> Any:
    """Return what *look* gives as soon as that is something."""
    deadline = datetime.datetime.now() + datetime.timedelta(seconds=WITHIN)
    while not (found := look()):
        assert datetime.datetime.now() < deadline
        threading.Event().wait(0.005)
    return found
