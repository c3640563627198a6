"""Faults of a real PostgreSQL, started by the scene as its own user."""
import glob
import os
import shutil
import subprocess

from scene import Skip, fault

CONFIG = """
listen_addresses = ''
unix_socket_directories = '/var/run/postgresql'
logging_collector = on
log_directory = '/var/log/postgresql'
log_filename = 'postgresql-fault.log'
log_min_duration_statement = 500
log_lock_waits = on
deadlock_timeout = 500ms
shared_buffers = 16MB
fsync = on
max_connections = 30
"""


class Postgres:
    def __init__(self, scene, extra=""):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not found:
            raise Skip("PostgreSQL is not installed")
        self.scene, self.bin = scene, found[-1]
        self.data = scene.path("pgdata")
        os.chmod(scene.folder, 0o755)
        os.makedirs(self.data)
        for folder in ("/var/run/postgresql", "/var/log/postgresql"):
            os.makedirs(folder, exist_ok=True)
            shutil.chown(folder, "postgres", "postgres")
        self._drop_log()
        scene.stack.callback(self._drop_log)
        shutil.chown(self.data, "postgres", "postgres")
        scene.run(*self.as_user("initdb", "-D", self.data, "-A", "peer", "--no-sync"))
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="ascii") as conf:
            conf.write(CONFIG + extra)
        scene.spawn(self.as_user("postgres", "-D", self.data))
        scene.stack.callback(subprocess.run, self.as_user(
            "pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop"), check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        scene.wait_until(self.answers, "PostgreSQL answers", 30)

    @staticmethod
    def _drop_log():
        for path in glob.glob("/var/log/postgresql/postgresql-fault.log"):
            os.unlink(path)

    def as_user(self, program, *args):
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups",
                os.path.join(self.bin, program), *args]

    def control(self, verb, *options):
        subprocess.run(self.as_user("pg_ctl", "-D", self.data, "-m", "fast", "-w", *options, verb),
                       check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60)

    def answers(self):
        return subprocess.run(self.as_user("psql", "-h", "/var/run/postgresql", "-c", "select 1"),
                              stdin=subprocess.DEVNULL, capture_output=True,
                              check=False).returncode == 0

    def sql(self, text):
        return self.scene.run(*self.as_user("psql", "-h", "/var/run/postgresql", "-qAt", "-c",
                                            text))

    def keep_running(self, text):
        """A session of its own that runs 'text' and stays."""
        return self.scene.spawn(["sh", "-c", '{ printf "%s\\n" "$0"; sleep 600; } | "$@"', text,
                                 *self.as_user("psql", "-h", "/var/run/postgresql", "-q")])

    def count(self, condition):
        return int(self.sql(f"select count(*) from pg_stat_activity where {condition}"))


@fault("db.postgresql-slow-queries", "the reports from the database have become slow, why?")
def queries_without_an_index(scene):
    database = Postgres(scene)
    database.sql("create table orders as select i as id, md5(i::text) as code, "
                 "repeat('x', 200) as note from generate_series(1, 300000) i")
    database.sql("analyze orders")
    loop = ("do $$ begin for i in 1..100000 loop "
            "perform count(*) from orders a where a.code = md5(i::text) and a.note like '%y%'; "
            "end loop; end $$;")
    for _ in range(2):
        database.keep_running(loop)
    scene.wait_until(lambda: database.count("state = 'active' and query like 'do %' and "
                                            "now() - query_start > '6 s'") >= 2,
                     "they have run for some seconds", 60)


@fault("db.postgresql-lock-pileup", "every request that writes an order hangs, why?")
def sessions_wait_for_one_lock(scene):
    database = Postgres(scene)
    database.sql("create table orders (id int primary key, state text); "
                 "insert into orders values (1, 'new')")
    database.keep_running("begin; update orders set state = 'held' where id = 1;")
    scene.wait_until(lambda: database.count("state = 'idle in transaction'") == 1, "it holds")
    for _ in range(6):
        database.keep_running("update orders set state = 'paid' where id = 1;")
    scene.wait_until(lambda: database.count("wait_event_type = 'Lock'") >= 6, "they wait")


@fault("db.postgresql-lock-pileup", "the nightly migration hangs, why?")
def change_of_a_table_waits_for_a_session_that_sleeps(scene):
    database = Postgres(scene)
    database.sql("create table orders (id int primary key)")
    database.keep_running("begin; select count(*) from orders;")
    scene.wait_until(lambda: database.count("state = 'idle in transaction'") == 1, "it holds")
    database.keep_running("alter table orders add column note text;")
    scene.wait_until(lambda: database.count("wait_event_type = 'Lock'") == 1 and
                     database.count("state = 'idle in transaction' and "
                                    "now() - state_change > '4 s'") == 1, "it waits", 30)


@fault("db.postgresql-io-contention", "the database is slow while the backup runs, why?")
def checkpoints_and_writes_fight_for_the_disk(scene):
    database = Postgres(scene, "max_wal_size = 32MB\nsynchronous_commit = on\n"
                               "checkpoint_timeout = 30s\nlog_checkpoints = on\n"
                               "wal_sync_method = open_sync\n")
    database.sql("create table facts (id serial, note text)")
    for _ in range(8):
        database.keep_running("do $$ begin for i in 1..100000 loop "
                              "insert into facts (note) select repeat('y', 500) "
                              "from generate_series(1, 200); commit; end loop; end $$;")
    scene.wait_until(lambda: database.count("wait_event_type = 'IO' or wait_event like 'WAL%'") >= 2,
                     "they wait for the disk", 60)


@fault("db.postgresql-connections-exhausted", "the application cannot log in to the database")
def no_connection_left(scene):
    database = Postgres(scene)
    for _ in range(27):
        database.keep_running("select 1;")
    scene.wait_until(lambda: not database.answers() or
                     database.count("backend_type = 'client backend'") >= 27, "none is left", 30)


@fault(("db.postgresql-down", "service.crash-at-start"), "why does postgresql not come up?")
def configuration_that_postgresql_refuses(scene):
    """Where another cluster runs, it is not PostgreSQL that is down, but this one."""
    database = Postgres(scene)
    database.control("stop")
    with open(os.path.join(database.data, "postgresql.conf"), "a", encoding="ascii") as conf:
        conf.write("shared_bufers = 16MB\n")
    database.control("start", "-l", "/var/log/postgresql/postgresql-fault.log")
