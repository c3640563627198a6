"""Faults of a real MariaDB, started by the scene as its own user."""
import contextlib
import os
import shutil
import subprocess

from scene import Skip, fault

SOCKET = "/run/mysqld/mysqld.sock"


class MariaDB:
    def __init__(self, scene, *options):
        if not shutil.which("mariadbd") or not shutil.which("mariadb-install-db"):
            raise Skip("MariaDB is not installed")
        if os.path.exists(SOCKET):
            raise Skip(f"{SOCKET} belongs to another server")
        self.scene = scene
        os.chmod(scene.folder, 0o755)
        data = scene.path("mysql")
        os.makedirs(data)
        os.makedirs("/run/mysqld", exist_ok=True)
        for folder in (data, "/run/mysqld"):
            shutil.chown(folder, "mysql")
        scene.run("mariadb-install-db", "--no-defaults", "--user=mysql", f"--datadir={data}",
                  "--skip-test-db", "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M")
        scene.spawn(["mariadbd", "--no-defaults", "--user=mysql", f"--datadir={data}",
                     f"--socket={SOCKET}", "--skip-networking", "--innodb-buffer-pool-size=16M",
                     "--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0",
                     f"--log-error={data}/error.log", *options])
        scene.stack.callback(lambda: os.path.exists(SOCKET) and os.unlink(SOCKET))
        scene.wait_until(lambda: self.client("select 1").returncode == 0, "MariaDB answers", 60)

    @staticmethod
    def client(text):
        return subprocess.run(["mariadb", "--no-defaults", f"--socket={SOCKET}", "-N", "-e", text],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False)

    def sql(self, text):
        done = self.client(text)
        if done.returncode:
            raise RuntimeError(f"mariadb: {done.stderr.strip()}")
        return done.stdout.strip()

    def keep_running(self, text, user="root"):
        """A session of its own that runs 'text' and stays."""
        session = self.scene.spawn(
            ["mariadb", "--no-defaults", "--unbuffered", "-N", f"--socket={SOCKET}",
             f"--user={user}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with contextlib.suppress(BrokenPipeError):  # it was refused
            session.stdin.write(text.encode() + b"\n")
            session.stdin.flush()
        return session

    def log_in(self, user):
        """A session that is in. The server may still be taking leave of an earlier one."""
        self.scene.wait_until(
            lambda: self.keep_running("select 1;", user).stdout.readline() == b"1\n",
            f"{user} is let in")

    def fresh(self, text):
        """Of InnoDB's tables, which are not renewed while they are read 10 times a second."""
        return self.sql("do sleep(0.15); " + text)

    def count(self, condition):
        return int(self.sql("select count(*) from information_schema.processlist "
                            f"where {condition}"))


@fault("db.mariadb-lock-pileup", "every request that changes an order hangs, why?")
def transactions_wait_for_one_row(scene):
    database = MariaDB(scene)
    database.sql("create database shop; create table shop.orders (id int primary key, "
                 "state text) engine=innodb; insert into shop.orders values (1, 'new')")
    database.keep_running("begin; update shop.orders set state = 'held' where id = 1;")
    scene.wait_until(lambda: database.fresh("select count(*) from information_schema.innodb_trx "
                                            "where trx_rows_modified = 1") == "1", "it holds")
    for _ in range(5):
        database.keep_running("set innodb_lock_wait_timeout = 600; "
                              "update shop.orders set state = 'paid' where id = 1;")
    scene.wait_until(lambda: int(database.fresh("select count(*) from information_schema."
                                                "innodb_lock_waits")) >= 5, "they wait")


@fault("db.mariadb-connections-exhausted", "the shop cannot log in to its database, why?")
def no_connection_to_mariadb_left(scene):
    database = MariaDB(scene, "--max-connections=12")
    database.sql("create user shop identified by ''")
    for _ in range(12):
        database.log_in("shop")


@fault("db.mariadb-slow-queries", "the reports from mysql have become slow, why?")
def a_join_without_an_index(scene):
    database = MariaDB(scene)
    database.sql("create database shop; use shop; create table orders (code int, note text); "
                 "insert into orders select seq, repeat('x', 50) from seq_1_to_40000")
    database.keep_running("set join_cache_level = 0; select count(*) from shop.orders a, "
                          "shop.orders b where a.code + b.code = 7 and a.note <> b.note;")
    scene.wait_until(lambda: database.count("info like '%a.code%' and time >= 5 "
                                            "and id <> connection_id()") >= 1,
                     "it has run for some seconds", 60)
