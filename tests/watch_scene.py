"""What watches a shop: a real Prometheus with exporters, a real Alertmanager, a real SMTP server.

Everything of it is impatient (a quarter of a second) and lies in a folder of its own, on ports of its own.
"""
import email
import email.policy
import json
import os
import pwd
import ssl
import subprocess
import urllib.parse
import urllib.request

from aiosmtpd.controller import Controller
from link_scene import free_ports
from server_fixture import WAIT_S, wait_for

STEP = "250ms"


def fetch(url):
    with urllib.request.urlopen(url, timeout=5) as reply:
        return reply.read()


def answers(url):
    try:
        fetch(url)
        return True
    except OSError:
        return False


class Watch:
    """Prometheus watches a site and a database of `host`, and tells Alertmanager, which tells `url`.

    The alerts are called SiteDown and DatabaseBusy; each names the host as its instance.
    """

    def __init__(self, folder, host, site, database):
        self.folder, self.host, self.site, self.database = folder, host, site, database
        self.processes = []
        self.ports = dict(zip(("prometheus", "alertmanager", "blackbox", "postgres"), free_ports(4)))
        os.makedirs(folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, document):
        """JSON is YAML."""
        with open(self.path(name), "w", encoding="ascii") as file:
            json.dump(document, file)
        return self.path(name)

    def spawn(self, *argv, **options):
        with open(self.path("log"), "ab") as log:
            # pylint: disable-next=consider-using-with
            self.processes.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log,
                                                   stderr=log, cwd=self.folder, **options))

    def start_exporters(self):
        config = self.write("blackbox.yml", {"modules": {"site": {
            "prober": "http", "timeout": "2s", "http": {"preferred_ip_protocol": "ip4"}}}})
        self.spawn("prometheus-blackbox-exporter", "--config.file", config, "--log.level=error",
                   f"--web.listen-address=127.0.0.1:{self.ports['blackbox']}")
        account = pwd.getpwnam("postgres")
        self.spawn("prometheus-postgres-exporter", "--log.level=error",
                   f"--web.listen-address=127.0.0.1:{self.ports['postgres']}",
                   user=account.pw_uid, group=account.pw_gid, extra_groups=[],
                   env={"PATH": os.environ["PATH"], "DATA_SOURCE_NAME": self.database})

    def start_prometheus(self):
        def alert(name, expression, service):
            return {"alert": name, "expr": expression,
                    "labels": {"severity": "critical", "service": service},
                    "annotations": {"summary": f"{service} of {{{{ $labels.instance }}}} is in trouble"}}
        rules = self.write("rules.yml", {"groups": [{"name": "shop", "rules": [
            alert("SiteDown", 'probe_success{job="site"} == 0', "nginx"),
            alert("DatabaseBusy", 'sum by (instance) (pg_stat_activity_count) > 24', "postgresql")]}]})

        def job(name, port, **more):
            return {"job_name": name, "static_configs": [
                {"targets": [f"127.0.0.1:{self.ports[port]}"], "labels": {"instance": self.host}}], **more}
        config = self.write("prometheus.yml", {
            "global": {"scrape_interval": STEP, "scrape_timeout": STEP, "evaluation_interval": STEP},
            "rule_files": [rules],
            "alerting": {"alertmanagers": [{"static_configs": [
                {"targets": [f"127.0.0.1:{self.ports['alertmanager']}"]}]}]},
            "scrape_configs": [
                job("site", "blackbox", metrics_path="/probe",
                    params={"module": ["site"], "target": [self.site]}),
                job("postgres", "postgres")]})
        self.spawn("prometheus", "--config.file", config, "--log.level=error",
                   "--storage.tsdb.path", self.path("tsdb"),
                   f"--web.listen-address=127.0.0.1:{self.ports['prometheus']}")

    def start_alertmanager(self, url, token, ca_file):
        config = self.write("alertmanager.yml", {
            "route": {"receiver": "constable", "group_by": ["alertname", "instance"],
                      "group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"},
            "receivers": [{"name": "constable", "webhook_configs": [{
                "url": url, "send_resolved": True, "http_config": {
                    "tls_config": {"ca_file": ca_file, "server_name": "localhost"},
                    "authorization": {"type": "Bearer", "credentials": token}}}]}]})
        self.spawn("prometheus-alertmanager", "--config.file", config, "--log.level=error",
                   "--storage.path", self.path("alertmanager"), "--cluster.listen-address=",
                   f"--web.listen-address=127.0.0.1:{self.ports['alertmanager']}")

    def start(self, url, token, ca_file):
        self.start_exporters()
        self.start_alertmanager(url, token, ca_file)
        self.start_prometheus()
        for name in self.ports:
            wait_for(lambda at=self.ports[name]: answers(f"http://127.0.0.1:{at}/"), name)
        wait_for(lambda: self.value("probe_success") == 1 and self.value("pg_up") == 1,
                 "a healthy shop in Prometheus")

    def value(self, expression):
        """What Prometheus says of it now, or None."""
        query = urllib.parse.urlencode({"query": expression})
        try:
            found = json.loads(fetch(f"http://127.0.0.1:{self.ports['prometheus']}/api/v1/query?{query}"))
        except OSError:
            return None
        result = found["data"]["result"]
        return float(result[0]["value"][1]) if result else None

    def firing(self):
        found = json.loads(fetch(f"http://127.0.0.1:{self.ports['prometheus']}/api/v1/alerts"))
        return sorted(alert["labels"]["alertname"] for alert in found["data"]["alerts"]
                      if alert["state"] == "firing")

    def log(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as file:
            return file.read()[-3000:]

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(WAIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = []


class Mail:
    """A real SMTP server, aiosmtpd, that wants STARTTLS and keeps what it is given."""

    def __init__(self, certificate, key):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        self.messages, self.port = [], free_ports(1)[0]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, tls_context=context,
                                     require_starttls=True, server_hostname="localhost")
        self.controller.start()

    async def handle_DATA(self, _server, _session, envelope):  # pylint: disable=invalid-name
        self.messages.append(email.message_from_bytes(envelope.content,
                                                      policy=email.policy.default))
        return "250 kept"

    def stop(self):
        self.controller.stop()
