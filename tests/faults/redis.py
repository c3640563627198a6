"""Faults of a real Redis, started by the scene as its own user."""
import os
import shutil
import socket
import subprocess

from scene import Skip, fault

SOCKET = "/run/redis/redis-fault.sock"
# An application that goes on writing, and logs what it is answered.
WRITER = ("import socket,sys,time\n"
          "s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
          "log=open(sys.argv[2],'a',buffering=1); n=0\n"
          "while True:\n"
          "  n+=1\n"
          "  s.sendall(b'*3\\r\\n$3\\r\\nSET\\r\\n$12\\r\\n%012d\\r\\n$20000\\r\\n' % n"
          "+ b'x'*20000 + b'\\r\\n')\n"
          "  answer=s.recv(400).decode().strip()\n"
          "  if answer[0]=='-':\n"
          "    log.write(time.strftime('%Y-%m-%dT%H:%M:%SZ',time.gmtime())+"
          "' ERROR session not saved: %s\\n' % answer[1:]); time.sleep(0.2)\n"
          "  time.sleep(float(sys.argv[3]))\n")


class Redis:
    def __init__(self, scene, *options):
        if not shutil.which("redis-server"):
            raise Skip("Redis is not installed")
        self.scene = scene
        os.chmod(scene.folder, 0o755)
        self.data = scene.path("redis")
        os.makedirs(self.data)
        os.makedirs("/run/redis", exist_ok=True)
        for folder in (self.data, "/run/redis"):
            shutil.chown(folder, "redis")
        os.makedirs(scene.path("log"))
        self.log = scene.path("log", "shop.log")
        scene.spawn(["setpriv", "--reuid=redis", "--regid=redis", "--init-groups", "redis-server",
                     "--port", "0", "--unixsocket", SOCKET, "--dir", self.data, *options])
        scene.stack.callback(lambda: os.path.exists(SOCKET) and os.unlink(SOCKET))
        scene.wait_until(lambda: self.ask("ping") == "PONG" or "NOAUTH" in self.ask("ping"),
                         "Redis answers")

    @staticmethod
    def ask(*words):
        return subprocess.run(["redis-cli", "-s", SOCKET, *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=10,
                              check=False).stdout.strip()

    def write_until_refused(self, pause_s):
        self.scene.python(WRITER, SOCKET, self.log, str(pause_s))
        self.scene.wait_until(lambda: os.path.exists(self.log) and os.path.getsize(self.log) > 0,
                              "a write is refused", 30)


@fault("db.redis-memory-full", "customers are logged out, the shop cannot save sessions, why?")
def no_memory_left_for_keys(scene):
    server = Redis(scene, "--maxmemory", "8mb", "--maxmemory-policy", "noeviction", "--save", "")
    server.write_until_refused(0)


@fault("db.redis-persistence-failing", "the shop cannot save sessions in redis any more, why?")
def snapshots_cannot_be_written(scene):
    server = Redis(scene, "--save", "1 1")
    shutil.chown(server.data, "root")
    os.chmod(server.data, 0o555)
    server.write_until_refused(0.2)


@fault("db.redis-connections-exhausted", "customers lose their carts, is it the cache?")
def no_client_slot_left(scene):
    Redis(scene, "--maxclients", "6", "--save", "")
    for _ in range(12):
        client = socket.socket(socket.AF_UNIX)
        scene.stack.callback(client.close)
        client.connect(SOCKET)
    scene.wait_until(lambda: "max number" in Redis.ask("ping"), "clients are refused")


@fault("service.credentials-refused", "why is the cart always empty?")
def password_that_the_application_does_not_know(scene):
    server = Redis(scene, "--save", "", "--requirepass", "rotated")
    scene.python("import socket,sys,time\n"
                 "log=open(sys.argv[2],'a',buffering=1)\n"
                 "while True:\n"
                 "  s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
                 "  s.sendall(b'GET cart\\r\\n'); answer=s.recv(400).decode().strip()\n"
                 "  log.write(time.strftime('%Y-%m-%dT%H:%M:%SZ',time.gmtime())+"
                 "' ERROR cart not read: %s\\n' % answer[1:]); time.sleep(0.2)\n",
                 SOCKET, server.log)
    scene.wait_until(lambda: os.path.exists(server.log) and os.path.getsize(server.log) > 200,
                     "it is refused again and again")


@fault("db.redis-replication-broken", "customers see old prices, what serves them?")
def replica_whose_master_is_gone(scene):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        Redis(scene, "--save", "", "--replicaof", "127.0.0.1", str(closed.getsockname()[1]))
    scene.wait_until(lambda: "master_link_status:down" in Redis.ask("info", "replication"),
                     "the link is down")
