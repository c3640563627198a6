"""A server, hosts with pinned roots, and people with keys of their own, for tests/approvals."""
import base64
import hashlib
import json
import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import urllib.request

from link_scene import Process, free_ports
from server_fixture import BUILD, Server, wait_for


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def seal(statement, key_file):
    """Signs as constable does: Ed25519 over the canonical JSON."""
    text = canonical(statement)
    with tempfile.NamedTemporaryFile() as file:
        file.write(text.encode())
        file.flush()
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key_file,
                                    "-in", file.name], check=True, capture_output=True).stdout
    return {"statement": text, "signature": base64.b64encode(signature).decode()}


class Person:
    """A home folder of its own: what `constable login` keeps lies there."""

    def __init__(self, scene, name, role):
        self.scene, self.name = scene, name
        self.home = os.path.join(scene.folder, name)
        os.mkdir(self.home, 0o700)
        made = scene.server.ask("POST", "/api/v1/keys", {"name": name, "role": role})
        self.key = made.json["key"]
        self.environment = {
            **os.environ, "HOME": self.home, "XDG_CONFIG_HOME": self.home,
            "CONSTABLE_CONFIG": "/nonexistent", "CONSTABLE_SOCKET": "/nonexistent",
            "CONSTABLE_STATE_DIR": os.path.join(self.home, "state"),
            "CONSTABLE_SERVER_CA": scene.ca}
        for unwanted in ("CONSTABLE_API_KEY", "CONSTABLE_SERVER", "CONSTABLE_CREDENTIALS"):
            self.environment.pop(unwanted, None)
        self.logged_in = self.run("login", "--server", scene.url, "--key-file", "-",
                                  stdin=made.json["key"])

    @property
    def key_file(self):
        return os.path.join(self.home, "constable", "signing.key")

    @property
    def public(self):
        der = subprocess.run(["openssl", "pkey", "-in", self.key_file, "-pubout", "-outform",
                              "DER"], check=True, capture_output=True).stdout
        return base64.b64encode(der).decode()

    def run(self, *words, stdin="", **more):
        return subprocess.run([f"{BUILD}/constable", *words], input=stdin, text=True,
                              capture_output=True, timeout=60, check=False,
                              env={**self.environment, **more})

    def begin(self, *words):
        return Command(self, words)

    def approvals(self):
        return json.loads(self.run("approval", "list", "--json").stdout or "[]")


class Command:
    """One that waits: what it says meanwhile is read as it comes."""

    def __init__(self, person, words):
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen([f"{BUILD}/constable", *words], env=person.environment,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.said = ""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            self.said += line

    def waits_for(self):
        """The call that it says it waits for."""
        wait_for(lambda: "approval sign c_" in self.said or self.process.poll() is not None,
                 "the command to say what it waits for")
        return self.said.split("approval sign ")[-1].split()[0]

    def end(self):
        status = self.process.wait(60)
        self.reader.join(10)
        return status, self.process.stdout.read(), self.said


class Host:
    """A warden, and an agent that `constable provision` enrolled."""

    def __init__(self, scene, name):
        self.scene, self.name = scene, name
        self.folder = os.path.join(scene.folder, name)
        self.state = os.path.join(self.folder, "state")
        self.socket = os.path.join(self.folder, "socket")
        os.mkdir(self.folder, 0o755)
        os.mkdir(self.state, 0o755)
        self.warden = Process("warden", [
            f"{BUILD}/constable-warden", "--socket", self.socket, "--state",
            f"{self.state}/warden", "--executables", BUILD], f"{self.folder}/warden.log")
        user = ["setpriv", "--reuid", "constable", "--regid", "constable", "--clear-groups"] \
            if os.geteuid() == 0 and has_user() else []
        self.api = f"127.0.0.1:{free_ports(1)[0]}"
        self.agent = Process("agent", [
            *user, f"{BUILD}/constable-agent", "run", "--state-dir", self.state, "--socket",
            self.socket, "--hostname", name, "--api-address", self.api],
            f"{self.folder}/agent.log")

    def enrol(self, *words):
        done = subprocess.run(
            [f"{BUILD}/constable", "provision", "--orchestrator-url", self.scene.url,
             "--token-file", "-", *words], input=self.scene.server.make_token(), text=True,
            capture_output=True, timeout=60, check=False,
            env={**os.environ, "CONSTABLE_STATE_DIR": self.state, "CONSTABLE_CONFIG":
                 "/nonexistent", "CONSTABLE_SERVER_CA": self.scene.ca})
        return done

    @property
    def agent_id(self):
        with open(f"{self.state}/agent/agent.json", encoding="utf-8") as file:
            return json.load(file)["agent_id"]

    @property
    def pin(self):
        path = f"{self.state}/warden/approval/pin.json"
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def start(self):
        self.warden.start()
        wait_for(lambda: os.path.exists(self.socket), "the warden's socket")
        self.agent.start()
        self.wait_connected()
        return self

    def wait_connected(self):
        wait_for(lambda: self.scene.server.ask(
            "GET", f"/api/v1/agents/{self.agent_id}").json["state"] == "connected",
            f"{self.name} to be connected")

    def wait_acknowledged(self):
        """Its server has every outcome, and has said so."""
        with open(f"{self.state}/agent/api_token", encoding="utf-8") as file:
            asking = urllib.request.Request(f"http://{self.api}/status",
                                            headers={"X-API-Key": file.read().strip()})

        def calls():
            with urllib.request.urlopen(asking, timeout=10) as answer:
                return json.load(answer)["calls"]
        wait_for(lambda: not calls(), f"the last outcome of {self.name} to be acknowledged")

    def sequence(self):
        path = f"{self.state}/warden/approval/approvers.json"
        if not os.path.exists(path):
            return 0
        with open(path, encoding="utf-8") as file:
            return json.loads(json.load(file)["statement"])["sequence"]

    def audit(self):
        with open(f"{self.state}/warden/audit.jsonl", encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.strip()]

    def end(self):
        self.agent.end(signal.SIGTERM)
        self.warden.end(signal.SIGTERM)


def has_user():
    try:
        return pwd.getpwnam("constable")
    except KeyError:
        return None


class Scene:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="constable-approvals-")
        os.chmod(self.folder, 0o755)
        port = free_ports(1)[0]
        self.url = f"https://localhost:{port}"
        self.server = Server(f"{self.folder}/server", flags=[
            "--port", str(port), "--public-url", self.url])
        os.mkdir(self.server.folder)
        self.server.start()
        self.ca = f"{self.folder}/ca.crt"
        with open(self.ca, "w", encoding="ascii") as file:
            file.write(self.server.ca_pem)
        self.hosts = []

    def add_host(self, name):
        self.hosts.append(Host(self, name))
        return self.hosts[-1]

    def submit(self, key, host, args, tool="write_file", **more):
        """A call by way of the API; it is there that it waits."""
        made = self.server.ask("POST", "/api/v1/calls", {
            "agent": host.agent_id, "tool": tool, "arguments": args, **more}, key=key)
        call = made.json["calls"][0]["id"]
        wait_for(lambda: self.call(call)["state"] == "waiting_approval", f"{call} to wait")
        return call

    def call(self, call):
        return self.server.ask("GET", f"/api/v1/calls/{call}").json

    def outcome(self, call):
        wait_for(lambda: self.call(call)["state"] not in ("queued", "waiting_approval"),
                 f"an outcome of {call}")
        return self.call(call)

    def question(self, call):
        """What the host asks to be signed."""
        return self.call(call)["meta"]["approval"]

    def approval(self, call, approver, lifetime_s=600, **changed):
        return {"domain": "constable.approval.v1", **{
            name: self.question(call)[name] for name in
            ("org", "host", "tool", "args_sha256", "call_id", "nonce")},
            "approver": approver, "lifetime_s": lifetime_s, **changed}

    def tamper(self, change):
        """What only who has the server's disk can do."""
        self.server.stop()
        with sqlite3.connect(f"{self.server.state}/store.db") as database:
            change(database)
        database.close()
        self.server.start()
        for host in self.hosts:
            host.wait_connected()

    def forge(self, database, call, sealed):
        """As if it had been approved through the server's own checks."""
        nonce = hashlib.sha256(call.encode()).hexdigest()[:32]
        database.execute("DELETE FROM approvals WHERE call = ?", (call,))
        database.execute(
            "INSERT INTO approvals (org, call, nonce, approver, created, signature, statement) "
            "VALUES ('default', ?, ?, 'x', 1, ?, ?)",
            (call, nonce, sealed["signature"], sealed["statement"]))
        database.execute("UPDATE calls SET state = 'queued', finished = NULL, deadline = "
                         "deadline + 60000000000 WHERE id = ?", (call,))

    def close(self):
        for host in self.hosts:
            host.end()
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
