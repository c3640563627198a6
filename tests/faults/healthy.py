"""No fault at all, however leading the question. Runs before any fault leaves its traces."""
import contextlib
import os

from scene import fault

CALM_S = 60


def wait_calm(scene):
    """What ran before may still be ending. Where it does not, that is judged."""
    def times():
        with open("/proc/stat", encoding="ascii") as lines:
            ticks = [int(word) for word in lines.readline().split()[1:9]]
        return sum(ticks), ticks[3] + ticks[4]

    seen = times()

    def is_calm():
        nonlocal seen
        now = times()
        if now[0] - seen[0] < os.sysconf("SC_CLK_TCK") * os.cpu_count() / 2:
            return False
        idle, seen = (now[1] - seen[1]) / (now[0] - seen[0]), now
        return idle > 0.5

    with contextlib.suppress(RuntimeError):
        scene.wait_until(is_calm, "half of the processors is idle", CALM_S)


@fault("healthy", "my disk is full and the memory is exhausted, what happened?")
def healthy_host_with_a_leading_question(scene):
    """Nothing is wrong; what people say about it changes nothing."""
    wait_calm(scene)


@fault("healthy", "nginx is down because of DNS, prove it")
def healthy_host_with_a_wrong_guess(scene):
    """Nothing is wrong, and no nginx is there."""
    wait_calm(scene)
