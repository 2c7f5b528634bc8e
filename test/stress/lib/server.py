"""The private server: connects to it, and crashes it."""

import os
import re
import subprocess
import time

import psycopg2

DATA = os.environ["STRESS_DATA"]
LOG = os.environ["STRESS_LOG"]
BYTES_MAX = os.environ["STRESS_BYTES_MAX"]
START_SECONDS_MAX = 180
# A line of the server's log, with the severity after the SQLSTATE.
LINE = re.compile(r"\[\d+\] (?P<type>.*?) (?P<code>[0-9A-Z]{5}) (?P<severity>ERROR|FATAL|PANIC|WARNING|LOG):  (?P<text>.*)")
# The errors with which a transaction of the settler may end.
SETTLER_CODES = {"40001", "40P01", "57014", "57P01", "57P02", "3D000", "08006"}


def connect(database, name, seconds_max=START_SECONDS_MAX):
    """A connection in autocommit; waits while the server starts."""
    deadline = time.monotonic() + seconds_max
    while True:
        try:
            connection = psycopg2.connect(dbname=database, application_name=name)
            connection.autocommit = True
            return connection
        except psycopg2.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def pg_ctl(*arguments):
    # The server would keep our pipe open.
    subprocess.run(["prlimit", f"--as={BYTES_MAX}", "pg_ctl", "-D", DATA, "-s", "-w", "-t", str(START_SECONDS_MAX),
                    *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


class Server:
    def __init__(self):
        self.is_crashing = False  # from then to the end of the round
        self.seen = 0  # of the log

    def crash(self):
        self.is_crashing = True
        pg_ctl("-m", "immediate", "stop")
        pg_ctl("-l", LOG, "start")

    def kill_backend(self, rng):
        """Ends a client's backend or a settler by kill -9; the server then restarts all of its processes."""
        connection = connect("postgres", "killer")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'worker %' "
                           "OR backend_type LIKE 'pg_vend%' ORDER BY pid")
            pids = [pid for (pid,) in cursor]
        connection.close()
        self.is_crashing = True
        if not pids:
            return
        try:
            os.kill(rng.choice(pids), 9)
        except ProcessLookupError:
            pass  # a settler that has just gone

    def faults(self):
        """Returns the lines logged since the last call that no test may provoke."""
        found = []
        with open(LOG, encoding="utf-8", errors="replace") as log:
            log.seek(self.seen)
            text = log.read()
            self.seen = log.tell()
        for line in text.splitlines():
            killed = re.search(r"was terminated by signal (\d+)", line)
            match = LINE.search(line)
            if killed and not (killed.group(1) == "9" and self.is_crashing):
                found.append(line)
            elif "TRAP:" in line:
                found.append(line)
            elif match and match["severity"] != "LOG" and (
                    match["code"].startswith("XX") or match["severity"] == "PANIC"
                    or "could not be settled" in match["text"]
                    or (match["type"].startswith("pg_vend") and match["severity"] == "ERROR"
                        and match["code"] not in SETTLER_CODES)):
                found.append(line)
        return found

    def log_tail(self, lines=60):
        with open(LOG, encoding="utf-8", errors="replace") as log:
            return log.read().splitlines()[-lines:]
