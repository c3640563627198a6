"""Signed programs at functions of a kernel that allows it, and at its security hooks."""
import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
os.environ.setdefault("BUILD", os.path.join(HERE, "..", "..", "build"))
import bpf_map  # noqa: E402  pylint: disable=wrong-import-position
from warden_client import BUILD, Warden  # noqa: E402  pylint: disable=wrong-import-position

PLACES = (("function_entry", "fentry", "vfs_read"), ("function_entry", "fexit", "vfs_read"),
          ("security_hook", "lsm", "file_open"))


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def make(folder, key, place):
    name, kind, target = place
    sources, out = os.path.join(folder, f"{kind}-sources"), os.path.join(folder, kind)
    os.mkdir(sources)
    shutil.copy(os.path.join(BUILD, "program_hooks.bpf.o"), os.path.join(sources, "prog.bpf.o"))
    with open(os.path.join(sources, "manifest.json"), "w", encoding="utf-8") as file:
        json.dump({"schema": 1, "name": kind, "version": "1", "summary": "For a test.",
                   "object": "prog.bpf.o", "on_agent_death": "detach",
                   "programs": [{"name": name, "type": kind, "target": target}]}, file)
    return sign(sources, out, key)


def sign(sources, out, key, **more):
    run(f"{BUILD}/constable", "program", "build", sources, out)
    run(f"{BUILD}/constable", "program", "sign", out, "--key-file", key)
    return {**more, "release": read(out, "release.json").decode(),
            "signature": base64.b64encode(read(out, "release.json.sig")).decode(),
            "artifact": base64.b64encode(read(out, "artifact.tar.zst")).decode()}


def run_count():
    """Of the programs that the guardian holds, as the kernel counts."""
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if not read("/proc", pid, "cmdline").startswith(b"constable-guardian\0"):
                continue
            for fd in os.listdir(f"/proc/{pid}/fdinfo"):
                for line in read("/proc", pid, "fdinfo", fd).decode().splitlines():
                    if line.startswith("run_cnt:"):
                        total += int(line.split()[1])
        except OSError:
            continue
    return total


# By perf events, which Debian lets CAP_SYS_ADMIN alone have, unless it is told otherwise.
PERF = (("probe", "kprobe", "vfs_read"), ("probe", "kretprobe", "vfs_read"),
        ("trace_point", "tracepoint", "sched/sched_switch"), ("sample", "perf_event", "cpu-clock:100"))


def set_paranoid(value):
    with open("/proc/sys/kernel/perf_event_paranoid", "w", encoding="ascii") as file:
        file.write(value)


def check_perf(tap, warden, folder, key):
    if not os.path.exists("/sys/kernel/tracing/events"):  # systemd mounts it elsewhere
        run("mount", "-t", "tracefs", "tracefs", "/sys/kernel/tracing")
    for place in PERF:
        artifact = make(folder, key, place)
        set_paranoid("3")
        with warden.client() as client:
            answer, _ = client.ask({"type": "call", "tool": "apply_program"}, json.dumps(artifact))
        tap.point(f"{place[1]}: refused with what would allow it",
                  "perf_event_paranoid is 3" not in answer.get("error", "") and str(answer))
        set_paranoid("2")
        check_place(tap, warden, artifact, place[1])
    set_paranoid("3")


def check_place(tap, warden, artifact, kind):
    with warden.client() as client:
        answer, _ = client.ask({"type": "call", "tool": "apply_program"}, json.dumps(artifact))
        read("/etc/passwd")
        ran = run_count()
        removed, _ = client.ask({"type": "call", "tool": "remove_program"},
                                json.dumps({"name": kind}))
    tap.point(f"{kind}: a signed program runs there, and goes",
              (answer["code"] or removed["code"] or not ran or run_count()) and
              f"{answer} {ran} {removed}")


def held_maps():
    """The ids of the guardian's maps."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if read("/proc", pid, "cmdline").startswith(b"constable-guardian\0"):
                for fd in os.listdir(f"/proc/{pid}/fdinfo"):
                    found += [int(line.split()[1]) for line in
                              read("/proc", pid, "fdinfo", fd).decode().splitlines() if line.startswith("map_id:")]
    return found


def starts(path):
    try:
        return subprocess.run([path], check=False).returncode == 0
    except PermissionError:
        return False


def check_library(tap, warden, folder, key):
    """What needs this kernel of bpf/library."""
    tools = os.path.join(folder, "tools")
    for name in ("here/no", "here/yes", "there/no"):
        path = os.path.join(tools, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\nexit 0\n")
        os.chmod(path, 0o755)
    os.symlink(f"{tools}/here/no", f"{tools}/here/link")

    def apply(client, name, **lists):
        artifact = sign(f"{BUILD}/library/{name}", os.path.join(folder, name), key, lists=lists)
        answer, _ = client.ask({"type": "call", "tool": "apply_program"}, json.dumps(artifact))
        return answer["error"] if answer["code"] else ""

    def remove(client, name):
        return client.ask({"type": "call", "tool": "remove_program"}, json.dumps({"name": name}))[0]["code"]
    with warden.client() as client:
        why = apply(client, "exec-deny", denied=[f"{tools}/here/no", f"{tools}/there/"])
        found = [starts(f"{tools}/{name}") for name in ("here/no", "here/link", "there/no", "here/yes")]
        tap.point("exec-deny refuses what its list names, by its path after links",
                  why or (found != [False, False, False, True] and str(found)))
        code = remove(client, "exec-deny")
        tap.point("and nothing when it is gone", (code or not starts(f"{tools}/here/no")) and str(code))
        why = apply(client, "file-audit", watched=[f"{tools}/here/no", f"{tools}/there/"])
        for name in ("here/no", "here/link", "there/no", "here/yes"):
            read(tools, name)
        counts = [bpf_map.read(number, "openings") for number in held_maps()]
        found = {(int.from_bytes(key[:4], "little"), key[4:].rstrip(b"\0").decode()): n
                 for count in counts for key, n in (count or {}).items()}
        tap.point("file-audit counts who opened what its list names",
                  why or (found != {(0, f"{tools}/here/no"): 2, (0, f"{tools}/there/no"): 1} and str(found)))
        remove(client, "file-audit")


def check_all(tap):
    with open("/proc/sys/kernel/bpf_stats_enabled", "w", encoding="ascii") as file:
        file.write("1")
    folder = tempfile.mkdtemp()
    key = os.path.join(folder, "key")
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", key)
    os.chmod(key, 0o600)
    public = run("openssl", "pkey", "-in", key, "-pubout")
    with Warden(policy="allow changes\nallow reads\n") as warden:
        warden.start(environment={"AGENT_PUBLIC_KEY": public})
        for place in PLACES:
            check_place(tap, warden, make(folder, key, place), place[1])
        check_perf(tap, warden, folder, key)
        check_library(tap, warden, folder, key)
    shutil.rmtree(folder)
