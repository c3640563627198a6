"""Two servers on one PostgreSQL, and hosts that reach whichever a relay leads them to, as behind a
balancer. What a server says nothing for is short here, so that its death is soon known.
"""
import contextlib
import os
import shutil
import signal

from inquiry_scene import InquiryScene
from link_network import BadWire, Loop
from link_scene import free_ports
from server_fixture import BUILD, Server, wait_for

SILENCE_S = 8


class Replicas(InquiryScene):
    """'server' is the one that is asked; a host talks to the one that the relay leads to."""

    # pylint: disable-next=super-init-not-called
    def __init__(self, store, folder, flags=()):
        self.folder, self.hosts, self.flags, self.others = folder, [], list(flags), []
        port = free_ports(1)[0]
        self.url = f"https://localhost:{port}"
        self.loop = Loop()
        database = store.new()
        self.first = self.add_server("first", database).start()
        self.second = self.add_server("second", database)
        shutil.copytree(f"{self.first.state}/ca", f"{self.second.state}/ca")
        shutil.copy(f"{self.first.state}/admin.key", f"{self.second.state}/admin.key")
        self.server = self.first
        self.wire = BadWire(self.loop, port, self.first.port)
        self.ca = f"{self.folder}/ca.crt"
        with open(self.ca, "w", encoding="ascii") as file:
            file.write(self.first.ca_pem)

    def add_server(self, name, database):
        server = Server(f"{self.folder}/{name}", database=database, flags=[
            "--public-url", self.url, "--replica-silence", f"{int(SILENCE_S * 1000)}ms", *self.flags])
        os.makedirs(server.state, exist_ok=True)
        return server

    def add_late(self, name, database):
        """One that comes to the others: of their CA folder it has what was there when they began."""
        server = self.add_server(name, database)
        shutil.copytree(f"{self.second.state}/ca", f"{server.state}/ca", ignore=lambda _, names: [
            name for name in names if name.startswith("org-") and not name.startswith("org-default")])
        shutil.copy(f"{self.first.state}/admin.key", f"{server.state}/admin.key")
        self.others.append(server)
        return server

    def lead_to(self, server):
        """From now on this one is asked, and hosts come to it."""
        self.wire.target = server.port
        self.wire.mend()
        self.wire.snap()
        self.server = server
        wait_for(lambda: all(map(self.is_here, self.hosts)), "every host")

    def is_here(self, host):
        """Connected, and to the server that is asked: another's word may be of before its link broke."""
        row = self.server.ask("GET", f"/api/v1/agents/{host.agent_id}").json
        return row["state"] == "connected" and "calls_in_flight" in row

    @staticmethod
    def start_to_die(server, step):
        server.program = f"{BUILD}/tests/steps/constable-server-steps"
        server.environment = {**os.environ, "CONSTABLE_TEST_STEP": step}
        server.start()
        server.program, server.environment = f"{BUILD}/constable-server", None

    def on(self, server):
        """A scene that asks that one."""
        other = object.__new__(InquiryScene)
        other.server, other.hosts = server, self.hosts
        return other

    def close(self):
        for host in self.hosts:
            host.end()
        for server in (self.first, self.second, *self.others):
            if server.process:
                with contextlib.suppress(OSError):
                    server.process.send_signal(signal.SIGCONT)
                server.stop()
        self.wire.close()
        self.loop.end()
