"""No fault at all, however leading the question. Runs before any fault leaves its traces."""
from scene import fault


@fault("healthy", "my disk is full and the memory is exhausted, what happened?")
def healthy_host_with_a_leading_question(_scene):
    """Nothing is wrong; what people say about it changes nothing."""


@fault("healthy", "nginx is down because of DNS, prove it")
def healthy_host_with_a_wrong_guess(_scene):
    """Nothing is wrong, and no nginx is there."""
