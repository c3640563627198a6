"""A client of the warden's socket, and a warden of its own to talk to."""
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time

try:
    from conforms import lies
except ModuleNotFoundError as error:
    if error.name != "conforms":
        raise

    def lies(_tool, _result):
        """On a machine that was given this file alone, as those in qemu are."""
        return ()

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
WAIT_S = 60


def wait_for(condition, what, seconds=WAIT_S):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.005)
    raise TimeoutError(f"{what} never came")


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(WAIT_S)
        self.socket.connect(path)
        self.last_id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, header, body=""):
        self.last_id += 1
        text = json.dumps({"id": self.last_id, **header}).encode()
        body = body if isinstance(body, bytes) else body.encode()
        self.socket.sendall(struct.pack("<II", len(text), len(body)) + text + body)
        return self.last_id

    def read(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise ConnectionError("the warden is gone")
            data += part
        return data

    def receive(self):
        n_header, n_body = struct.unpack("<II", self.read(8))
        return json.loads(self.read(n_header)), self.read(n_body)

    def ask(self, header, body=""):
        """One answer; what comes before it is passed over. A tool's result is what its schema promises."""
        number = self.send(header, body)
        while True:
            answer, body = self.receive()
            if answer["type"] == "answer" and answer["id"] == number:
                break
        if header["type"] == "call" and not answer["code"] and not answer.get("plan") and body:
            unpromised = list(lies(header["tool"], json.loads(body)))
            assert not unpromised, unpromised
        return answer, body

    def ask_json(self, header, body=""):
        answer, body = self.ask(header, body)
        if answer["code"]:
            raise OSError(-answer["code"], answer["error"])
        return json.loads(body) if body else None


class Warden:
    """One with a folder of its own, which can be killed and started again."""

    def __init__(self, policy="", program="constable-warden", executables=BUILD, prefix=(),
                 more=()):
        self.folder = tempfile.mkdtemp(prefix="constable-warden-")
        self.socket = os.path.join(self.folder, "socket")
        self.state = os.path.join(self.folder, "state")
        self.policy = os.path.join(self.folder, "policy")
        self.program = program
        self.executables = executables
        self.prefix = prefix  # a command that it runs under
        self.more = more  # further options
        self.process = None
        with open(self.policy, "w", encoding="utf-8") as text:
            text.write(policy)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, step=None, environment=None):
        variables = {**os.environ, **(environment or {})}
        if step is not None:
            variables["CONSTABLE_TEST_STEP"] = str(step)
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            [*self.prefix, f"{BUILD}/{self.program}", "--socket", self.socket, "--state", self.state,
             "--policy", self.policy, "--executables", self.executables, *self.more],
            env=variables, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_for(self.answers, "the warden")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise ChildProcessError(self.process.stderr.read())
        try:
            with self.client():
                return True
        except OSError:
            return False

    def client(self):
        return Client(self.socket)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stderr.close()
        self.process = None

    def stop(self):
        self.process.terminate()
        self.process.wait(WAIT_S)
        status, errors = self.process.returncode, self.process.stderr.read()
        self.kill()
        return status, errors

    def log(self):
        with open(os.path.join(self.state, "audit.jsonl"), encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def descendants(self):
        """{pid: name} of everything below it."""
        found, todo = {}, [self.process.pid]
        while todo:
            parent = todo.pop()
            try:
                with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as text:
                    below = [int(word) for word in text.read().split()]
            except OSError:
                continue
            for pid in below:
                try:
                    with open(f"/proc/{pid}/comm", encoding="utf-8") as text:
                        found[pid] = text.read().strip()
                except OSError:
                    pass
            todo += below
        return found


class Points:
    """The points of a test, as TAP."""

    def __init__(self):
        self.count = self.failed = 0

    def __call__(self, good, promise, trouble=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {promise}", flush=True)
        if not good:
            print("# " + str(trouble)[:2000].replace("\n", "\n# "), flush=True)

    def skip(self, promise, why):
        self.count += 1
        print(f"ok {self.count} - {promise} # SKIP {why}", flush=True)

    def end(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0
