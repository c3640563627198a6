"""One server, one host, a bad network: what dies is started again, and what is left is compared."""
import os

from link_ledger import Ledger
from link_network import BadMiddlebox, BadWire, Loop
from link_scene import Scene
from warden_client import wait_for


class BadScene(Scene):
    """With the bad network between its ends."""

    def make_network(self):
        self.loop = Loop()
        return BadWire(self.loop, self.port, self.behind)

    def make_middlebox(self):
        return BadMiddlebox(self.loop, self.folder, self.behind)

    def __exit__(self, *how):
        super().__exit__(*how)
        self.loop.end()


def below(pid):
    """Every process below, with its name."""
    found, todo = [], [pid]
    while todo:
        try:
            with open(f"/proc/{todo[0]}/task/{todo[0]}/children", encoding="ascii") as text:
                children = [int(word) for word in text.read().split()]
        except OSError:
            children = []
        todo = todo[1:] + children
        for child in children:
            try:
                with open(f"/proc/{child}/comm", encoding="utf-8") as text:
                    found.append((child, text.read().strip()))
            except OSError:
                pass
    return found


class Play:
    """One host, one server, and what is to die."""

    def __init__(self, scene):
        self.scene = scene
        self.host = scene.host(has_steps=True).start()
        self.ledger = Ledger(scene, self.host)
        self.number = 0
        self.cancelled = set()

    @property
    def processes(self):
        return {"agent": self.host.agent, "warden": self.host.warden, "server": self.scene.server}

    def mark(self):
        """A file in which a call leaves a line each time that it starts."""
        self.number += 1
        return os.path.join(self.scene.folder, f"mark-{self.number}")

    def submit(self, seconds=0.0):
        command = f"echo started >>{self.mark()}; sleep {seconds}; echo call {self.number}"
        return self.ask("execute_shell_command", {"command": command})

    def ask(self, tool, args):
        """The call's id, or None where the server died over it: the ledger knows if it has it."""
        try:
            return self.scene.submit(tool, args)
        except OSError:
            return None

    def tend(self):
        for process in self.processes.values():
            if process.is_dead():
                self.restart(process.name)

    def restart(self, name, step=None):
        self.processes[name].end()
        if name == "server":
            self.scene.start_server(step)
        else:
            self.processes[name].start(step)

    def in_flight(self):
        """How many calls the agent was given; none before it is connected."""
        try:
            state = self.scene.order("state", agent="a0")
        except OSError:
            return 0
        return state["in_flight"] if state["state"] == "connected" else 0

    def wait_connected(self):
        def is_connected():
            try:
                return self.scene.state("a0") == "connected"
            except OSError:
                return self.scene.server.is_dead()  # at its step
        wait_for(is_connected, "a link")

    def cancel(self, call):
        """What the server took on must come to pass, whoever dies afterwards."""
        try:
            self.scene.order("cancel", id=call)
            self.cancelled.add(call)
        except OSError:
            pass

    def is_warden_known(self):
        try:
            return self.host.status()["warden"]["state"] == "up"
        except OSError:
            return False
