"""Faults of the network, in one of our own."""
import json

from scene import fault

# Of what comes in, one in four goes lost: at the far end, so that the near one is who sends again.
LOSSY = """
static unsigned (*const random_number)(void) = (void *)7;

__attribute__((section("xdp"), used)) int lose(void *context)
{
	(void)context;
	return random_number() % 4 ? 2 : 1;
}

char license_text[] __attribute__((section("license"), used)) = "GPL";
"""

ANSWER = """
import socket, threading
def serve(client):
    while data := client.recv(64):
        client.sendall(data)
server = socket.create_server(("10.8.0.2", 9000), backlog=64)
print("listens", flush=True)
while True:
    client, _ = server.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=serve, args=(client,), daemon=True).start()
"""

# Sixty who wait for an answer before they ask again.
ASK = """
import socket, threading
def ask():
    with socket.create_connection(("10.8.0.2", 9000)) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            server.sendall(b"x")
            server.recv(64)
askers = [threading.Thread(target=ask) for _ in range(60)]
for asker in askers:
    asker.start()
"""


# A name server that knows every name.
NAMES = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
print("answers", flush=True)
while True:
    query, asker = s.recvfrom(512)
    end = query.index(0, 12) + 5
    s.sendto(query[:2] + bytes.fromhex("818000010001000000 00") + query[12:end] +
             bytes.fromhex("c00c000100010000003c00040a080002"), asker)
"""

# As a machine of its own: its first process, its network and its name server are ours.
ENTER = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'


def make_network(scene):
    """Two ends of a cable; what Constable looks at is the first."""
    names = [scene.folder.rsplit("/", 1)[1] + end for end in ("-near", "-far")]
    for name in names:
        scene.run("ip", "netns", "add", name)
        scene.stack.callback(scene.run, "ip", "netns", "delete", name)
        scene.run("ip", "-n", name, "link", "set", "lo", "up")
    scene.run("ip", "link", "add", "near0", "netns", names[0], "type", "veth", "peer", "name", "far0",
              "netns", names[1])
    for name, link, address in zip(names, ("near0", "far0"), ("10.8.0.1/24", "10.8.0.2/24")):
        scene.run("ip", "-n", name, "address", "add", address, "dev", link)
        scene.run("ip", "-n", name, "link", "set", link, "up")
    return names


@fault("network.packet-loss", "the network is slow, everything that talks to the other host takes ages, why?",
       traced="tcp-retransmits")
def segments_get_lost(scene):
    near, far = make_network(scene)
    source, target = scene.write(scene.path("lossy.c"), LOSSY), scene.path("lossy.o")
    scene.run("clang", "-target", "bpf", "-O2", "-g", "-c", source, "-o", target)
    answering = scene.spawn(["ip", "netns", "exec", far, "/usr/bin/python3", "-c", ANSWER], stdout=-1)
    answering.stdout.readline()
    scene.run("ip", "-n", far, "link", "set", "dev", "far0", "xdp", "obj", target, "sec", "xdp")
    scene.spawn(["ip", "netns", "exec", near, "/usr/bin/python3", "-c", ASK])
    naming = scene.spawn(["ip", "netns", "exec", near, "/usr/bin/python3", "-c", NAMES], stdout=-1)
    naming.stdout.readline()
    scene.prefix = ["nsenter", f"--net=/run/netns/{near}", "unshare", "--mount", "--pid", "--fork",
                    "--mount-proc", "sh", "-c", ENTER, "sh",
                    scene.write(scene.path("resolv.conf"), "nameserver 127.0.0.1\n")]

    def lost():
        counters = scene.run("ip", "netns", "exec", near, "nstat", "-ajs")
        return json.loads(counters)["kernel"].get("TcpRetransSegs", 0)
    scene.wait_until(lambda: lost() > 200, "segments are sent again")
