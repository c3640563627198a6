"""HTTP to one server: whom to trust, one request, one stream."""

import base64
import hashlib
import http.client
import json
import ssl
import urllib.parse
from typing import Any, Dict, Iterator, NamedTuple, Optional, Tuple

from .errors import ConstableError, Unreachable

BODY_MAX_BYTES = 16 * 1024 * 1024
LINE_MAX_BYTES = 1024 * 1024
SILENCE_S = 90.0  # of a stream; a server says something each 15 s
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Event(NamedTuple):
    """One server-sent event."""

    id: Optional[str]
    data: Any


def public_key(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate in DER: the seventh part of what is signed."""

    def head(at: int) -> Tuple[int, int]:
        """Where the content of the element there begins, and ends."""
        length, at = certificate[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(certificate[at:at + size], "big"), at + size
        return at, at + length

    at, _ = head(0)
    at, _ = head(at)
    n_skipped = 6 if certificate[at] == 0xA0 else 5
    for _ in range(n_skipped):
        _, at = head(at)
    return certificate[at:head(at)[1]]


def pin_of(certificate: bytes) -> str:
    digest = hashlib.sha256(public_key(certificate)).digest()
    return "sha256//" + base64.b64encode(digest).decode("ascii")


class Transport:
    """Requests with one key to one server; no redirects."""

    def __init__(self, server: str, key: Optional[str], ca_file: Optional[str],
                 pin: Optional[str], timeout: float) -> None:
        self.url = urllib.parse.urlsplit(server)
        self.host = self.url.hostname or ""
        if self.url.scheme != "https" and not (
                self.url.scheme == "http" and self.host in LOOPBACK):
            raise ValueError(f"'{server}' is not https: keys would travel in the clear")
        if self.url.path.strip("/") or self.url.query:
            raise ValueError(f"'{server}' has more than a scheme, a host and a port")
        self.key, self.pin, self.timeout = key, pin, timeout
        self.context: Optional[ssl.SSLContext] = None
        if self.url.scheme == "https":
            self.context = ssl.create_default_context(cafile=ca_file)
            self.context.minimum_version = ssl.TLSVersion.TLSv1_2
            if pin:
                self.context.check_hostname = False
                self.context.verify_mode = ssl.CERT_NONE
        self.kept: Optional[http.client.HTTPConnection] = None

    def close(self) -> None:
        if self.kept:
            self.kept.close()
        self.kept = None

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        if not self.context:
            return http.client.HTTPConnection(self.host, self.url.port, timeout=timeout)
        connection = http.client.HTTPSConnection(self.host, self.url.port, timeout=timeout,
                                                 context=self.context)
        if self.pin:
            connection.connect()
            certificate = connection.sock.getpeercert(binary_form=True) or b""
            if pin_of(certificate) != self.pin:
                connection.close()
                raise Unreachable(f"{self.host} has another key than the pin says")
        return connection

    def _headers(self, body: Optional[bytes], more: Dict[str, str]) -> Dict[str, str]:
        headers = {"Accept": "application/json", **more}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        return headers

    def request(self, method: str, path: str, body: Any = None,
                timeout: Optional[float] = None) -> Tuple[int, bytes]:
        """Status and bytes. A kept connection that the server had closed is opened anew."""
        sent = None if body is None else json.dumps(body).encode("utf-8")
        was_kept = self.kept is not None
        connection: Optional[http.client.HTTPConnection] = None
        try:
            connection = self.kept or self._connect(timeout or self.timeout)
            self.kept = None
            connection.timeout = timeout or self.timeout
            if connection.sock:
                connection.sock.settimeout(connection.timeout)
            connection.request(method, path, sent, self._headers(sent, {}))
            response = connection.getresponse()
            data = response.read(BODY_MAX_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            if connection:
                connection.close()
            # Nothing came back on a connection that had been idle: nobody has seen it.
            if was_kept and isinstance(error, (http.client.RemoteDisconnected, BrokenPipeError,
                                               ConnectionResetError)):
                return self.request(method, path, body, timeout)
            raise Unreachable(f"{self.host}: {error}") from error
        if len(data) > BODY_MAX_BYTES:
            connection.close()
            raise Unreachable(f"{self.host} answers with more than 16 MiB")
        if not response.will_close:
            self.kept = connection
        return response.status, data

    def stream(self, path: str, last_event_id: Optional[str]) -> Iterator[Event]:
        """Events of one connection, to its end."""
        more = {"Accept": "text/event-stream"}
        if last_event_id:
            more["Last-Event-ID"] = last_event_id
        connection: Optional[http.client.HTTPConnection] = None
        try:
            connection = self._connect(SILENCE_S)
            connection.request("GET", path, headers=self._headers(None, more))
            response = connection.getresponse()
            if response.status != 200:
                raise error_of(response.status, response.read(BODY_MAX_BYTES), path)
            yield from read_events(response)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self.host}: {error}") from error
        finally:
            if connection:
                connection.close()


def read_events(response: http.client.HTTPResponse) -> Iterator[Event]:
    """As the WHATWG's text/event-stream: comments and unknown fields are ignored."""
    identity: Optional[str] = None
    data: list = []
    while True:
        line = response.readline(LINE_MAX_BYTES + 1)
        if len(line) > LINE_MAX_BYTES:
            raise Unreachable("an event is larger than 1 MiB")
        if not line.endswith(b"\n"):
            return  # what the end cuts off is no event
        field, _, value = line.decode("utf-8", "replace").rstrip("\r\n").partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "data":
            data.append(value)
        elif field == "id":
            identity = value
        elif not field and not value and data:
            yield Event(identity, json.loads("\n".join(data)))
            data = []


def error_of(status: int, data: bytes, path: str) -> ConstableError:
    """{"error": sentence, "code": word} as an exception."""
    try:
        body = json.loads(data)
        return ConstableError(status, str(body.get("code", "")), str(body["error"]))
    except (ValueError, KeyError, AttributeError):
        return ConstableError(status, "", f"the server answered {status} to {path}")
