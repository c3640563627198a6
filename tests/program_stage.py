"""One signed program in several versions on a host whose processes die at steps, and all of it that is in the kernel."""
import os
import re

import program_scene as scene
from kernel_objects import Objects
from warden_client import wait_for

PREFIX = f"k{os.getpid() % 1000000}"
N_VERSIONS = 4
LEADING = ("program-verified", "program-loaded", "program-kept", "program-attach",
           "program-attached", "program-held")
ALONE, ALL = "", " and everybody but the guardian with it"


def source():
    """One of each way to be replaced: under the same link, and attached before the other is taken away."""
    programs = "".join(
        f'SECTION("cgroup/connect6") int {PREFIX}_c{n}(void *context) {{ mark(); return {n % 2}; }}\n'
        f'SECTION("raw_tp") int {PREFIX}_r{n}(void *context) {{ mark(); return 0; }}\n'
        for n in range(1, N_VERSIONS + 1))
    return f"""
#include "{scene.SOURCE}/bpf/library/program.h"
struct marks {{
	MAP_NUMBER(type, MAP_ARRAY);
	MAP_NUMBER(max_entries, 1);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, u64);
}} {PREFIX}_m MAP;
static void mark(void)
{{
	u32 first = 0;
	u64 *n = map_lookup(&{PREFIX}_m, &first);
	if (n)
		__sync_fetch_and_add(n, 1);
}}
{programs}LICENSE("GPL");
"""


class Stage:
    """A host, and one program in several versions."""

    def __init__(self, host, maker):
        self.host, self.maker = host, maker
        self.source = os.path.join(maker.folder, "kills.bpf.c")
        scene.Maker.write(maker.folder, "kills.bpf.c", source().encode())
        self.made = {}

    def version(self, number, **changes):
        """Made once; all have one sequence number, so that each may come at any time."""
        key = f"{number} {changes}"
        if key not in self.made:
            self.made[key] = self.make(number, **changes)
        return self.made[key]

    def make(self, number, **changes):
        manifest = {"schema": 1, "name": "kills", "version": f"{number}.0", "summary": "For a test.",
                    "object": "prog.bpf.o", "on_agent_death": "keep", "ttl": {"default_s": 600},
                    "programs": [{"name": f"{PREFIX}_c{number}", "type": "cgroup_connect6",
                                  "target": self.host.group},
                                 {"name": f"{PREFIX}_r{number}", "type": "raw_tracepoint",
                                  "target": "sched_switch"}], **changes}
        return self.maker.artifact(manifest, self.source)

    # --- what should be ---------------------------------------------------------------------

    def journal(self):
        return self.host.call("list_programs", {})

    def attached(self):
        return [one for one in self.host.programs("kills") if "ttl_remaining_s" in one]

    def differs(self):
        """Of the kernel from the journal; empty where they say the same."""
        live = self.attached()
        names = sorted(program["name"] for one in live for program in one["programs"])
        objects = Objects(PREFIX)
        same = (sorted(objects.links.values()) == names and
                sorted(objects.programs.values()) == names and len(objects.maps) == len(live))
        pending = [one for one in self.host.programs("kills")
                   if one["state"] in ("VERIFIED", "LOADED", "CANARY") or "intent" in one]
        return "" if same and not pending else f"the journal has {live} {pending}, the kernel {objects}"

    def kept(self):
        """What lies beside the journal without being able to come back."""
        live = self.attached()
        wanted = {one["id"] for one in live} | {one.get("replaces") for one in live}
        names = os.listdir(os.path.join(self.host.warden.state, "programs"))
        return [name for name in names if name.startswith(".") or (
            name.startswith("kept-") and int(re.findall(r"\d+", name)[0]) not in wanted)]

    # --- a death -----------------------------------------------------------------------------

    def attempt(self, tool, args):
        try:
            return f"taken: {self.host.call(tool, args)}"
        except OSError as error:
            return error.strerror or str(error)

    def apply(self, folder, **more):
        return self.attempt("apply_program", {**scene.arguments(folder), **more})

    def recover(self, whom):
        if whom == ALL:
            self.host.kill_all_but_guardian()
        self.host.die_at(None)
        if whom == ALL:
            self.host.restart()

    def die_of_warden(self, step, tool, args):
        """A call whose warden, and with it launcher and steward, dies at that step."""
        warden = self.host.warden
        self.host.kill_all_but_guardian()
        warden.program = "tests/steps/constable-warden-steps"
        warden.start(step)
        said = self.attempt(tool, args)
        warden.process.wait(30)
        warden.program = "constable-warden"
        self.recover(ALL)
        return said

    def settle(self, wanted):
        """What is wrong with what is there once all is done; 'wanted' are versions, one of which is meant, or None."""
        def is_settled():
            try:
                found = [one["version"] for one in self.attached()]
                return not self.differs() and (found == wanted or (found or [None])[0] in wanted and len(found) < 2)
            except OSError:
                return False  # it asked the one that was just dying
        try:
            wait_for(is_settled, "a settled journal")
        except TimeoutError:
            return f"wanted {wanted}: {self.differs()} {self.journal()}"
        left = self.kept()
        return f"kept for nobody: {left}" if left else ""

    def clear(self):
        for one in self.attached():
            self.host.call("remove_program", {"name": one["name"]})
        if self.journal()["quarantine"]:
            self.host.call("release_program", {"name": "kills"})
        wait_for(lambda: not Objects(PREFIX), "an empty kernel")


def each(steps):
    for step, wanted in steps:
        for whom in (ALONE, ALL):
            yield step, whom, wanted
