"""Private servers, their databases, and the commands that talk to them.

All of it is below PG_VEND_WORK, which bench/run removes at the end together with what still runs there.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

WORK = Path(os.environ["PG_VEND_WORK"])
BENCH = Path(__file__).resolve().parent.parent
# This role owns databases and stores and makes all the calls. It is no superuser, whose rights are checked in another way.
OWNER = "shopkeeper"

# Durability is PostgreSQL's default. Checkpoints and vacuum come when the harness asks for them, since
# one that falls into one contender's turn would be counted against it.
SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "200",
    "shared_buffers": "'2GB'",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_sync_method": "fdatasync",
    "max_wal_size": "'40GB'",
    "checkpoint_timeout": "'1d'",
    "autovacuum": "off",
    "shared_preload_libraries": "'pg_vend'",
}
# These settings decide about durability or speed, and are shown with the figures.
SHOWN = ("fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "shared_buffers",
         "max_wal_size", "checkpoint_timeout", "autovacuum", "shared_preload_libraries")
# Titles of the workers that finish the work of sessions.
SETTLER = "postgres: pg_vend settler "


class Failure(Exception):
    """What went wrong, in words for the user."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(command, what, text=None):
    """Runs a command; its output, or a Failure that shows it."""
    done = subprocess.run(command, input=text, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Failure(f"{what} failed ({done.returncode})\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done


def stat_of(pid):
    """The fields of /proc/PID/stat from the third on; see proc(5)."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return stat.rpartition(")")[2].split()


def children(parent):
    """{pid: title}"""
    found = {}
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            if stat_of(directory.name)[1] == parent:
                title = (directory / "cmdline").read_text(encoding="utf-8", errors="replace")
                found[directory.name] = title
        except OSError:
            pass  # it has ended meanwhile
    return found


class Server:
    """A cluster of its own. Used in a with statement, which stops it."""

    def __init__(self, name, settings=None, environment=None):
        self.directory = WORK / name
        self.data = self.directory / "data"
        self.settings = {**SETTINGS, **(settings or {})}
        self.environment = {**os.environ, **(environment or {})}
        self.directory.mkdir()
        run(["initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
             "--no-instructions"], "initdb")
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write(f"unix_socket_directories = '{self.directory}'\n")
        self.write_settings(self.settings)

    def write_settings(self, settings):
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            for setting, value in settings.items():
                conf.write(f"{setting} = {value}\n")

    def __enter__(self):
        self.start()
        self.sql(f"CREATE ROLE {OWNER} LOGIN", "postgres", "postgres")
        return self

    def __exit__(self, *_):
        # Nobody wants the data any more.
        self.stop("immediate")

    def start(self):
        # The server's output goes to its log alone: the server would keep our pipe open.
        log = self.directory / "server.log"
        with open(self.directory / "pg_ctl.log", "w", encoding="utf-8") as pg_ctl:
            status = subprocess.call(["pg_ctl", "-D", self.data, "-l", log, "-s", "-w", "start"],
                                     stdin=subprocess.DEVNULL, stdout=pg_ctl, stderr=pg_ctl,
                                     env=self.environment)
        if status != 0:
            raise Failure(f"the server did not start\n{log.read_text(encoding='utf-8')}")

    def restart(self, settings):
        """With other settings than before."""
        self.stop("fast")
        self.write_settings(settings)
        self.start()

    def stop(self, mode):
        if (self.data / "postmaster.pid").exists():
            run(["pg_ctl", "-D", self.data, "-m", mode, "-t", "300", "-s", "stop"], "pg_ctl stop")

    def options(self, database, user=OWNER):
        """The last arguments of psql and pgbench. For pgbench -d may mean debug, so the name is bare."""
        return ["-h", str(self.directory), "-U", user, database]

    def sql(self, text, database, user=OWNER, **variables):
        """Runs SQL; what it returned, unaligned."""
        command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1"]
        for name, value in variables.items():
            command += ["-v", f"{name}={value}"]
        command += self.options(database, user)
        return run(command, f"SQL in {database}", text=text).stdout.strip()

    def create_database(self, name, template="template1"):
        self.sql(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template} STRATEGY file_copy",
                 "postgres", "postgres")

    def settle(self, databases):
        """Takes up what earlier rounds left: dead rows, statistics, dirty pages."""
        for database in databases:
            self.sql("VACUUM (ANALYZE)", database, "postgres")
        self.sql("CHECKPOINT", "postgres", "postgres")

    def postmaster(self):
        return (self.data / "postmaster.pid").read_text(encoding="utf-8").split()[0]

    def session_seconds(self, user):
        """Processor time of all sessions so far, and of the settlers that worked for them. The server
        has it when it has seen them end; a settler ends when it has had nothing to do for a second."""
        postmaster = self.postmaster()
        deadline = time.monotonic() + 60
        # a process that has ended and was not yet waited for has no title
        while any(title == "" or title.startswith((f"postgres: {user} ", SETTLER))
                  for title in children(postmaster).values()):
            if time.monotonic() > deadline:
                raise Failure("sessions or settlers did not end")
            time.sleep(0.01)
        return sum(int(ticks) for ticks in stat_of(postmaster)[13:15]) / os.sysconf("SC_CLK_TCK")

    def has_huge_pages(self):
        """Whether its shared memory lies in huge pages: that depends on what the system has reserved."""
        smaps = Path(f"/proc/{self.postmaster()}/smaps_rollup").read_text(encoding="utf-8")
        return any(int(line.split()[1]) > 0 for line in smaps.splitlines()
                   if line.startswith(("Shared_Hugetlb:", "Private_Hugetlb:")))

    def shown_settings(self):
        shown = {name: self.sql(f"SHOW {name}", "postgres", "postgres") for name in SHOWN}
        return {**shown, "huge pages": "used" if self.has_huge_pages() else "none"}
