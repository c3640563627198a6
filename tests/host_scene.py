"""A real warden and agent beside a real server: for bench/agent and tests/pod_limits."""
import json
import os
import subprocess
import time

from server_fixture import BUILD, WAIT_S


class Host:
    """Enrolled once, started as often as wanted."""

    def __init__(self, server, name="host", environment=None):
        self.server, self.name = server, name
        self.environment = {**os.environ, "CONSTABLE_CONFIG": "/nonexistent",
                            **(environment or {})}
        self.folder = os.path.join(server.folder, name)
        self.state = os.path.join(self.folder, "agent-state")
        self.processes = []
        os.makedirs(os.path.join(self.state, "agent"), mode=0o700)
        self.agent = server.enrol(hostname=name)
        self.write_state()

    def write_state(self):
        """What 'constable provision' leaves behind."""
        folder = os.path.join(self.state, "agent")
        certificate, key = self.agent["files"]
        os.replace(key, f"{folder}/agent.key")
        os.chmod(f"{folder}/agent.key", 0o600)
        os.replace(certificate, f"{folder}/agent.crt")
        base = f"localhost:{self.server.port}"
        with open(f"{folder}/ca.crt", "w", encoding="ascii") as file:
            file.write(self.agent["ca_certificate"])
        with open(f"{folder}/agent.json", "w", encoding="ascii") as file:
            json.dump({"agent_id": self.agent["agent_id"], "server": f"https://{base}",
                       "websocket_url": f"wss://{base}/api/v1/agents/{self.agent['agent_id']}/ws"},
                      file)

    def start(self, *before, warden=()):
        """With these words before each command, and flags of the warden's."""
        log = os.path.join(self.folder, "log")
        socket = os.path.join(self.folder, "socket")
        commands = (
            [f"{BUILD}/constable-warden", "--socket", socket, "--state", f"{self.folder}/warden",
             "--executables", BUILD, *warden],
            [f"{BUILD}/constable-agent", "run", "--state-dir", self.state, "--socket", socket,
             "--api-address", "127.0.0.1:0"])
        with open(log, "ab") as messages:
            # pylint: disable-next=consider-using-with
            self.processes = [subprocess.Popen([*before, *command], env=self.environment, stdout=messages,
                                               stderr=messages, stdin=subprocess.DEVNULL)
                              for command in commands]

    def end(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(WAIT_S)
        self.processes = []

    def is_connected(self, connection):
        """By what the server says; over a connection of the caller's, which stays open."""
        connection.request("GET", f"/api/v1/agents/{self.agent['agent_id']}",
                           headers={"Authorization": f"Bearer {self.server.admin}"})
        return json.load(connection.getresponse())["state"] == "connected"

    def wait(self, connection, wanted=True):
        until = time.monotonic() + WAIT_S
        while self.is_connected(connection) != wanted:
            if time.monotonic() > until:
                with open(os.path.join(self.folder, "log"), encoding="utf-8") as log:
                    raise TimeoutError("the agent does not connect: " + log.read()[-1000:])
            time.sleep(0.001)

    def pids(self):
        """Warden, agent, and what belongs to them."""
        found, todo = [], [process.pid for process in self.processes]
        while todo:
            pid = todo.pop(0)
            found.append(pid)
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
                todo += [int(child) for child in children.read().split()]
        return found
