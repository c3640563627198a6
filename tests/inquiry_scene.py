"""A server, hosts with real wardens and agents, and clients that read streams strictly."""
import http.client
import json
import os
import re
import tempfile
import time

from approvals_scene import Scene
from link_scene import free_ports
from server_fixture import BUILD, Server, wait_for

TYPES = {"thought": {"text"}, "tool_start": {"name", "tool_use_id", "input"},
         "tool_end": {"name", "success", "tool_use_id"},
         "result": {"text", "success", "subtype"}, "error": {"message", "recoverable"},
         "question": {"questions"}, "question_timeout": {"message"},
         "approval": {"tool", "input", "request_id"},
         "elicitation": {"mcp_server", "mcp_tool", "form", "request_id", "warning"}}


class BadStream(Exception):
    pass


def read_block(block, with_ids):
    """One event of the documented form: one data line, and an id line where there are ids."""
    lines = block.split(b"\n")
    if all(line.startswith(b":") for line in lines):
        return None
    names = [line.split(b":", 1)[0] for line in lines]
    if names != ([b"id", b"data"] if with_ids else [b"data"]):
        raise BadStream(f"lines {names}")
    for line in lines:
        if not re.match(rb"^\w+: ", line):
            raise BadStream(f"no blank after the colon: {line[:40]!r}")
    event = json.loads(lines[-1][6:].decode("utf-8", "strict"))
    if set(event) != {"type", "data", "thread_id", "timestamp"}:
        raise BadStream(f"members {sorted(event)}")
    if event["type"] not in TYPES or not TYPES[event["type"]] <= set(event["data"]):
        raise BadStream(f"{event['type']} with {sorted(event['data'])}")
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", event["timestamp"]):
        raise BadStream(event["timestamp"])
    if with_ids:
        event["id"] = int(lines[0][4:])
    return event


class Stream:
    """A request that is answered with events."""

    # pylint: disable-next=too-many-arguments,too-many-positional-arguments
    def __init__(self, server, method, path, body=None, key="admin", headers=()):
        self.with_ids = path.startswith("/api/")
        self.connection = server.connect()
        fields = {"Authorization": f"Bearer {server.admin if key == 'admin' else key}",
                  "Content-Type": "application/json", **dict(headers)}
        self.asked = time.monotonic()
        self.connection.request(method, path, json.dumps(body) if body is not None else None, fields)
        self.reply = self.connection.getresponse()
        self.status, self.headers = self.reply.status, self.reply.headers
        self.thread = self.headers.get("X-Thread-ID")
        self.investigation = self.headers.get("X-Investigation-ID")
        self.events, self.bytes, self.first_ms = [], b"", None
        if self.status != 200:
            self.text = self.reply.read().decode()
            self.connection.close()

    def read_piece(self):
        try:
            return self.reply.read1(65536)
        except http.client.HTTPException as error:
            raise BadStream("the stream broke off") from error

    def next(self):
        """The next event; None at the end of the stream."""
        while True:
            while b"\n\n" not in self.bytes:
                piece = self.read_piece()
                if not piece:
                    if self.bytes:
                        raise BadStream(f"half an event: {self.bytes[:80]!r}")
                    return None
                self.first_ms = self.first_ms or (time.monotonic() - self.asked) * 1000
                self.bytes += piece
            block, self.bytes = self.bytes.split(b"\n\n", 1)
            event = read_block(block, self.with_ids)
            if event:
                self.events.append(event)
                return event

    def until(self, condition):
        while True:
            event = self.next()
            if event is None:
                raise BadStream("the stream ended too soon")
            if condition(event):
                return event

    def finish(self):
        """Everything up to its end."""
        try:
            while self.next():
                pass
        finally:
            self.close()
        return self.events

    def close(self):
        self.connection.close()

    @property
    def last(self):
        return self.events[-1] if self.events else {"type": "", "data": {}}

    @property
    def report(self):
        return self.last["data"].get("report", {})


class InquiryScene(Scene):
    """With a store of the test's choosing."""

    # pylint: disable-next=super-init-not-called
    def __init__(self, store, flags=()):
        self.folder = tempfile.mkdtemp(prefix="constable-inquiry-")
        os.chmod(self.folder, 0o755)
        port = free_ports(1)[0]
        self.url = f"https://localhost:{port}"
        self.server = Server(f"{self.folder}/server", database=store.new(), flags=[
            "--port", str(port), "--public-url", self.url, *flags])
        os.mkdir(self.server.folder)
        self.server.start()
        self.ca = f"{self.folder}/ca.crt"
        with open(self.ca, "w", encoding="ascii") as file:
            file.write(self.server.ca_pem)
        self.hosts = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def start_host(self, name, agent=None, policy=None):
        """'agent' may be one that comes back sooner."""
        host = self.add_host(name)
        if policy:
            host.warden.command += ["--policy", policy]
        host.agent.command = [agent if agent and word.endswith("/constable-agent") else word
                              for word in host.agent.command] + ["--executables-dir", BUILD]
        enrolled = host.enrol()
        if enrolled.returncode:
            raise OSError(enrolled.stderr)
        return host.start()

    def investigate(self, prompt="what is wrong?", path="/investigate", **more):
        key = more.pop("key", "admin")
        return Stream(self.server, "POST", path, {"prompt": prompt, **more}, key=key)

    def watch(self, investigation, after=None, key="admin"):
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        return Stream(self.server, "GET", f"/api/v1/investigations/{investigation}/events",
                      headers=headers, key=key)

    def stop(self, thread, path="/interrupt"):
        """The answer of an interrupt, read to its end."""
        stream = Stream(self.server, "POST", path, {"thread_id": thread})
        if stream.status == 200:
            stream.finish()
        return stream

    def record(self, investigation):
        return self.server.ask("GET", f"/api/v1/investigations/{investigation}").json

    def thread(self, thread, **query):
        text = "&".join(f"{name}={value}" for name, value in query.items())
        return self.server.ask("GET", f"/api/v1/threads/{thread}?{text}").json

    def wait_ended(self, investigation):
        wait_for(lambda: self.record(investigation)["finished"], f"{investigation} to end")
        return self.record(investigation)
