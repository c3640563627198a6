"""A server, and many agents in one process beside it: for tests/many_agents and bench/fleet."""
import json
import resource
import subprocess

from server_fixture import BUILD, Server


FEW = 128


def limit_files(soft=None):
    """So many descriptors for what is started next; without, as many as the machine allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft or hard, hard))


class Agents:
    """The process that holds them; an order is a dictionary and so is its answer."""

    def __init__(self, server):
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            [f"{BUILD}/tests/fleet/fleet_agents", f"https://127.0.0.1:{server.port}",
             f"{server.state}/ca/server.crt"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.server = server

    def start(self, what, **arguments):
        self.process.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        self.process.stdin.flush()

    def finish(self):
        line = self.process.stdout.readline()
        if not line:
            raise ChildProcessError("fleet_agents ended")
        return json.loads(line)

    def do(self, what, **arguments):
        self.start(what, **arguments)
        return self.finish()

    def enrol(self, count):
        """With one token that may be used so often."""
        self.server.ask("PATCH", "/api/v1/org", {"quota_agents": 1000000, "quota_calls": 1000000})
        token = self.server.ask("POST", "/api/v1/tokens", {
            "kind": "static", "uses": count, "network": "127.0.0.0/8"}).json["token"]
        return self.do("enrol", n=count, token=token)

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


class Fleet:
    """Server and agents, from nothing to nothing."""

    def __init__(self, *flags):
        self.server = Server(flags=flags)
        self.agents = None

    def __enter__(self):
        limit_files(FEW)  # as a shell gives them: the server takes more where it may
        self.server.start()
        limit_files()
        self.agents = Agents(self.server)
        return self

    def __exit__(self, *_):
        self.agents.close()
        self.server.__exit__()

    def call(self, agents, connections, seconds, wait_ms=30000):
        """Calls them one after the other, from so many connections; what fleet_calls printed."""
        # pylint: disable-next=consider-using-with
        calls = subprocess.Popen(
            [f"{BUILD}/tests/fleet/fleet_calls", "127.0.0.1", str(self.server.port),
             f"{self.server.state}/ca/server.crt", str(connections), str(seconds), str(wait_ms)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        calls.stdin.write("\n".join([self.server.admin, *agents]) + "\n")
        calls.stdin.close()
        return calls

    @staticmethod
    def finish_calls(calls):
        with calls:
            return json.loads(calls.stdout.read())

    def counters(self):
        """What the server counts, as Prometheus reads it: name (with labels) to value."""
        lines = self.server.ask("GET", "/metrics").text.splitlines()
        return {name: float(value) for name, value in
                (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))}

    def processes(self):
        """The server and its store."""
        pid = self.server.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            return [pid] + [int(child) for child in children.read().split()]

    def memory_kb(self):
        """(PSS, private dirty) of both."""
        return tuple(sum(values) for values in zip(*map(read_memory_kb, self.processes())))


def read_memory_kb(pid):
    """(PSS, private dirty) of a process."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        fields = {line.split(":")[0]: line.split()[1] for line in rollup if ":" in line}
    return int(fields["Pss"]), int(fields["Private_Dirty"])
