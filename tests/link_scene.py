"""Both ends of the link: a server that is links and queue only, wardens, agents, a network."""
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request

from warden_client import BUILD, WAIT_S, canonical, wait_for

POLICY = "allow reads\nallow changes to link\n"


def free_ports(count):
    """Below those that the kernel gives to whoever connects or asks for any: a server may end and come back."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as numbers:
        below = int(numbers.read().split()[0])
    ports = []
    for port in random.sample(range(10000, max(below, 20000)), 1000):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports.append(port)
        if len(ports) == count:
            return ports
    raise OSError(f"no {count} ports are free")


class Process:
    """A program that is started, killed and started again; its messages go to a file."""

    def __init__(self, name, command, log, environment=None):
        self.name, self.command, self.log = name, command, log
        self.environment = {**os.environ, "BUILD": BUILD, "CONSTABLE_CONFIG": "/nonexistent",
                            **(environment or {})}
        self.process = None

    def start(self, step=None):
        """With a step it is to die there (src/base/step.h), if it is one of tests/steps."""
        environment = {**self.environment, **({"CONSTABLE_TEST_STEP": step} if step else {})}
        with open(self.log, "ab") as log:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(self.command, env=environment, stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)
        return self

    def is_dead(self):
        return not self.process or self.process.poll() is not None

    def end(self, how=signal.SIGKILL):
        status = None
        if self.process:
            self.process.send_signal(how)
            status = self.process.wait(WAIT_S)
        self.process = None
        return status

    @property
    def pid(self):
        return self.process.pid

    def messages(self):
        with open(self.log, encoding="utf-8", errors="replace") as text:
            return text.read()


class Proxy:
    """Between agent and server: passes bytes on, until it is told to cut everything."""

    def __init__(self, port, target):
        self.target, self.is_cut, self.pairs = target, False, []
        self.listener = socket.create_server(("127.0.0.1", port))
        self.n_bytes = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.is_cut:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            self.pairs.append((client, server))
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=(one, other), daemon=True).start()

    def pump(self, one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
                self.n_bytes += len(data)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        self.is_cut = True
        pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def mend(self):
        self.is_cut = False

    def close(self):
        self.cut()
        self.listener.close()


class Host:
    """A warden and an agent; those of tests/steps, if they are to die at one."""

    def __init__(self, scene, name, policy=POLICY, has_steps=False):
        self.scene, self.name = scene, name
        self.folder = os.path.join(scene.folder, "hosts", name)
        os.makedirs(self.folder)
        self.socket = os.path.join(self.folder, "socket")
        self.state = os.path.join(self.folder, "state")
        self.agent_state = os.path.join(scene.folder, "agents", name)
        self.api = free_ports(1)[0]
        policy_path = os.path.join(self.folder, "policy")
        with open(policy_path, "w", encoding="utf-8") as text:
            text.write(policy)
        programs, suffix = (f"{BUILD}/tests/steps", "-steps") if has_steps else (BUILD, "")
        self.warden = Process(
            "warden", [f"{programs}/constable-warden{suffix}", "--socket", self.socket, "--state", self.state,
                       "--policy", policy_path, "--executables", BUILD],
            os.path.join(self.folder, "warden.log"))
        self.agent = Process(
            "agent", [f"{programs}/constable-agent{suffix}", "run", "--state-dir",
                      self.agent_state, "--socket", self.socket, "--api-address",
                      f"127.0.0.1:{self.api}", "--labels", "env=test,rack=7",
                      "--executables-dir", BUILD],
            os.path.join(self.folder, "agent.log"))

    def start(self):
        self.warden.start()
        self.agent.start()
        self.scene.wait_state(self.name, "connected")
        return self

    def end(self):
        self.agent.end()
        self.warden.end()

    def is_warden_up(self):
        try:
            with socket.socket(socket.AF_UNIX) as one:
                one.connect(self.socket)
            return True
        except OSError:
            return False

    def log(self):
        with open(os.path.join(self.state, "audit.jsonl"), encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def recorded(self, call_id):
        """How often it was meant to start, and its outcomes, as the host's own log has them."""
        entries = [entry for entry in self.log() if entry.get("call_id") == call_id]
        return (sum(entry["kind"] == "intent" for entry in entries),
                [entry["outcome"] for entry in entries if entry["kind"] == "outcome"])

    def ask_api(self, path, headers=None):
        """(status, body) of the local API."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.api}{path}", headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def status(self):
        return json.loads(self.ask_api("/status", {"X-API-Key": self.token})[1])

    @property
    def token(self):
        with open(os.path.join(self.agent_state, "agent/api_token"), encoding="utf-8") as text:
            return text.read().strip()


class Scene:
    """The server, and whoever connects to it through the proxy."""

    def __init__(self, n_agents=1, metrics_s=0):
        self.folder = tempfile.mkdtemp(prefix="constable-link-")
        self.port, self.behind, self.control = free_ports(3)
        self.hosts = []
        self.proxy = None
        self.server = Process(
            "server", [f"{BUILD}/tests/link/link_server", self.folder, str(self.port),
                       str(self.control), str(n_agents), str(metrics_s), str(self.behind)],
            os.path.join(self.folder, "server.log"))

    def __enter__(self):
        self.proxy = self.make_network()
        self.start_server()
        return self

    def __exit__(self, *_):
        for host in self.hosts:
            host.end()
        self.server.end()
        self.proxy.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def make_network(self):
        return Proxy(self.port, self.behind)

    def start_server(self, step=None):
        self.server.start(step)
        wait_for(self.is_server_up, "the server")

    def is_server_up(self):
        if self.server.process.poll() is not None:
            raise ChildProcessError(self.server.messages())
        try:
            return self.order("counters")
        except OSError:
            return None

    def host(self, name="a0", policy=POLICY, has_steps=False):
        host = Host(self, name, policy, has_steps)
        self.hosts.append(host)
        return host

    def order(self, what, body=None, **arguments):
        query = "&".join(f"{key}={value}" for key, value in arguments.items())
        data = body.encode() if body is not None else None
        url = f"http://127.0.0.1:{self.control}/{what}?{query}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data), timeout=WAIT_S) as answer:
                return json.load(answer)
        except http.client.HTTPException as error:
            raise OSError("the server died over its answer") from error

    def submit(self, tool, args, agent="a0", ms=60000):
        answer = self.order("submit", canonical(args), agent=agent, tool=tool, ms=ms)
        if answer["code"]:
            raise OSError(-answer["code"], answer["error"])
        return answer["id"]

    def outcome(self, call_id, ms=WAIT_S * 1000):
        return self.order("wait", id=call_id, ms=ms)

    def state(self, agent="a0"):
        return self.order("state", agent=agent)["state"]

    def wait_state(self, agent, state):
        wait_for(lambda: self.state(agent) == state, f"{agent} to be {state}")
