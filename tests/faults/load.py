"""Faults of memory, processors and processes."""
import os

from scene import fault

SPIN = "while True: pass"


@fault("memory.oom-kill", "my worker keeps disappearing, what kills it?")
def oom_kill_in_a_cgroup(scene):
    procs = scene.cgroup("memory", memory__limit_in_bytes=40 << 20)
    victim = scene.python("import sys\n"
                          "open(sys.argv[1],'w').write('0')\n"
                          "keep=[]\n"
                          "while True: keep.append(bytearray(1<<20))\n", procs)
    scene.wait_until(lambda: victim.poll() is not None, "the kernel killed it", 60)


@fault("memory.cgroup-limit-reached", "the batch job has become very slow, why?",
       traced="page-allocations")
def memory_pressure_below_a_limit(scene):
    """A working set of file pages larger than the limit: reclaim without end."""
    procs = scene.cgroup("memory", memory__limit_in_bytes=32 << 20)
    data = scene.path("working-set")
    with open(data, "wb") as out:
        for _ in range(96):
            out.write(os.urandom(1 << 20))
        out.flush()
        os.fsync(out.fileno())
        # Cached pages belong to the cgroup of who read them first: that must not be us.
        os.posix_fadvise(out.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    started = scene.path("started")
    scene.python("import sys,mmap,os\n"
                 "open(sys.argv[1],'w').write('0')\n"
                 "keep=bytearray(16<<20)\n"
                 "for i in range(0,len(keep),4096): keep[i]=1\n"
                 "f=open(sys.argv[2],'rb',0)\n"
                 "while True:\n"
                 "  f.seek(0)\n"
                 "  while f.read(1<<20): pass\n"
                 "  open(sys.argv[3],'w').close()\n", procs, data, started)
    scene.wait_until(lambda: os.path.exists(started), "the reclaim has begun")


@fault("cpu.saturated", "why is this host so slow?", traced="runq-latency")
def processors_saturated(scene):
    for _ in range(4 * (os.cpu_count() or 1)):
        scene.python(SPIN)
    scene.wait_until(lambda: float(open("/proc/loadavg", encoding="ascii").read().split()[3]
                                   .split("/")[0]) > 4 * (os.cpu_count() or 1), "they run")


@fault("cpu.throttled", "the api is slow although the host looks idle, why?")
def processor_throttled_by_its_cgroup(scene):
    procs = scene.cgroup("cpu", cpu__cfs_period_us=10000, cpu__cfs_quota_us=1000)  # twenty periods in a look
    scene.python("import sys\nopen(sys.argv[1],'w').write('0')\n" + SPIN, procs)
    stat = os.path.join(os.path.dirname(procs), "cpu.stat")
    scene.wait_until(lambda: "nr_throttled 0" not in open(stat, encoding="ascii").read(),
                     "it was throttled")


@fault("process.fds-exhausted", "the server does not accept connections any more, why?")
def file_descriptors_used_up(scene):
    log = scene.path("log", "acceptor.log")
    os.makedirs(os.path.dirname(log))
    scene.python("import resource,socket,sys,time\n"
                 "resource.setrlimit(resource.RLIMIT_NOFILE,(64,64))\n"
                 "log=open(sys.argv[1],'a',buffering=1); keep=[]\n"
                 "while True:\n"
                 "  try: keep.append(socket.socket())\n"
                 "  except OSError as why:\n"
                 "    log.write(time.strftime('%Y-%m-%dT%H:%M:%SZ',time.gmtime())+"
                 "' ERROR accept: %s\\n' % why); time.sleep(0.5)\n", log)
    scene.wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > 0, "it ran out")


@fault("process.limit-reached", "the workers cannot start new processes, why?")
def process_limit_of_a_cgroup_reached(scene):
    procs = scene.cgroup("pids", pids__max=12)
    log = scene.path("log", "forker.log")
    os.makedirs(os.path.dirname(log))
    scene.python("import os,sys,time\n"
                 "open(sys.argv[1],'w').write('0')\n"
                 "log=open(sys.argv[2],'a',buffering=1)\n"
                 "while True:\n"
                 "  try:\n"
                 "    if os.fork()==0: time.sleep(600)\n"
                 "  except OSError as why:\n"
                 "    log.write(time.strftime('%Y-%m-%dT%H:%M:%SZ',time.gmtime())+"
                 "' ERROR fork: %s\\n' % why); time.sleep(0.5)\n", procs, log)
    scene.wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > 0, "it hit the limit")


@fault("process.zombies-piling-up", "ps shows a lot of defunct processes, who leaves them?")
def zombies_pile_up(scene):
    ready = scene.path("ready")
    scene.python("import os,sys,time\n"
                 "for _ in range(400):\n"
                 "  if os.fork()==0: os._exit(0)\n"
                 "open(sys.argv[1],'w').close(); time.sleep(600)", ready)
    scene.wait_until(lambda: os.path.exists(ready), "they are dead")


@fault("process.limit-reached", "ssh: fork: retry: Resource temporarily unavailable")
def process_limit_of_a_user_reached(scene):
    """The limit holds for one of the user's programs; a larger one of theirs has none."""
    user = ["setpriv", "--reuid=64242", "--regid=64242", "--clear-groups"]
    scene.spawn([*user, "/usr/bin/perl", "-e", "for (1..12) { fork or last } sleep 600"])
    scene.spawn(["prlimit", "--nproc=40", *user, "/usr/bin/perl", "-e",
                 "for (1..60) { my $p = fork; if (defined $p && !$p) { sleep 600; exit } } "
                 "sleep 600"])
    scene.wait_until(lambda: _count_of(64242) >= 40, "it may not fork")


def _count_of(uid):
    return sum(os.stat(f"/proc/{pid}").st_uid == uid for pid in os.listdir("/proc")
               if pid.isdigit() and os.path.exists(f"/proc/{pid}"))


@fault("process.limit-reached", "is this a fork bomb?")
def fork_bomb_in_a_cgroup(scene):
    procs = scene.cgroup("pids", pids__max=60)
    scene.spawn(["bash", "-c", f"echo $$ >{procs}; bomb() {{ bomb | bomb & }}; bomb; sleep 600"])
    events = os.path.join(os.path.dirname(procs), "pids.events")
    scene.wait_until(lambda: int(open(events, encoding="ascii").read().split()[1]) >= 5,
                     "forks are refused")
