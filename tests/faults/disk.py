"""Faults of disks and file systems."""
import os

from scene import Skip, fault


def fill(path):
    """Writes until the file system has no space."""
    with open(path, "wb", buffering=0) as out:
        try:
            while out.write(b"x" * (1 << 20)):
                pass
        except OSError:
            pass


@fault("disk.inodes-exhausted", "the mail spool cannot create files any more, what is wrong?")
def inodes_used_up(scene):
    spool = scene.disk("spool", 32, "-N", "400")
    try:
        for i in range(1000):
            with open(os.path.join(spool, str(i)), "wb"):
                pass
    except OSError:
        pass


@fault("disk.inodes-exhausted", "why does this host refuse new files?")
def inodes_used_up_on_tmpfs_below_tmp(scene):
    spool = scene.mount("tmpfs", scene.path("tmpfs-spool"), options="nr_inodes=200,size=8m")
    for i in range(190):
        with open(os.path.join(spool, str(i)), "wb"):
            pass
    try:
        for i in range(190, 400):
            with open(os.path.join(spool, str(i)), "wb"):
                pass
    except OSError:
        pass


@fault("disk.full", "uploads fail with an error, why?")
def disk_full(scene):
    fill(os.path.join(scene.disk("uploads", 64), "upload.tmp"))


@fault("disk.full", "what is wrong with this host?")
def disk_that_holds_our_own_state_full(scene):
    scene.state = scene.disk("state", 24)
    os.chmod(scene.state, 0o700)
    scene.ask("is everything fine?")  # the state exists when the disk fills up
    fill(os.path.join(scene.state, "filler"))


@fault("disk.deleted-open-files",
       "the disk is full but du does not find what fills it, where is the space?")
def disk_filled_by_a_deleted_file(scene):
    target = scene.disk("logs", 64)
    ready = scene.path("ready")
    scene.python("import os,sys,time\n"
                 "f=open(sys.argv[1],'wb',0)\n"
                 "try:\n"
                 "  while f.write(b'x'*(1<<20)): pass\n"
                 "except OSError: pass\n"
                 "os.unlink(sys.argv[1]); open(sys.argv[2],'w').close(); time.sleep(600)",
                 os.path.join(target, "app.log"), ready)
    scene.wait_until(lambda: os.path.exists(ready), "the disk is full")


@fault("disk.io-saturated", "everything that touches the disk has become slow, why?",
       traced="disk-latency")
def disk_io_saturated(scene):
    started = [scene.path(f"load-started-{i}") for i in range(12)]
    code = ("import mmap,os,random,sys\n"
            "f=os.open(sys.argv[1],os.O_CREAT|os.O_RDWR|os.O_DIRECT,0o600)\n"
            "os.posix_fallocate(f,0,128<<20)\n"
            "b=mmap.mmap(-1,1<<20); os.pwrite(f,b,0); open(sys.argv[2],'w').close()\n"
            "while True: os.pwrite(f,b,random.randrange(0,127)<<20)\n")
    place = os.path.dirname(scene.folder) if os.path.ismount("/tmp") else scene.folder
    for i, word in enumerate(started):
        scene.python(code, os.path.join(place, f"io-load-{i}"), word)
        scene.stack.callback(lambda path=os.path.join(place, f"io-load-{i}"):
                             os.path.exists(path) and os.unlink(path))
    scene.wait_until(lambda: all(map(os.path.exists, started)), "all of the load runs", 60)
    if not os.path.exists("/proc/diskstats"):
        raise Skip("no /proc/diskstats")


@fault("disk.mounted-read-only", "the application cannot write its files any more")
def file_system_turned_read_only(scene):
    target = scene.disk("data", 32)
    scene.run("mount", "-o", "remount,ro", target)


@fault("disk.full", "the backup user gets an error, but root can still write, why?")
def disk_full_for_all_but_root(scene):
    """Root may use the reserve of ext4; everybody else may not."""
    os.chmod(scene.folder, 0o755)
    target = scene.disk("backup", 48)
    os.chmod(target, 0o777)
    scene.spawn(["setpriv", "--reuid=65534", "--clear-groups", "dd", "if=/dev/zero",
                 f"of={target}/dump", "bs=1M"]).wait()


@fault("disk.mounted-read-only", "nothing can be saved any more, who is to blame?")
def file_system_in_memory_turned_read_only(scene):
    target = scene.mount("tmpfs", scene.path("shared"), options="size=8m")
    scene.run("mount", "-o", "remount,ro", target)
    log = scene.path("log", "editor.log")
    scene.write(log, "")
    scene.python("import sys,time\n"
                 "log=open(sys.argv[1],'a',buffering=1)\n"
                 "while True:\n"
                 "  try: open(sys.argv[2],'w')\n"
                 "  except OSError as why:\n"
                 "    log.write(time.strftime('%Y-%m-%dT%H:%M:%SZ',time.gmtime())+"
                 "' ERROR save: %s\\n' % why); time.sleep(0.3)\n",
                 log, os.path.join(target, "page"))
    scene.wait_until(lambda: os.path.getsize(log) > 0, "a write is refused")


@fault("disk.log-growing", "the free space of this host shrinks and shrinks, what eats it?")
def log_that_grows_and_grows(scene):
    log = os.path.join(scene.disk("logs", 2048), "debug.log")  # not full before it was asked about twice
    for _ in range(3):  # one of them writes at any time, and what was due before: 2 MB a second, the limit is 1
        scene.python("import sys,time\n"
                     "log=open(sys.argv[1],'ab',0); begun=time.monotonic(); n=0\n"
                     "line='%s DEBUG poll: queue is empty, next poll in 0 ms ' + 60*'.' + '\\n'\n"
                     "while True:\n"
                     "  due=int((time.monotonic()-begun)*16000)\n"
                     "  text=(due-n)*(line % time.strftime('%Y-%m-%dT%H:%M:%SZ',time.gmtime())); n=due\n"
                     "  log.write(text.encode()); time.sleep(0.02)\n", log)
    scene.wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > 1 << 20, "it grows")


WRITE_THROUGH = ("import mmap,os,sys\n"
                 "if sys.argv[1]: open(sys.argv[1],'w').write('0')\n"
                 "f=os.open(sys.argv[2],os.O_CREAT|os.O_RDWR|os.O_DIRECT,0o600)\n"
                 "b=mmap.mmap(-1,1<<17); n=0\n"
                 "while True:\n"
                 "  os.pwrite(f,b,n%64<<17); n+=1\n"
                 "  if n==3: open(sys.argv[3],'w').close()\n")


@fault("disk.throttled", "the nightly import crawls although the disk has nothing to do, why?")
def writes_throttled_by_their_cgroup(scene):
    target = os.path.dirname(scene.folder)
    device = os.stat(target).st_dev
    if os.path.ismount("/tmp") or not os.major(device):
        raise Skip("the folder for scratch files is on no disk")
    number = f"{os.major(device)}:{os.minor(device)}"
    procs = scene.cgroup("blkio", **{"blkio__throttle.write_bps_device": f"{number} 524288"})
    image = os.path.join(target, f"throttled-{os.getpid()}")
    scene.stack.callback(lambda: os.path.exists(image) and os.unlink(image))
    scene.python(WRITE_THROUGH, procs, image, scene.path("throttled"))
    scene.wait_until(lambda: os.path.exists(scene.path("throttled")), "it writes")
