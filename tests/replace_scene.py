"""Numbered datagrams that a filter must drop while the filter is replaced; what arrives is a leak."""
import contextlib
import json
import os
import subprocess

import program_scene as scene

PORT = 9998
PER_SECOND = 4000
TC = {"name": "tc_drop", "type": "tc_ingress", "target": "near0"}

# Sends numbers at a steady rate until it may end, and says how many, in what time and which went out.
SENDER = """
import json, select, socket, struct, sys, time
address, port, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect((address, port))
n = refused = 0
begin = time.monotonic()
print("sends", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    due = int((time.monotonic() - begin) * rate)  # as of now: one that is behind looks up, too
    for n in range(n + 1, due + 1):
        try:
            s.send(struct.pack("<Q", n))
        except OSError:  # dropped on its way out: told to the sender
            refused += 1
    time.sleep(0.0002)
print(json.dumps({"sent": n, "refused": refused, "seconds": time.monotonic() - begin}))
"""

# Hears all until it may end, and says which numbers came.
RECEIVER = """
import json, select, socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
s.bind(("", int(sys.argv[1])))
s.setblocking(False)
print("hears", flush=True)
came, is_last = [], False
while not is_last:
    is_last = sys.stdin in select.select([s, sys.stdin], [], [])[0]
    try:
        while True:
            came.append(struct.unpack("<Q", s.recv(64))[0])
    except BlockingIOError:
        pass
print(json.dumps({"came": len(came), "first": came[:5]}))
"""


class End:
    """A program at one end of the cable."""

    def __init__(self, space, code, *words, group=None):
        def join():
            if group:
                with open(scene.CGROUPS + group + "/cgroup.procs", "w", encoding="utf-8") as file:
                    file.write("0")
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{space}", "/usr/bin/python3", "-c", code, *map(str, words)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=join)
        self.process.stdout.readline()

    def end(self):
        return json.loads(self.process.communicate("end\n", 60)[0])

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def hear(host, is_outward, during, rate=PER_SECOND):
    """What was sent and what came, in or out of the host's network, while 'during' ran."""
    near, far = host.space, host.space + "-far"
    source, sink, address = (near, far, "10.9.0.2") if is_outward else (far, near, "10.9.0.1")
    with contextlib.ExitStack() as stack:
        receiver = End(sink, RECEIVER, PORT)
        stack.callback(receiver.kill)
        sender = End(source, SENDER, address, PORT, rate, group=host.group if is_outward else None)
        stack.callback(sender.kill)
        during()
        sent = sender.end()
        return {**sent, **receiver.end()}


def show_way(host, is_outward):
    """Before there is a filter: everything comes, else the rest would tell nothing."""
    return hear(host, is_outward, lambda: host.programs(), rate=500)


class Filter:
    """One of the library or of the tests' own that drops what is sent; release after release."""

    def __init__(self, maker, name, target, lists=None, source=None, program=None):
        self.maker, self.name, self.source, self.program = maker, name, source, program
        self.more = {"targets": target, "lists": lists} if target else {}

    def make(self, number):
        changes = {"version": f"1.{number}.0"}
        if not self.program:
            return self.maker.library(self.name, "--seq", str(number + 1), **changes)
        return self.maker.artifact(
            {"schema": 1, "name": self.name, "summary": "For a test.", "object": "prog.bpf.o",
             "on_agent_death": "keep", "programs": [self.program], **changes}, self.source, "--seq",
            str(number + 1))

    def prepare(self, n):
        return [self.make(number) for number in range(n + 1)]

    def play(self, host, is_outward, made):
        """Attached, and under packets replaced by all the others."""
        host.apply(made[0], **self.more)
        links = {one["link_id"] for one in host.held()}

        def replace():
            for folder in made[1:]:
                host.apply(folder, **self.more)
        heard = hear(host, is_outward, replace)
        same = {one["link_id"] for one in host.held()} == links
        last = host.programs(self.name)[-1]["version"]
        host.call("remove_program", {"name": self.name})
        return {**heard, "replacements": len(made) - 1, "same_link": same, "last": last}


def filters(maker, host):
    """What is filtered where, and whether it is what the host sends."""
    return {
        "xdp": (Filter(maker, "xdp-drop", {"xdp_drop": "near0"}, {"denied": ["10.9.0.2/32"]}), False),
        "tc": (Filter(maker, "tc-drop", None, program=TC,
                      source=os.path.join(scene.SOURCE, "tests", "program_hooks.bpf.c")), False),
        "cgroup": (Filter(maker, "egress-drop", {"egress_drop": host.group}), True),
    }


# --- the peer: what a person does without us --------------------------------------------------------

def replace_by_hand(host, maker, times):
    """ip link: off with the old one, on with the new one."""
    source = os.path.join(maker.folder, "by_hand.c")
    with open(source, "w", encoding="ascii") as file:
        file.write('__attribute__((section("xdp"), used)) int drop(void *context)\n'
                   '{\n\t(void)context;\n\treturn 1;\n}\n'
                   'char license_text[] __attribute__((section("license"), used)) = "GPL";\n')
    target = os.path.join(maker.folder, "by_hand.o")
    scene.run(*scene.CLANG, "-c", source, "-o", target)

    def put(*words):
        scene.run("ip", "-n", host.space, "link", "set", "dev", "near0", "xdp", *words)

    def replace():
        for _ in range(times):
            put("off")
            put("obj", target, "sec", "xdp")
    put("obj", target, "sec", "xdp")
    try:
        return {**hear(host, False, replace), "replacements": times}
    finally:
        put("off")


