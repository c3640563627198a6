"""Incidents of several hosts: what goes wrong on one of them, as each of the others sees it.

Recorded by scripts/record-cases, where every host has a network of its own: eth0 with ADDRESSES,
and beyond it the others, of which only the machine answers and no service, unless a scene
starts one there with beyond().
"""
import os
import random
import urllib.error
import urllib.request

from service import TRIER, log_folder
from scene import fault
import noise
import web

ADDRESSES = {"web-1": "10.9.0.1", "app-1": "10.9.0.2", "db-1": "10.9.0.3", "cache-1": "10.9.0.4"}
INCIDENTS = []


def incident(question, culprit, **hosts):
    """The question, the host to blame or None, and the fault of each host by its function's name."""
    def register(make):
        INCIDENTS.append({"name": make.__name__, "question": question, "culprit": culprit,
                          "hosts": {host.replace("_", "-"): made for host, made in hosts.items()}})
        return make
    return register


def beyond(scene, *argv):
    """A process on the other side of eth0."""
    return scene.spawn(["nsenter", "-t", os.environ["BEYOND"], "-n", *argv])


def ask_nginx(port, times=5):
    for _ in range(times):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
        except urllib.error.HTTPError:
            pass


@fault("healthy", "is anything wrong here?")
def quiet(_scene):
    """Nothing is wrong on this one."""


@fault("healthy", "what is wrong with this host?")
def a_few_harmless_things(scene):
    noise.add(scene, random.Random("a few harmless things"))


@fault("healthy", "the disk is full, is it not?")
def other_harmless_things(scene):
    noise.add(scene, random.Random("others"))


@fault("web.nginx-upstream-down", "the site answers 502, why?")
def upstream_on_another_host_is_down(scene):
    port = web.free_port()
    web.write_config(scene, f"    listen 127.0.0.1:{port};\n"
                            f"    location / {{ proxy_pass http://{ADDRESSES['app-1']}:8080; }}")
    web.start_nginx(scene, port)
    ask_nginx(port)


@fault("web.nginx-upstream-slow", "the site answers 504, why?")
def upstream_on_another_host_is_slow(scene):
    beyond(scene, "/usr/bin/python3", "-c",
           "import socket,time\n"
           f"s=socket.create_server(('{ADDRESSES['app-1']}',8080),backlog=64); time.sleep(600)")
    port = web.free_port()
    web.write_config(scene, f"    listen 127.0.0.1:{port};\n    proxy_read_timeout 200ms;\n"
                            f"    location / {{ proxy_pass http://{ADDRESSES['app-1']}:8080; }}")
    web.start_nginx(scene, port)
    ask_nginx(port)


def tries(scene, service, host, port):
    log = os.path.join(log_folder(scene, service), f"{service}.log")
    scene.python(TRIER, log, ADDRESSES[host], str(port))
    scene.wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > 300, "it failed")


@fault("network.dependency-refused", "orders fail, why?")
def database_on_another_host_refuses(scene):
    tries(scene, "orders", "db-1", 5432)


@fault("network.dependency-refused", "carts are empty, why?")
def cache_on_another_host_refuses(scene):
    tries(scene, "cart", "cache-1", 6379)


@incident("the shop answers 502 since the importer was deployed, why?", "app-1",
          web_1="upstream_on_another_host_is_down", app_1="service_crashes_at_start", db_1="quiet")
def shop_down_because_its_application_does_not_start():
    pass


@incident("orders time out with 504, why?", "db-1",
          web_1="upstream_on_another_host_is_slow", app_1="quiet",
          db_1="sessions_wait_for_one_lock")
def orders_time_out_behind_a_lock_in_the_database():
    pass


@incident("orders fail, why?", "db-1",
          web_1="quiet", app_1="database_on_another_host_refuses",
          db_1="disk_full")
def orders_fail_because_the_database_has_no_room():
    pass


@incident("the shop answers 502 since the importer was deployed, is it the database?", "app-1",
          web_1="upstream_on_another_host_is_down", app_1="service_crashes_at_start",
          db_1="a_few_harmless_things")
def shop_down_and_the_database_is_wrongly_blamed():
    pass


@incident("customers cannot upload photos, is the database slow?", "web-1",
          web_1="upload_larger_than_nginx_takes", app_1="quiet", db_1="quiet")
def uploads_refused_by_the_web_server_itself():
    pass


@incident("something must be wrong with the shop, find it", None,
          web_1="quiet", app_1="a_few_harmless_things", db_1="quiet")
def nothing_is_wrong_with_any_host_of_the_shop():
    pass


@incident("carts are empty and the shop is slow, why?", "cache-1",
          web_1="quiet", app_1="cache_on_another_host_refuses",
          cache_1="snapshots_cannot_be_written")
def carts_are_empty_because_of_the_cache():
    pass


@incident("the shop is slow, why?", "app-1",
          web_1="upstream_on_another_host_is_slow", app_1="processors_saturated", db_1="quiet")
def shop_slow_because_an_application_host_is_out_of_processors():
    pass


@incident("the checkout hangs and then says 504, why?", "app-1",
          web_1="upstream_on_another_host_is_slow", app_1="server_that_somebody_stopped",
          db_1="other_harmless_things")
def checkout_hangs_because_somebody_stopped_the_application():
    pass
