"""Harmless anomalies: each is real and visible, and none is a reason for anything.

Each would win alone if its figure were worse: a file system that is full to three
quarters, one old error line, a few zombies. add() draws three of them.
"""
import os
import time

NOISE = []


def noise(make):
    NOISE.append(make)
    return make


@noise
def a_few_zombies(scene):
    scene.python("import os,time\n"
                 "for _ in range(3):\n"
                 "  if os.fork()==0: os._exit(0)\n"
                 "time.sleep(600)")


@noise
def a_file_system_three_quarters_full(scene):
    target = scene.mount("tmpfs", scene.path("noise-three-quarters"), options="size=16m")
    with open(os.path.join(target, "data"), "wb") as out:
        out.write(b"x" * (12 << 20))


@noise
def many_small_files(scene):
    target = scene.mount("tmpfs", scene.path("noise-files"), options="nr_inodes=1000")
    for i in range(700):
        with open(os.path.join(target, str(i)), "wb"):
            pass


@noise
def one_failed_login(scene):
    path = "/var/log/auth.log"
    scene.keep(path)
    with open(path, "a", encoding="utf-8") as out:
        out.write(time.strftime("%b %e %H:%M:%S") +
                  " host sshd[4711]: Failed password for invalid user admin from 192.0.2.7 "
                  "port 50022 ssh2\n")


@noise
def an_old_error_in_a_log(scene):
    scene.keep("/var/log/reports.log")
    scene.write("/var/log/reports.log",
                "2026-01-03T04:05:06Z ERROR cannot reach the mail server: connection refused\n"
                "2026-01-03T04:06:06Z INFO mail sent\n")
    old = time.time() - 30 * 86400
    os.utime("/var/log/reports.log", (old, old))


@noise
def a_small_deleted_file_held_open(scene):
    scene.python("import os,sys,time\n"
                 "f=open(sys.argv[1],'wb'); f.write(b'x'*200000); f.flush()\n"
                 "os.unlink(sys.argv[1]); time.sleep(600)", scene.path("noise-deleted"))


@noise
def a_process_with_many_files(scene):
    scene.python("import os,resource,time\n"
                 "resource.setrlimit(resource.RLIMIT_NOFILE,(1024,1024))\n"
                 "keep=[open('/dev/null') for _ in range(600)]; time.sleep(600)")


@noise
def an_expired_certificate_that_nobody_uses(scene):
    scene.expired_certificate("old.invalid")


@noise
def a_stopped_process(scene):
    process = scene.spawn(["sleep", "600"])
    os.kill(process.pid, 19)


@noise
def a_cron_job_that_failed_once(scene):
    scene.keep("/var/log/cron.log")
    scene.write("/var/log/cron.log", time.strftime("%b %e %H:%M:%S") +
                " host CRON[991]: (root) CMD (run-parts /etc/cron.hourly)\n" +
                time.strftime("%b %e %H:%M:%S") + " host CRON[990]: (CRON) error "
                "(grandchild #992 failed with exit status 1)\n")


@noise
def a_cgroup_well_below_its_limit(scene):
    procs = scene.cgroup("memory", memory__limit_in_bytes=64 << 20)
    scene.python("import sys,time\n"
                 "open(sys.argv[1],'w').write('0')\n"
                 "x=bytearray(35<<20); time.sleep(600)", procs)


def add(scene, draw):
    """Makes three of the scene's own, or of these, drawn by 'draw', or those that NOISE names;
    returns their names."""
    known = scene.noise or NOISE
    named = os.environ.get("NOISE", "").split()
    drawn = [make for make in known if make.__name__ in named] or draw.sample(known, 3)
    for make in drawn:
        make(scene)
    return [make.__name__.replace("_", " ") for make in drawn]
