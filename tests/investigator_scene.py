"""A constable-investigator whose parent is the test: evidence from a table, models from a script."""
import json
import os
import select
import socket
import struct
import subprocess

import model_server

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(ROOT, "build"))
WAIT_S = 60


def healthy():
    with open(f"{ROOT}/tests/causes/healthy.json", encoding="utf-8") as file:
        return {item["tool"]: item["result"] for item in json.load(file)["evidence"]}


def catalogue():
    text = subprocess.run([f"{BUILD}/constable", "tools", "--json"], capture_output=True, check=True).stdout
    tools = json.loads(text)
    return tools if isinstance(tools, list) else tools["tools"]


class Investigator:
    """Runs one investigation; afterwards 'report', 'calls', 'events' and 'conversation' say how it went."""

    def __init__(self, script, evidence=None, pieces=0, person=None, **start):
        self.models = model_server.Models(script)
        self.evidence, self.pieces, self.person = evidence or healthy(), pieces, person
        self.calls, self.events, self.orders, self.cancelled = [], [], [], []
        self.wanted = []  # (tool, why): what a person would be asked to approve
        self.report = self.case = self.conversation = None
        self.start = {"question": "", "host": "web-1", "window": {"since_s": 900}, "options": {},
                      "tools": catalogue(), **start}

    def send(self, header, body=b""):
        head = json.dumps(header).encode()
        self.link.sendall(struct.pack("<II", len(head), len(body)) + head + body)

    def receive(self):
        head, body = struct.unpack("<II", self.read(8))
        return json.loads(self.read(head)), self.read(body)

    def read(self, n):
        data = b""
        while len(data) < n:
            ready, _, _ = select.select([self.link], [], [], WAIT_S)
            if not ready:
                raise TimeoutError("the investigator says nothing")
            more = self.link.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def answer_call(self, header, body):
        args = json.loads(body or b"{}")
        self.calls.append((header["tool"], args))
        if "why" in header:
            self.wanted.append((header["tool"], header["why"]))
        found = self.evidence.get(header["tool"])
        try:
            result = found(args) if callable(found) else found
        except PermissionError as refused:
            self.send({"type": "answer", "id": header["id"], "code": -13, "error": str(refused)})
            return
        if result is None:
            self.send({"type": "answer", "id": header["id"], "code": -2, "error": "nothing here"})
        else:
            self.send({"type": "answer", "id": header["id"], "elapsed_ms": 1.5},
                      json.dumps(result, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())

    def answer_model(self, header, body):
        self.orders.append((header, json.loads(body)))
        status, headers, pieces, clean = self.models.answer(header["path"], None, body)
        head = {"type": "model_head", "id": header["id"], "status": status}
        if "retry-after" in headers:
            head["retry_after_s"] = float(headers["retry-after"])
        self.send(head)
        text = b"".join(pieces)
        step = self.pieces or len(text) or 1
        for at in range(0, len(text), step):
            self.send({"type": "model_chunk", "id": header["id"]}, text[at:at + step])
        self.send({"type": "model_end", "id": header["id"], **({} if clean else {"error": "connection reset"})})

    def hear(self, header, body):
        kind = header["type"]
        if kind == "call":
            self.answer_call(header, body)
        elif kind == "model":
            self.answer_model(header, body)
        elif kind in ("cancel", "model_cancel"):
            self.cancelled.append(header)
        elif kind == "event":
            event = json.loads(body)
            self.events.append(event)
            if event["type"] == "question" and self.person:
                self.send({"type": "person", "id": event["data"]["id"]}, self.person.encode())
        else:
            setattr(self, kind, json.loads(body))

    def run(self):
        self.link, theirs = socket.socketpair()
        fd = theirs.fileno()
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{fd}', "bash", f"{BUILD}/constable-investigator", "--knowledge",
             f"{ROOT}/knowledge"], pass_fds=[fd], stderr=subprocess.PIPE)
        theirs.close()
        try:
            self.send({"type": "start"}, json.dumps(self.start).encode())
            while True:
                try:
                    self.hear(*self.receive())
                except (EOFError, ConnectionResetError, BrokenPipeError):
                    break
            self.errors = self.process.stderr.read().decode()
        finally:
            self.process.kill()
            self.process.wait()
            self.link.close()
        return self
