"""Faults of services that run without a service manager, and of what they depend on."""
import os
import signal
import socket
import sys
import time

from scene import Skip, fault


def stamp():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


@fault("network.port-in-use", "why does the billing service not start?")
def port_already_in_use(scene):
    squatter = socket.socket()
    squatter.bind(("127.0.0.1", 0))
    squatter.listen()
    scene.stack.callback(squatter.close)
    log = "/var/log/billing/billing.log"
    scene.stack.callback(lambda: scene.run("rm", "-rf", "/var/log/billing"))
    os.makedirs(os.path.dirname(log), exist_ok=True)
    port = squatter.getsockname()[1]
    starter = scene.python(
        "import socket,sys,time\n"
        "log=open(sys.argv[1],'a',buffering=1)\n"
        "t=lambda: time.strftime('%Y-%m-%dT%H:%M:%SZ',time.gmtime())\n"
        "log.write(t()+' INFO billing starting on 127.0.0.1:'+sys.argv[2]+'\\n')\n"
        "try:\n"
        "  socket.socket().bind(('127.0.0.1',int(sys.argv[2])))\n"
        "except OSError as why:\n"
        "  log.write(t()+' FATAL cannot listen on 127.0.0.1:'+sys.argv[2]+': '+why.strerror+'\\n')\n"
        "  sys.exit(1)\n", log, str(port))
    starter.wait()


@fault("network.dependency-refused", "the shop answers 502 for every order, why?")
def dependency_refuses_connections(scene):
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    log = "/var/log/shop/shop.log"
    scene.stack.callback(lambda: scene.run("rm", "-rf", "/var/log/shop"))
    os.makedirs(os.path.dirname(log), exist_ok=True)
    scene.python(
        "import socket,sys,time\n"
        "log=open(sys.argv[1],'a',buffering=1)\n"
        "t=lambda: time.strftime('%Y-%m-%dT%H:%M:%SZ',time.gmtime())\n"
        "while True:\n"
        "  try: socket.create_connection(('127.0.0.1',int(sys.argv[2])),1)\n"
        "  except OSError as why:\n"
        "    log.write(t()+' ERROR payment backend 127.0.0.1:'+sys.argv[2]+': connect: '"
        "+why.strerror+'\\n')\n"
        "  time.sleep(0.2)\n", log, str(port))
    scene.wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > 400, "it failed")


@fault("service.crash-at-start", "the importer does not come up after the deployment, why?")
def service_crashes_at_start(scene):
    log = "/var/log/importer.log"
    scene.keep(log)
    config = scene.write(scene.path("importer.conf"), "workers = many\n")
    with open(log, "a", encoding="utf-8") as out:
        for _ in range(3):
            starter = scene.python(
                "import sys,time\n"
                "print(time.strftime('%Y-%m-%dT%H:%M:%SZ',time.gmtime()),"
                "'INFO importer 2.1 starting',file=sys.stderr,flush=True)\n"
                "workers=int(open(sys.argv[1]).read().split('=')[1])\n", config, stderr=out)
            starter.wait()


@fault("network.dns-failing", "the application cannot resolve any name, why?")
def dns_failing(scene):
    """Names are asked for where nobody answers; only Constable's own view is changed."""
    resolv = scene.write(scene.path("resolv.conf"), "nameserver 127.0.0.213\n")
    if not os.path.exists("/etc/resolv.conf"):
        raise Skip("no /etc/resolv.conf to cover")
    scene.prefix = ["unshare", "-m", "--propagation", "private", "sh", "-c",
                    f'mount --bind {resolv} /etc/resolv.conf && exec "$@"', "sh"]


# Answers every question with one address, after a while.
SLOW_DNS = """
import socket,struct,sys,threading,time
server=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); server.bind((sys.argv[1],53))
open(sys.argv[3],'w').close()
def answer(query,peer):
  time.sleep(float(sys.argv[2]))
  question=query[12:query.index(b'\\0',12)+5]
  server.sendto(query[:2]+struct.pack('>5H',0x8180,1,1,0,0)+question+
    b'\\xc0\\x0c'+question[-4:]+struct.pack('>IH4B',60,4,127,0,0,1),peer)
while True: threading.Thread(target=answer,args=server.recvfrom(2000)).start()
"""


@fault("network.dns-slow", "logins take ages since this morning")
def dns_slow(scene):
    ready = scene.path("ready")
    scene.python(SLOW_DNS, "127.0.0.214", "1.6", ready)
    scene.wait_until(lambda: os.path.exists(ready), "it listens")
    resolv = scene.write(scene.path("resolv.conf"), "nameserver 127.0.0.214\n")
    if not os.path.exists("/etc/resolv.conf"):
        raise Skip("no /etc/resolv.conf to cover")
    scene.prefix = ["unshare", "-m", "--propagation", "private", "sh", "-c",
                    f'mount --bind {resolv} /etc/resolv.conf && exec "$@"', "sh"]


def log_folder(scene, name):
    folder = f"/var/log/{name}"
    scene.stack.callback(lambda: scene.run("rm", "-rf", folder))
    os.makedirs(folder, exist_ok=True)
    return folder


@fault("service.permission-denied", "the mailer does not start, why?")
def key_that_the_service_may_not_read(scene):
    folder = log_folder(scene, "mailer")
    os.chmod(scene.folder, 0o755)
    key = scene.write(scene.path("mailer.key"), "secret\n", 0o600)
    with open(os.path.join(folder, "mailer.log"), "w", encoding="ascii") as log:
        for _ in range(2):
            scene.spawn(["setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/perl", "-e",
                         "open my $key, '<', $ARGV[0] or die \"mailer: $ARGV[0]: $!\\n\"", key],
                        stderr=log).wait()


@fault("service.crash-at-start", "the collector is broken since the upgrade")
def module_that_is_missing(scene):
    folder = log_folder(scene, "collector")
    with open(os.path.join(folder, "collector.log"), "w", encoding="ascii") as log:
        scene.spawn(["/usr/bin/perl", "-e", "use Collector::Store; print 1"], stderr=log).wait()


# An application that goes on trying, and logs why it fails.
TRIER = ("import socket,ssl,sys,time\n"
         "log=open(sys.argv[1],'a',buffering=1)\n"
         "while True:\n"
         "  try:\n"
         "    peer=socket.create_connection((sys.argv[2],int(sys.argv[3])),1)\n"
         "    ssl.create_default_context().wrap_socket(peer,server_hostname='localhost')\n"
         "  except OSError as why:\n"
         "    log.write(time.strftime('%Y-%m-%dT%H:%M:%SZ',time.gmtime())+"
         "' ERROR %s:%s: %s\\n' % (sys.argv[2],sys.argv[3],why))\n"
         "  time.sleep(0.2)\n")


@fault("network.dependency-unreachable", "payments fail, why?")
def dependency_without_a_route(scene):
    log = os.path.join(log_folder(scene, "payments"), "payments.log")
    scene.spawn(["unshare", "-n", sys.executable, "-c", TRIER, log, "198.51.100.9", "443"])
    scene.wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > 300, "it failed")


@fault("tls.certificate-not-trusted", "the notifier cannot call its webhooks, why?")
def certificate_that_nobody_signed(scene):
    key, certificate = scene.path("hooks.key"), scene.path("hooks.crt")
    scene.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
              "-subj", "/CN=hooks.example.com", "-keyout", key, "-out", certificate)
    log = os.path.join(log_folder(scene, "notifier"), "notifier.log")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    scene.spawn(["openssl", "s_server", "-accept", port, "-cert", certificate, "-key", key, "-www"])
    scene.python(TRIER, log, "127.0.0.1", port)

    def is_refused():
        with open(log, encoding="utf-8") as text:
            return text.read().count("certificate verify failed") >= 3
    scene.wait_until(lambda: os.path.exists(log) and is_refused(), "it is refused")


@fault("network.listen-queue-full", "clients time out when they connect to the gateway")
def listen_queue_overflows(scene):
    ready = scene.path("ready")
    scene.python("import socket,sys,time\n"
                 "s=socket.socket(); s.bind(('127.0.0.1',0)); s.listen(1)\n"
                 "open(sys.argv[1]+'.tmp','w').write(str(s.getsockname()[1]))\n"
                 "import os; os.rename(sys.argv[1]+'.tmp',sys.argv[1]); time.sleep(600)", ready)
    scene.wait_until(lambda: os.path.exists(ready), "it listens")
    with open(ready, encoding="ascii") as text:
        port = text.read()
    scene.python("import socket,sys,time\n"
                 "keep=[]\n"
                 "while True:\n"
                 "  s=socket.socket(); s.setblocking(False)\n"
                 "  try: s.connect(('127.0.0.1',int(sys.argv[1])))\n"
                 "  except BlockingIOError: pass\n"
                 "  keep.append(s); keep=keep[-64:]; time.sleep(0.01)\n", port)
    scene.wait_until(lambda: _overflows() > scene.overflows_before + 20
                     if hasattr(scene, "overflows_before") else _remember(scene), "it overflows")


def _overflows():
    with open("/proc/net/netstat", encoding="ascii") as text:
        lines = [line.split() for line in text]
    for names, values in zip(lines[::2], lines[1::2]):
        if "ListenOverflows" in names:
            return int(values[names.index("ListenOverflows")])
    return 0


def _remember(scene):
    scene.overflows_before = _overflows()
    return False


@fault("service.application-errors", "the checkout fails since the last deployment")
def program_that_goes_on_and_fails(scene):
    log = os.path.join(log_folder(scene, "checkout"), "checkout.log")
    started = time.monotonic()
    scene.python("import sys,time,traceback\n"
                 "log=open(sys.argv[1],'a',buffering=1)\n"
                 "while True:\n"
                 "  try: {}['currency']\n"
                 "  except KeyError: log.write(time.strftime('%Y-%m-%dT%H:%M:%SZ',time.gmtime())+"
                 "' ERROR POST /checkout 500\\n'+traceback.format_exc())\n"
                 "  time.sleep(0.2)\n", log)
    scene.wait_until(lambda: time.monotonic() - started > 6 and os.path.getsize(log) > 1000,
                     "it goes on in spite of its errors")


@fault("network.dependency-rate-limited", "address lookups fail, why?")
def provider_that_answers_429(scene):
    port, log = scene.path("port"), os.path.join(log_folder(scene, "geocoder"), "geocoder.log")
    scene.python("import http.server,os,sys\n"
                 "class Api(http.server.BaseHTTPRequestHandler):\n"
                 "  def do_GET(self):\n"
                 "    self.send_response(429); self.send_header('Retry-After','30')\n"
                 "    self.send_header('Content-Length','0'); self.end_headers()\n"
                 "  def log_message(self, *_): pass\n"
                 "api=http.server.HTTPServer(('127.0.0.1',0),Api)\n"
                 "open(sys.argv[1]+'.tmp','w').write(str(api.server_port))\n"
                 "os.rename(sys.argv[1]+'.tmp',sys.argv[1]); api.serve_forever()\n", port)
    scene.wait_until(lambda: os.path.exists(port), "the provider answers")
    with open(port, encoding="ascii") as text:
        url = f"http://127.0.0.1:{text.read()}/v1/geocode"
    scene.python("import sys,time,urllib.request\n"
                 "log=open(sys.argv[2],'a',buffering=1)\n"
                 "while True:\n"
                 "  try: urllib.request.urlopen(sys.argv[1])\n"
                 "  except OSError as error: log.write(time.strftime('%Y-%m-%dT%H:%M:%SZ ',time.gmtime())+"
                 "f'ERROR geocoder: {error}\\n')\n"
                 "  time.sleep(0.1)\n", url, log)
    scene.wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > 600,
                     "it was turned away ten times")


def server_that_accepts(scene):
    """The process, and a function that lets five clients wait for it."""
    ready = scene.path("ready")
    server = scene.python("import socket,sys,time\n"
                          "s=socket.socket(); s.bind(('127.0.0.1',0)); s.listen(64)\n"
                          "import os; open(sys.argv[1]+'.tmp','w').write(str(s.getsockname()[1]))\n"
                          "os.rename(sys.argv[1]+'.tmp',sys.argv[1])\n"
                          "while True: s.accept()\n", ready)
    scene.wait_until(lambda: os.path.exists(ready), "it listens")
    with open(ready, encoding="ascii") as text:
        port = int(text.read())

    def connect():
        for _ in range(5):
            client = socket.create_connection(("127.0.0.1", port))
            scene.stack.callback(client.close)
    return server, connect


@fault("process.stopped", "the api accepts connections but never answers, why?")
def server_that_somebody_stopped(scene):
    server, connect = server_that_accepts(scene)
    server.send_signal(signal.SIGSTOP)
    connect()


@fault("process.stopped", "requests to the api hang since the snapshot, why?")
def server_whose_cgroup_is_frozen(scene):
    procs = scene.cgroup("freezer")
    server, connect = server_that_accepts(scene)
    with open(procs, "w", encoding="ascii") as out:
        out.write(str(server.pid))
    group = os.path.dirname(procs)
    is_v1 = os.path.exists(f"{group}/freezer.state")
    switch, frozen, thawed = ("freezer.state", "FROZEN", "THAWED") if is_v1 else \
                             ("cgroup.freeze", "1", "0")

    def turn(value):
        with open(f"{group}/{switch}", "w", encoding="ascii") as out:
            out.write(value)
    scene.stack.callback(turn, thawed)
    turn(frozen)
    connect()


def network_of_its_own(scene, setup):
    """The network of a machine of its own, whose first process lives in it; names resolve there."""
    ready, resolv = scene.path("up"), scene.write(scene.path("resolv.conf"), "nameserver 127.0.0.1\n")
    holder = scene.spawn(["unshare", "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc", "sh", "-c",
                          f"mount -t sysfs sysfs /sys && mount --bind {resolv} /etc/resolv.conf && "
                          f"ip link set lo up && {setup} && touch {ready} && exec sleep 600"])
    scene.wait_until(lambda: os.path.exists(ready), "the network is up")
    with open(f"/proc/{holder.pid}/task/{holder.pid}/children", encoding="ascii") as children:
        scene.prefix = ["nsenter", "-t", children.read().split()[0], "-n", "-m", "-p"]
    answers = scene.path("answers")
    scene.spawn([*scene.prefix, sys.executable, "-c", SLOW_DNS, "127.0.0.1", "0", answers])
    scene.wait_until(lambda: os.path.exists(answers), "names resolve")


@fault("network.gateway-unreachable", "nothing on the internet can be reached from here")
def default_route_to_where_nobody_is(scene):
    network_of_its_own(scene, "ip link add eth0 type veth peer name other && ip link set other up && "
                       "ip addr add 10.77.0.2/24 dev eth0 && ip link set eth0 up && "
                       "ip route add default via 10.77.0.254")
    scene.spawn([*scene.prefix, sys.executable, "-c",
                 "import socket,time\n"
                 "while True:\n"
                 "  try: socket.create_connection(('192.0.2.9',443),1)\n"
                 "  except OSError: time.sleep(0.1)\n"])

    def is_refused():
        return "FAILED" in scene.run(*scene.prefix, "ip", "neigh", "show", "10.77.0.254")
    scene.wait_until(is_refused, "nobody answers", 30)


@fault("network.ports-exhausted", "why can the crawler not open connections?")
def outgoing_ports_used_up(scene):
    network_of_its_own(scene, "echo 40000 40200 >/proc/sys/net/ipv4/ip_local_port_range")
    ready = scene.path("ready")
    scene.spawn([*scene.prefix, sys.executable, "-c",
                 "import socket,sys,time\n"
                 "s=socket.socket(); s.bind(('127.0.0.1',8080)); s.listen(600); keep=[]\n"
                 "try:\n"
                 "  while True: keep+=[socket.create_connection(('127.0.0.1',8080)),s.accept()[0]]\n"
                 "except OSError: open(sys.argv[1],'w').close()\n"
                 "time.sleep(600)\n", ready])
    scene.wait_until(lambda: os.path.exists(ready), "none is left")


@fault("network.hosts-override", "the shop answers 502 for every order since the database moved, why?")
def hosts_file_that_names_the_old_address(scene):
    """DNS says 127.0.0.1, where the database is; /etc/hosts says where it was."""
    hosts = scene.write(scene.path("hosts"), "127.0.0.1 localhost\n127.0.0.77 db.shop.internal\n")
    network_of_its_own(scene, f"mount --bind {hosts} /etc/hosts")
    ready, log = scene.path("listens"), log_folder(scene, "shop") + "/shop.log"
    scene.spawn([*scene.prefix, sys.executable, "-c",
                 "import socket,sys\n"
                 "server=socket.create_server(('127.0.0.1',5432)); open(sys.argv[1],'w').close()\n"
                 "while True: server.accept()[0].close()\n", ready])
    scene.wait_until(lambda: os.path.exists(ready), "the database listens")
    scene.spawn([*scene.prefix, sys.executable, "-c",
                 "import socket,sys,time\n"
                 "log=open(sys.argv[1],'a',buffering=1)\n"
                 "t=lambda: time.strftime('%Y-%m-%dT%H:%M:%SZ',time.gmtime())\n"
                 "while True:\n"
                 "  try: socket.create_connection(('db.shop.internal',5432),1)\n"
                 "  except OSError as why:\n"
                 "    log.write(t()+' ERROR order: connect to db.shop.internal:5432: '+why.strerror+'\\n')\n"
                 "  time.sleep(0.2)\n", log])
    scene.wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > 400, "it failed")


@fault("network.duplicate-address", "nobody reaches this host at the address it was given, why?")
def address_that_another_machine_has(scene):
    other = scene.spawn(["unshare", "-n", "sleep", "600"])
    own = os.readlink("/proc/self/ns/net")
    scene.wait_until(lambda: os.readlink(f"/proc/{other.pid}/ns/net") != own, "the other is there")
    beyond = ["nsenter", "-t", str(other.pid), "-n"]
    network_of_its_own(scene, "ip link add eth0 type veth peer name eth1")
    scene.run(*scene.prefix[:4], "ip", "link", "set", "eth1", "netns", str(other.pid))
    scene.run(*beyond, "ip", "addr", "add", "fd77::2/64", "dev", "eth1", "nodad")
    scene.run(*beyond, "ip", "link", "set", "eth1", "up")
    scene.run(*scene.prefix, "ip", "link", "set", "eth0", "up")
    scene.run(*scene.prefix, "ip", "addr", "add", "fd77::2/64", "dev", "eth0")

    def is_found():
        return "dadfailed" in scene.run(*scene.prefix, "ip", "-6", "addr", "show", "dev", "eth0")
    scene.wait_until(is_found, "the other's address is noticed")
