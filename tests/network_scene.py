"""Networks of namespaces with real links, names, proxies; and hosts that live in them.

enter() first: all of it is in mount and network namespaces of the test, which go with it.
"""
import contextlib
import ctypes
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading

from link_scene import Process
from server_fixture import BUILD, wait_for

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
A, AAAA = 1, 28


def enter():
    """Starts this program again in namespaces of its own, where the server's network is."""
    if os.environ.pop("CONSTABLE_TEST_NETWORK", None):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    os.environ["CONSTABLE_TEST_NETWORK"] = "own"
    os.execvp("unshare", ["unshare", "--mount", "--net", "--propagation", "private",
                          sys.executable, *sys.argv])


@contextlib.contextmanager
def entered(network):
    """This thread is in it meanwhile; a socket made then stays there."""
    before, there = (os.open(path, os.O_RDONLY) for path in ("/proc/thread-self/ns/net", network))
    try:
        if LIBC.setns(there, CLONE_NEWNET) < 0:
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        LIBC.setns(before, CLONE_NEWNET)
        os.close(before)
        os.close(there)


class Network:
    """A network namespace, held by a process that ends when this one does."""

    def __init__(self, name, pid=None):
        self.name, self.holder = name, None
        if not pid:
            # pylint: disable-next=consider-using-with
            self.holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
            own = os.readlink("/proc/self/ns/net")
            wait_for(lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != own, name)
        self.pid = pid or self.holder.pid
        self.run("ip", "link", "set", "lo", "up")

    def inside(self, *command):
        return ["nsenter", "-t", str(self.pid), "-n", *command]

    def run(self, *command):
        return subprocess.run(self.inside(*command), check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def ip(self, *words):
        self.run("ip", *words)

    def address(self, device, *addresses):
        for one in addresses:
            self.ip("address", "add", one, "dev", device, *(["nodad"] if ":" in one else []))
        self.ip("link", "set", "dev", device, "up")

    def route(self, to, via):
        self.ip("route", "add", to, "via", via)

    def forward(self, *families):
        for family in families:
            self.run("sh", "-c", f"echo 1 >/proc/sys/net/{family}/conf/all/forwarding")

    def entered(self):
        return entered(f"/proc/{self.pid}/ns/net")

    def close(self):
        if self.holder:
            self.holder.kill()
            self.holder.wait()
            self.holder.stdin.close()


def join(one, device, other, other_device):
    """A cable between two of them."""
    one.ip("link", "add", "name", device, "type", "veth", "peer", "name", other_device, "netns",
           str(other.pid))


class Names:
    """A name server; {name: [address, ...]} can change at any time."""

    def __init__(self, network, addresses):
        self.records, self.sockets = {}, []
        with network.entered():
            for address in addresses:
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                one = socket.socket(family, socket.SOCK_DGRAM)
                one.bind((address, 53))
                self.sockets.append(one)
        for one in self.sockets:
            threading.Thread(target=self.serve, args=(one,), daemon=True).start()

    def serve(self, one):
        """Until it is closed: who asked from behind a cut cable cannot be answered."""
        while one.fileno() >= 0:
            try:
                question, asker = one.recvfrom(512)
                one.sendto(self.answer(question), asker)
            except OSError:
                continue

    def answer(self, question):
        at, words = 12, []
        while question[at]:
            words.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        kind = struct.unpack_from(">H", question, at + 1)[0]
        addresses = self.records.get(".".join(words))
        family = {A: socket.AF_INET, AAAA: socket.AF_INET6}.get(kind)
        data = [socket.inet_pton(family, address) for address in addresses or []
                if family and (":" in address) == (kind == AAAA)]
        head = question[:2] + struct.pack(">HHHHH", 0x8580 | (0 if addresses else 3), 1, len(data),
                                          0, 0)
        return head + question[12:at + 5] + b"".join(
            struct.pack(">HHHIH", 0xc00c, kind, 1, 0, len(one)) + one for one in data)

    def close(self):
        for one in self.sockets:
            one.close()


class Member:
    """A host in its network: enrolled as a person does it, with a warden and an agent."""

    # pylint: disable-next=too-many-arguments,too-many-positional-arguments
    def __init__(self, folder, name, network, policy, environment=None):
        self.name, self.network = name, network
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder)
        self.state = os.path.join(self.folder, "state")
        self.socket = os.path.join(self.folder, "socket")
        self.environment = environment or {}
        policy_path = os.path.join(self.folder, "policy")
        with open(policy_path, "w", encoding="ascii") as text:
            text.write(policy)
        self.warden = self.process(
            "warden", f"{BUILD}/constable-warden", "--socket", self.socket, "--state",
            f"{self.state}/warden", "--policy", policy_path, "--executables", BUILD)
        self.agent_command = [f"{BUILD}/constable-agent", "run", "--state-dir", self.state,
                              "--socket", self.socket, "--api-address", "off", "--hostname", name]
        self.agent = self.process("agent", *self.agent_command)

    def process(self, name, *command):
        return Process(name, self.network.inside(*command), f"{self.folder}/{name}.log",
                       self.environment)

    def provision(self, url, pin, token, *flags):
        """The command that ended."""
        return subprocess.run(
            self.network.inside(f"{BUILD}/constable", "provision", "--orchestrator-url", url,
                                "--pin", pin, "--token-file", "-", *flags),
            input=token, capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "CONSTABLE_CONFIG": "/nonexistent", "HOME": self.folder,
                 "CONSTABLE_STATE_DIR": self.state, **self.environment})

    @property
    def id(self):
        with open(f"{self.state}/agent/agent.json", encoding="utf-8") as text:
            return json.load(text)["agent_id"]

    def start(self):
        os.makedirs(self.state, exist_ok=True)
        if not self.warden.process:
            self.warden.start()
        self.agent.command = self.network.inside(*self.as_owner(), *self.agent_command)
        self.agent.start()
        return self

    def as_owner(self):
        """Enrolment gave its files to the agent's user, where this machine has one."""
        owner = os.stat(f"{self.state}/agent").st_uid
        if owner == os.geteuid():
            return []
        return ["setpriv", "--reuid", str(owner), "--regid",
                str(os.stat(f"{self.state}/agent").st_gid), "--clear-groups"]

    def recorded(self, call_id):
        """How often it was meant to start, and its outcomes, as the host's own log has them."""
        with open(f"{self.state}/warden/audit.jsonl", encoding="utf-8") as lines:
            entries = [entry for entry in map(json.loads, lines) if entry.get("call_id") == call_id]
        return (sum(entry["kind"] == "intent" for entry in entries),
                [entry["outcome"] for entry in entries if entry["kind"] == "outcome"])

    def end(self):
        for process in (self.agent, self.warden):
            if process.process:
                process.end(signal.SIGKILL)
