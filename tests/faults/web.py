"""Faults of web servers and certificates, with a real nginx on loopback."""
import os
import socket
import ssl
import time
import urllib.error
import urllib.request

from scene import Skip, fault

NGINX = "/usr/sbin/nginx"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_config(scene, server, events="worker_connections 64;"):
    """Debian's place for the configuration, so that it is found as an administrator would."""
    if not os.path.exists(NGINX):
        raise Skip("nginx is not installed")
    scene.keep("/etc/nginx/nginx.conf")
    for name in ("/var/log/nginx/error.log", "/var/log/nginx/access.log"):
        scene.keep(name)
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "w", encoding="ascii"):
            pass
    return scene.write("/etc/nginx/nginx.conf",
                       "user www-data;\npid /run/nginx-fault.pid;\n"
                       "error_log /var/log/nginx/error.log;\n"
                       f"events {{ {events} }}\n"
                       "http {\n  access_log /var/log/nginx/access.log;\n"
                       f"  server {{\n{server}\n  }}\n}}\n")


def start_nginx(scene, port):
    os.chmod(scene.folder, 0o755)
    scene.spawn([NGINX, "-g", "daemon off;"])
    scene.stack.callback(lambda: os.path.exists("/run/nginx-fault.pid") and
                         os.unlink("/run/nginx-fault.pid"))

    def answers():
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return True
        except OSError:
            return False
    scene.wait_until(answers, "nginx listens")


@fault("web.nginx-permissions", "the web site answers 403 Forbidden, why?")
def files_that_nginx_may_not_read(scene):
    port = free_port()
    site = scene.path("site")
    scene.write(os.path.join(site, "index.html"), "hello\n")
    write_config(scene, f"    listen 127.0.0.1:{port};\n    root {site};")
    start_nginx(scene, port)
    os.chmod(site, 0o700)
    for _ in range(5):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
        except urllib.error.HTTPError:
            pass


@fault("web.nginx-config-broken", "nginx does not start after my change, why?")
def configuration_that_nginx_refuses(scene):
    write_config(scene, "    listen 127.0.0.1:8099;\n    root /srv/www\n    index index.html;")
    scene.spawn([NGINX, "-g", "daemon off;"]).wait()


@fault("web.nginx-upstream-down", "the site answers 502 Bad Gateway, why?")
def upstream_of_nginx_is_down(scene):
    port, upstream = free_port(), free_port()
    write_config(scene, f"    listen 127.0.0.1:{port};\n"
                        f"    location / {{ proxy_pass http://127.0.0.1:{upstream}; }}")
    start_nginx(scene, port)
    for _ in range(5):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
        except urllib.error.HTTPError:
            pass


@fault("tls.certificate-expired", "browsers refuse the shop's web site since today, why?")
def certificate_in_use_has_expired(scene):
    port = free_port()
    key, certificate = scene.expired_certificate("shop.example.com")
    write_config(scene, f"    listen 127.0.0.1:{port} ssl;\n    ssl_certificate {certificate};\n"
                        f"    ssl_certificate_key {key};\n    root {scene.folder};")
    start_nginx(scene, port)
    try:
        context = ssl.create_default_context()
        urllib.request.urlopen(f"https://127.0.0.1:{port}/", timeout=5, context=context)
    except OSError:
        pass


@fault("web.nginx-body-too-large", "customers cannot upload their photos, why?")
def upload_larger_than_nginx_takes(scene):
    port = free_port()
    write_config(scene, f"    listen 127.0.0.1:{port};\n    client_max_body_size 1k;\n"
                        f"    root {scene.folder};")
    start_nginx(scene, port)
    for _ in range(3):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", b"x" * 4000, timeout=5)
        except OSError:
            pass


@fault("web.nginx-upstream-slow", "the site answers 504 Gateway Time-out, why?")
def upstream_that_takes_requests_and_says_nothing(scene):
    upstream = socket.socket()
    upstream.bind(("127.0.0.1", 0))
    upstream.listen()
    scene.stack.callback(upstream.close)
    port = free_port()
    write_config(scene, f"    listen 127.0.0.1:{port};\n    proxy_read_timeout 200ms;\n"
                 f"    location / {{ proxy_pass http://127.0.0.1:{upstream.getsockname()[1]}; }}")
    start_nginx(scene, port)
    for _ in range(4):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10)
        except urllib.error.HTTPError as answer:
            if answer.code != 504:
                raise RuntimeError(f"nginx answers {answer.code}") from answer


@fault("tls.certificate-not-yet-valid", "browsers warn about the shop since the certificate was changed")
def certificate_of_tomorrow(scene):
    def day(n):
        return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + n * 86400))
    key, request, certificate = (scene.path(f"shop.{kind}") for kind in ("key", "csr", "crt"))
    config = scene.write(scene.path("ca.conf"),
                         f"[ca]\ndefault_ca=own\n[own]\ndatabase={scene.path('issued')}\n"
                         f"new_certs_dir={scene.folder}\nserial={scene.path('serial')}\n"
                         "default_md=sha256\npolicy=names\n[names]\ncommonName=supplied\n")
    scene.write(scene.path("issued"), "")
    scene.write(scene.path("serial"), "01\n")
    scene.run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=shop.example",
              "-keyout", key, "-out", request)
    scene.run("openssl", "ca", "-batch", "-selfsign", "-config", config, "-keyfile", key, "-in",
              request, "-out", certificate, "-startdate", day(1), "-enddate", day(90), "-notext")
    port = free_port()
    write_config(scene, f"    listen 127.0.0.1:{port} ssl;\n    ssl_certificate {certificate};\n"
                 f"    ssl_certificate_key {key};\n    return 200 hello;")
    start_nginx(scene, port)
