"""Signed programs in tests: keys, artifacts, a host that takes them, and what they do to packets."""
import base64
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time

import bpf_map
import tracefs
from warden_client import BUILD, Warden, wait_for

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARY = os.path.join(SOURCE, "bpf", "library")
CLANG = ["clang", "-target", "bpf", "-O2", "-g", "-std=gnu17", "-Wall", "-Werror", "-ffreestanding",
         "-nostdlibinc"]
CGROUPS = next((path for path in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
                if os.path.exists(os.path.join(path, "cgroup.controllers"))), None)


def run(*words, check=True, **options):
    return subprocess.run(words, check=check, capture_output=True, text=True, timeout=60, **options)


def compile_object(source, target):
    run(*CLANG, "-c", source, "-o", target)
    run("llvm-strip", "-g", target)


class Maker:
    """Whoever makes programs: a folder of sources, a key, and artifacts."""

    def __init__(self, folder):
        self.folder = folder
        self.keys = {}
        self.n_made = 0
        self.objects = {}

    def key(self, name="ours", kind="ed25519"):
        path = os.path.join(self.folder, f"{name}.key")
        if name not in self.keys:
            words = ["-algorithm", "ed25519"] if kind == "ed25519" else \
                ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
            run("openssl", "genpkey", *words, "-out", path)
            os.chmod(path, 0o600)
            self.keys[name] = run("openssl", "pkey", "-in", path, "-pubout").stdout
            with open(path + ".pub", "w", encoding="utf-8") as file:
                file.write(self.keys[name])
        return path

    def object(self, source):
        """Compiled once."""
        if source not in self.objects:
            target = os.path.join(self.folder, f"object{len(self.objects)}.o")
            compile_object(source, target)
            self.objects[source] = target
        return self.objects[source]

    def types(self, text):
        """The types that a piece of C has, as min.btf has a kernel's."""
        path = os.path.join(self.folder, "types.c")
        self.write(self.folder, "types.c", text.encode())
        run(*CLANG, "-c", path, "-o", path + ".o")
        run("llvm-objcopy", "--dump-section", f".BTF={path}.btf", path + ".o")
        return read(self.folder, "types.c.btf")

    def sources(self, manifest, source, more=()):
        self.n_made += 1
        folder = os.path.join(self.folder, f"sources{self.n_made}")
        os.mkdir(folder)
        shutil.copy(self.object(source), os.path.join(folder, "prog.bpf.o"))
        with open(os.path.join(folder, "manifest.json"), "w", encoding="utf-8") as file:
            json.dump(manifest, file)
        for name, data in more:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        return folder

    def artifact(self, manifest, source, *signing, key="ours", more=()):
        folder = self.sources(manifest, source, more)
        target = folder.replace("sources", "artifact")
        run(f"{BUILD}/constable", "program", "build", folder, target)
        return self.sign(target, *signing, key=key)

    def sign(self, folder, *signing, key="ours"):
        run(f"{BUILD}/constable", "program", "sign", folder, "--key-file", self.key(key), *signing)
        return folder

    def library(self, name, *signing, **changes):
        with open(os.path.join(LIBRARY, name, "manifest.json"), encoding="utf-8") as file:
            manifest = {**json.load(file), **changes}
        manifest = {name: value for name, value in manifest.items() if value is not None}
        return self.artifact(manifest, os.path.join(LIBRARY, name, "prog.bpf.c"), *signing)

    def packed_by_hand(self, archive, name="odd", version="1", **changes):
        """A release that is signed well, of an archive that no build makes."""
        self.n_made += 1
        folder = os.path.join(self.folder, f"odd{self.n_made}")
        os.mkdir(folder)
        key_id = hashlib.sha256(base64.b64decode("".join(
            self.public("ours").splitlines()[1:-1]))).hexdigest()[:16]
        release = {"schema": 1, "name": name, "version": version, "seq": 1, "size": len(archive),
                   "sha256": hashlib.sha256(archive).hexdigest(), "key_id": key_id,
                   "not_before": "2020-01-01T00:00:00Z", "not_after": "2100-01-01T00:00:00Z",
                   **changes}
        self.write(folder, "artifact.tar.zst", archive)
        self.write(folder, "release.json", json.dumps(release).encode())
        return self.sign_bytes(folder)

    def sign_bytes(self, folder, key="ours"):
        """What it says is not looked at, as 'sign' would."""
        run("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.key(key), "-in",
            f"{folder}/release.json", "-out", f"{folder}/release.json.sig")
        return folder

    def public(self, name):
        self.key(name)
        return self.keys[name]

    @staticmethod
    def write(folder, name, data):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def arguments(folder, signature=None, artifact=None):
    """What apply_program is given of an artifact."""
    return {"release": read(folder, "release.json").decode(),
            "signature": base64.b64encode(signature or read(folder, "release.json.sig")).decode(),
            "artifact": base64.b64encode(artifact or read(folder, "artifact.tar.zst")).decode()}


def pushed(folder, **changes):
    """An artifact as a request to a registry."""
    release = read(folder, "release.json").decode()
    words = json.loads(release)
    return {"name": words["name"], "version": words["version"], "type": "ebpf",
            "data": base64.b64encode(read(folder, "artifact.tar.zst")).decode(), "metadata": {
                "release": release,
                "signature": base64.b64encode(read(folder, "release.json.sig")).decode()}, **changes}


class Host:
    """A warden in a network of its own: two ends of a cable, and a control group."""

    def __init__(self, maker, limits=None, steps=False):
        self.maker = maker
        self.space = f"constable-p{os.getpid()}"
        self.group = f"/constable-test-{os.getpid()}"
        self.limits = {"keys": [maker.public("ours")], **(limits or {})}
        self.limits_path = os.path.join(maker.folder, "programs.json")
        self.warden = Warden(policy="allow reads\nallow traces\nallow changes\n",
                             prefix=("nsenter", "--net=/run/netns/" + self.space, *tracefs.PREFIX),
                             more=("--programs", self.limits_path))
        if steps:
            self.use_steps()

    def __enter__(self):
        os.mkdir(CGROUPS + self.group)
        for name in (self.space, self.space + "-far"):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "link", "add", "near0", "netns", self.space, "type", "veth", "peer", "name", "far0",
            "netns", self.space + "-far")
        for name, link, address in ((self.space, "near0", "10.9.0.1/24"),
                                    (self.space + "-far", "far0", "10.9.0.2/24")):
            run("ip", "-n", name, "address", "add", address, "dev", link)
            run("ip", "-n", name, "link", "set", link, "up")
        # Its refusals are what tells that a datagram came: each counts.
        run("nsenter", f"--net=/run/netns/{self.space}-far", "sh", "-c",
            "echo 0 >/proc/sys/net/ipv4/icmp_ratelimit")
        self.set_limits()
        self.warden.start()
        return self

    def __exit__(self, *_):
        self.kill_everybody()
        self.warden.__exit__()
        for name in (self.space, self.space + "-far"):
            run("ip", "netns", "delete", name, check=False)
        with contextlib.suppress(OSError):
            os.rmdir(CGROUPS + self.group)

    def set_limits(self, **changes):
        self.limits.update(changes)
        with open(self.limits_path, "w", encoding="utf-8") as file:
            json.dump({key: value for key, value in self.limits.items() if value is not None}, file)
        os.chmod(self.limits_path, 0o644)

    def restart(self):
        self.warden.start()

    def use_steps(self):
        """From its next start on its steward, loader and guardian die where die_at() says."""
        place = os.path.join(self.maker.folder, "executables")
        os.mkdir(place)
        for name in os.listdir(BUILD):
            path = os.path.join(BUILD, name)
            if name.startswith("constable-") and os.path.isfile(path) and os.access(path, os.X_OK):
                stepped = os.path.join(BUILD, "tests/steps", name + "-steps")
                is_ours = name in ("constable-steward", "constable-loader", "constable-guardian")
                shutil.copy(stepped if is_ours else path, os.path.join(place, name))
        self.warden.executables = place

    def die_at(self, step):
        """Each of them that reaches that step from now on, of which a guardian only if it starts later; None: nobody."""
        path = os.path.join(self.warden.executables, "step")
        if step:
            Maker.write(self.warden.executables, "step.new", step.encode())
            os.rename(path + ".new", path)
        else:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    def use_loader(self, name):
        """The next artifact is loaded by that program, of those with steps."""
        new = os.path.join(self.warden.executables, "new")
        shutil.copy(os.path.join(BUILD, "tests/steps", name), new)
        os.rename(new, os.path.join(self.warden.executables, "constable-loader"))

    # --- calls ---------------------------------------------------------------------------

    def call(self, tool, args):
        with self.warden.client() as client:
            answer, body = client.ask({"type": "call", "tool": tool}, json.dumps(args))
        if answer["code"]:
            raise OSError(-answer["code"], answer["error"])
        return json.loads(body)

    def apply(self, folder, targets=None, params=None, lists=None, ttl_s=None, signature=None, artifact=None):
        args = arguments(folder, signature, artifact)
        args.update({key: value for key, value in
                     (("targets", targets), ("params", params), ("lists", lists), ("ttl_s", ttl_s)) if value})
        return self.call("apply_program", args)

    def refusal(self, folder, **more):
        try:
            return f"taken: {self.apply(folder, **more)}"
        except OSError as error:
            return error.strerror

    def programs(self, name=None):
        return [program for program in self.call("list_programs", {})["programs"]
                if name in (None, program["name"])]

    def waiting(self):
        """Calls that wait for an approval."""
        with self.warden.client() as client:
            _, body = client.ask({"type": "approvals"})
        return [one for one in json.loads(body) if not one["granted"]]

    def state(self, name):
        return self.programs(name)[-1]["state"]

    # --- processes ------------------------------------------------------------------------

    def processes(self, name):
        """Of this host's warden only."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = read(f"/proc/{pid}", "cmdline").split(b"\0")
                net = os.readlink(f"/proc/{pid}/ns/net")
            except OSError:
                continue
            if words[0].decode().endswith(name) and net == self.network():
                found.append(int(pid))
        return found

    def jobs(self, tool):
        """Those of this host's warden that run it."""
        def parents(pid):
            while pid > 1:
                yield pid
                pid = int(read(f"/proc/{pid}", "stat").decode().rpartition(")")[2].split()[1])
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if read(f"/proc/{pid}", "cmdline").split(b"\0")[:2] == [b"constable-job", tool.encode()] and \
                        self.warden.process.pid in parents(int(pid)):
                    found.append(int(pid))
        return found

    def network(self):
        return f"net:[{os.stat('/run/netns/' + self.space).st_ino}]"

    def kill_all_but_guardian(self):
        """At once: nobody is there to clean up after another."""
        for name in ("constable-warden", "constable-steward", "constable-loader"):
            for pid in self.processes(name):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, 9)
        self.warden.process.wait()
        wait_for(lambda: not self.processes("constable-steward") and
                 not self.processes("constable-warden"), "the end of all")

    def kill_everybody(self):
        self.kill_all_but_guardian()
        for pid in self.processes("constable-guardian"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        wait_for(lambda: not self.processes("constable-guardian"), "the guardian's end")

    # --- what a program does ----------------------------------------------------------------

    def inside(self, *words, group=False, check=False):
        """Runs something in the network, and in the control group."""
        def join():
            if group:
                with open(CGROUPS + self.group + "/cgroup.procs", "w", encoding="utf-8") as file:
                    file.write("0")
        return run("nsenter", "--net=/run/netns/" + self.space, *words, check=check,
                   preexec_fn=join)

    def begin(self, *words, group=False):
        """The same, without an end."""
        def join():
            if group:
                with open(CGROUPS + self.group + "/cgroup.procs", "w", encoding="utf-8") as file:
                    file.write("0")
        return subprocess.Popen(("nsenter", "--net=/run/netns/" + self.space, *words),
                                preexec_fn=join)

    def counts_runs(self):
        """Whether somebody holds the kernel's statistics on."""
        for pid in self.processes("constable-steward"):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    if "bpf-stats" in os.readlink(f"/proc/{pid}/fd/{name}"):
                        return True
        return False

    def gets_through(self, group=False, address="10.9.0.2"):
        return self.inside("python3", "-c", PROBE, address, group=group).returncode == 0

    def held(self, kind="link"):
        """Of the guardian's descriptors: what the kernel says of each."""
        found = []
        for pid in self.processes("constable-guardian"):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    if os.readlink(f"/proc/{pid}/fd/{name}") in (f"anon_inode:bpf-{kind}",
                                                                 f"anon_inode:bpf_{kind}"):
                        lines = read(f"/proc/{pid}/fdinfo", name).decode().splitlines()
                        found.append(dict(line.split(":\t", 1) for line in lines if ":\t" in line))
        return found


    @contextlib.contextmanager
    def listener(self, code):
        """In the network and the control group, while it is needed."""
        def join():
            with open(CGROUPS + self.group + "/cgroup.procs", "w", encoding="utf-8") as file:
                file.write("0")
        with subprocess.Popen(["nsenter", "--net=/run/netns/" + self.space, "python3", "-c", code], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=join) as child:
            child.stdout.readline()
            try:
                yield
            finally:
                child.stdin.close()

    def map(self, name):
        """{key: count} of a map of that name, of what is attached last; a count per processor is summed."""
        ids = sorted(int(one["map_id"]) for one in self.held("map"))
        return next(found for found in (bpf_map.read(one, name) for one in reversed(ids)) if found is not None)


# Connections that a program can see, about a thousand a second.
CALLER = """
import socket, time
while True:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
            s.connect(("::1", 9))
    except OSError:
        time.sleep(0.001)
"""

# One datagram to the other end's echo of errors: ICMP "port unreachable" is a refused send.
PROBE = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
s.connect((sys.argv[1], 9999))
try:
    for _ in range(2):
        s.send(b"x")
        s.recv(1)
except ConnectionRefusedError:
    sys.exit(0)
except OSError:
    sys.exit(1)
"""


def library_of(name):
    """The file of a library that this process has loaded."""
    with open("/proc/self/maps", encoding="utf-8") as lines:
        return next(path for path in (line.split()[-1] for line in lines) if path.endswith("/" + name))


def boot_seconds():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="constable-programs-")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
