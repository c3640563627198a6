"""Harmless anomalies of a machine booted by systemd; they are made inside it."""
import os
import time

NOISE = []


def noise(make):
    NOISE.append(make)
    return make


@noise
def a_disabled_unit(scene):
    scene.machine.unit("importer.service", "ExecStart=/bin/sleep 600\n[Install]\n"
                       "WantedBy=multi-user.target")


@noise
def a_masked_unit(scene):
    scene.machine.systemctl("mask", "sendmail.service")


@noise
def a_timer_whose_job_succeeds(scene):
    scene.machine.unit("tidy.service", "Type=oneshot\nExecStart=/bin/true")
    scene.machine.file("/etc/systemd/system/tidy.timer",
                       "[Timer]\nOnActiveSec=1s\nOnUnitInactiveSec=1d\n")
    scene.machine.systemctl("start", "tidy.timer")


@noise
def a_unit_whose_condition_does_not_hold(scene):
    scene.machine.unit("gpu-tuner.service", "ExecStart=/bin/sleep 600",
                       "ConditionPathExists=/dev/nvidia0")
    scene.machine.systemctl("start", "gpu-tuner.service")


@noise
def a_unit_that_was_stopped_by_hand(scene):
    scene.machine.unit("preview.service", "ExecStart=/bin/sleep 600")
    scene.machine.systemctl("start", "preview.service")
    scene.machine.systemctl("stop", "preview.service")


@noise
def a_unit_that_warns_and_works(scene):
    scene.machine.unit("indexer.service", "ExecStart=/bin/sh -c 'echo WARNING: the cache is cold; "
                       "exec sleep 600'")
    scene.machine.systemctl("start", "indexer.service")


@noise
def an_old_error_in_a_log(scene):
    path = scene.machine.file("/var/log/mailer.log", "2026-01-03T04:05:06Z ERROR cannot reach the "
                              "mail server: connection refused\n2026-01-03T04:06:06Z INFO sent\n")
    old = time.time() - 30 * 86400
    os.utime(path, (old, old))


@noise
def a_few_zombies(scene):
    scene.spawn(scene.machine.inside(
        "python3", "-c", "import os,time\nfor _ in range(3):\n  if os.fork()==0: os._exit(0)\n"
        "time.sleep(600)"))
