"""A client of MCP over HTTP that says exactly what it is told, right or wrong."""
import http.client
import json
import select
import ssl
import time

from warden_client import WAIT_S

MODERN = "2026-07-28"
META = "io.modelcontextprotocol/"
EVENT_S = 2 * WAIT_S  # for one event, however many comments come meanwhile
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri",
         "tasks/get": "taskId", "tasks/update": "taskId", "tasks/cancel": "taskId"}


class Stream:
    """Server-sent events, read one at a time; answers that are JSON are one event."""

    def __init__(self, connection, answer):
        self.connection, self.answer = connection, answer
        self.status, self.type = answer.status, (answer.getheader("Content-Type") or "").split(";")[0]
        self.headers = answer.headers
        self.last_id = None
        self.raw, self.text, self.n_read = b"", b"", 0
        self.rest = self.sock = self.waiter = None
        self.is_over = True
        if self.type != "text/event-stream":
            self.rest = answer.read().decode()
        elif answer.fp:
            self.is_over = False
            self.take_over()

    def take_over(self):
        """From the answer, whose reads cannot be asked whether they would wait."""
        self.sock = self.answer.fp.raw._sock  # pylint: disable=protected-access
        self.sock.settimeout(0)
        self.waiter = select.poll()
        self.waiter.register(self.sock, select.POLLIN)
        try:
            self.raw = bytes(self.answer.fp.peek(1))
        except ssl.SSLWantReadError:
            pass
        self.take_raw()

    def take_raw(self):
        if not self.answer.chunked:
            self.n_read += len(self.raw)
            self.text, self.raw = self.text + self.raw, b""
            self.is_over = self.n_read == self.answer.length
        while self.answer.chunked and not self.is_over:
            head, end, rest = self.raw.partition(b"\r\n")
            size = int(head.split(b";")[0], 16) if end else 0
            self.is_over = bool(end) and size == 0
            if not size or len(rest) < size + 2:
                return
            self.text, self.raw = self.text + rest[:size], rest[size + 2:]

    def read(self):
        """What is there, its end too; whether there was any of it."""
        if self.is_over:
            return False
        try:
            piece = self.sock.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        self.raw += piece
        self.take_raw()
        self.is_over |= not piece
        return True

    def is_silent(self):
        """Whether nothing but comments has come, its end neither."""
        while self.read():
            pass
        return not self.is_over and all(line.startswith(b":") or not line.strip() for line in self.text.split(b"\n"))

    def lines(self, until):
        """To its end; 'until' says by when there has to be another."""
        while True:
            while b"\n" not in self.text and not self.is_over:
                left = until() - time.monotonic()
                if left <= 0:
                    raise TimeoutError("no event came in time")
                if not self.read():
                    self.waiter.poll(left * 1000)
            if time.monotonic() > until():
                raise TimeoutError("no event came in time")
            line, end, self.text = self.text.partition(b"\n")
            if not line and not end:
                return
            yield line

    def events(self):
        data, number, until = [], None, time.monotonic() + EVENT_S
        for line in self.lines(lambda: until):
            line = line.decode().rstrip("\r\n")
            field, _, value = line.partition(":")
            value = value[1:] if value.startswith(" ") else value
            if field == "id":
                number = value
            elif field == "data":
                data.append(value)
            elif not line and (data or number):
                self.last_id = number or self.last_id
                yield "\n".join(data)
                data, number, until = [], None, time.monotonic() + EVENT_S

    def messages(self):
        if self.rest is not None:
            yield json.loads(self.rest)
            return
        for text in self.events():
            if text:
                yield json.loads(text)

    def message(self):
        return next(self.messages())

    def answered(self):
        """The last message: the answer."""
        return list(self.messages())[-1]

    def close(self):
        self.answer.close()
        self.connection.close()


class Client:
    """Of one endpoint. A session's, if it has begun one."""

    def __init__(self, port, token, host="127.0.0.1"):
        self.port, self.token, self.host = port, token, host
        self.session = self.revision = None
        self.last = 0

    def fields(self, more):
        fields = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
                  "Authorization": f"Bearer {self.token}"}
        if self.session:
            fields |= {"Mcp-Session-Id": self.session, "MCP-Protocol-Version": self.revision}
        return {name: value for name, value in (fields | more).items() if value is not None}

    def connect(self):
        return http.client.HTTPConnection(self.host, self.port, timeout=WAIT_S)

    def request(self, method, body=None, **more):
        """Fields as keywords: Mcp_Method for Mcp-Method; None for one that is not sent."""
        connection = self.connect()
        fields = self.fields({name.replace("_", "-"): value for name, value in more.items()})
        connection.request(method, "/mcp", body, fields)
        return Stream(connection, connection.getresponse())

    def post(self, message, **more):
        body = message if isinstance(message, (bytes, str)) else json.dumps(message)
        return self.request("POST", body, **more)

    def message(self, method, params=None, number=None):
        self.last += 1
        message = {"jsonrpc": "2.0", "id": number or self.last, "method": method}
        return message if params is None else {**message, "params": params}

    def ask(self, method, params=None, **more):
        return self.post(self.message(method, params), **more)

    def begin(self, revision, capabilities=None):
        answer = self.ask("initialize", {"protocolVersion": revision, "capabilities": capabilities or {},
                                         "clientInfo": {"name": "test", "version": "1"}})
        said = answer.answered()
        self.session, self.revision = answer.headers["Mcp-Session-Id"], said["result"]["protocolVersion"]
        assert self.post({"jsonrpc": "2.0", "method": "notifications/initialized"}).status == 202
        return said["result"]

    def call(self, name, arguments=None, **meta):
        return self.ask("tools/call", {"name": name, "arguments": arguments or {},
                                       **({"_meta": meta} if meta else {})})

    # --- requests that stand alone

    def alone(self, method, params=None, capabilities=None, meta=None, **more):
        said = {META + "protocolVersion": MODERN, META + "clientCapabilities": capabilities or {},
                **(meta or {})}
        params = {**(params or {}), "_meta": {key: value for key, value in said.items() if value is not None}}
        fields = {"MCP_Protocol_Version": MODERN, "Mcp_Method": method}
        if NAMED.get(method) in params:
            fields["Mcp_Name"] = params[NAMED[method]]
        return self.ask(method, params, **{**fields, **more})
