"""Signed programs on a host of the link's scene: a warden that takes them, and an agent that tells of them."""
import contextlib
import json
import os

import program_scene as scene
from warden_client import Client, wait_for

HOOKS = os.path.join(scene.SOURCE, "tests", "program_hooks.bpf.c")
POLICY = "allow reads\nallow changes\nallow changes to link\nallow *_program to registry\n"


class Place:
    """A host of the link's scene that takes programs, and a control group of its own."""

    def __init__(self, link, maker, **environment):
        self.maker = maker
        self.group = f"/constable-agent-{os.getpid()}"
        limits = os.path.join(maker.folder, "programs.json")
        with open(limits, "w", encoding="utf-8") as file:
            json.dump({"keys": [maker.public("ours")]}, file)
        os.chmod(limits, 0o644)
        self.host = link.host(policy=POLICY)
        self.host.warden.command += ["--programs", limits]
        self.host.warden.environment["AGENT_ROLLBACK_CHECK_INTERVAL_SEC"] = "1"
        self.host.warden.environment["AGENT_ROLLBACK_DELAY_SEC"] = "0"
        self.host.agent.environment.update(environment)

    def __enter__(self):
        os.mkdir(scene.CGROUPS + self.group)
        self.host.start()
        wait_for(self.is_up, "the warden to the agent")
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            for program in self.document("/programs")["programs"]:
                if program["status"] == "running":
                    self.call("remove_program", {"name": program["name"]})
        with contextlib.suppress(OSError):
            os.rmdir(scene.CGROUPS + self.group)

    def call(self, tool, args):
        with Client(self.host.socket) as client:
            answer, body = client.ask({"type": "call", "tool": tool}, json.dumps(args))
        if answer["code"]:
            raise OSError(-answer["code"], answer["error"])
        return json.loads(body)

    def artifact(self, number, name="filter", **changes):
        manifest = {"schema": 1, "name": name, "version": f"{number}.0", "summary": "For a test.",
                    "object": "prog.bpf.o", "on_agent_death": "keep", "ttl": {"default_s": 3600},
                    "programs": [{"name": "connect_deny6", "type": "cgroup_connect6",
                                  "target": self.group}], **changes}
        return self.maker.artifact(manifest, HOOKS, "--seq", str(number))

    def apply(self, number, name="filter", **changes):
        return self.call("apply_program", scene.arguments(self.artifact(number, name, **changes)))

    def document(self, path):
        status, body = self.host.ask_api(path, {"X-API-Key": self.host.token})
        return json.loads(body) if status == 200 else {}

    def is_up(self):
        """The agent, and its warden to it: what it sees when it looks first is no news to it."""
        with contextlib.suppress(OSError):
            return self.document("/status").get("warden", {}).get("state") == "up"
        return False

    def state(self, name):
        return [(one["version"], one["state"]) for one in self.document("/programs")["programs"]
                if one["name"] == name][-1]
