"""Runs a single-user backend, or a whole server, under callgrind and reads the profiles that it leaves.

The format: https://valgrind.org/docs/manual/cl-format.html. Names are given once, with a number, and by
that number afterwards. What a function costs itself stands under its fn= line; a call is a calls= line,
followed by a line whose last figure is what the call cost with all that it called.
"""

import re
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass, field

import load
from server import OWNER, WORK, Failure, Server, children

NAME = re.compile(r"(?P<what>ob|fl|fi|fe|fn|cob|cfi|cfl|cfn)=(?:\((?P<number>\d+)\))? ?(?P<name>.*)")
TOTAL = re.compile(r"^totals: (\d+)$", re.MULTILINE)
START_S_MAX, SESSION_END_S_MAX = 120, 120
KIND = {"ob": "ob", "cob": "ob", "fn": "fn", "cfn": "fn"}


def figures():
    return field(default_factory=lambda: defaultdict(int))


@dataclass
class Profile:
    """Instructions. Keys of all three are (object, function)."""

    own: dict = figures()
    # of calls from elsewhere, so that recursion does not count twice
    inclusive: dict = figures()
    calls: dict = figures()

    @property
    def total(self):
        return sum(self.own.values())


def read_profile(path):
    profile = Profile()
    names = {"ob": {}, "fn": {}}
    here = {"ob": "?", "fn": "?"}
    callee = {}
    count = None
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if match := NAME.match(line):
                kind = KIND.get(match["what"])
                if kind is None:
                    continue
                known = names[kind]
                if match["number"] and match["name"]:
                    known[match["number"]] = match["name"]
                name = known[match["number"]] if match["number"] else match["name"]
                if match["what"] in here:
                    here[match["what"]] = name
                else:
                    callee[kind] = name
            elif line.startswith("calls="):
                count = int(line[6:].split()[0])
            elif line and line[0] in "0123456789+-*":
                cost = int(line.split()[-1])
                function = (here["ob"], here["fn"])
                if count is None:
                    profile.own[function] += cost
                    continue
                target = (callee.get("ob", here["ob"]), callee["fn"])
                if target != function:
                    profile.inclusive[target] += cost
                profile.calls[target] += count
                callee, count = {}, None
    return profile


def short_name(function):
    """vend::(anonymous namespace)::item_of(vend::Store&, vend::Rows const&) is vend::item_of."""
    name = function.replace("(anonymous namespace)::", "")
    if "<" in name:
        name = name.removeprefix("void ").split("<")[0]
    return name.split("(")[0] or function


def profile_calls(server, database, call, settings, warm, counted):
    """The profile of so many executions of a function call, in a session that has made it before. The
    server is stopped; settings of the database do not reach a single-user backend, so they are SQL.

    Counted is what the executor does to evaluate a function in FROM (ExecMakeTableFunctionResult), so
    the same for each function: all that it runs, triggers included, but neither parser nor commit."""
    out = WORK / f"callgrind.{len(list(WORK.glob('callgrind.*')))}"
    statement = f"SELECT * FROM {call};\n"
    lines = [f"SET SESSION AUTHORIZATION {OWNER};\n", f"{settings}\n", statement * warm,
             "SELECT public.mark();\n", statement * counted]
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
         "--toggle-collect=ExecMakeTableFunctionResult", "--zero-before=bench_mark",
         "postgres", "--single", "-D", str(server.data), database],
        input="".join(lines), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0 or "ERROR:" in done.stdout or not out.exists():
        raise Failure(f"callgrind failed in {database}\n{done.stdout[-3000:]}")
    return read_profile(out)


class ProfiledServer(Server):
    """A server all of whose processes run under callgrind, and leave their profiles when they end."""

    def start(self):
        with open(self.directory / "server.log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={self.directory}/callgrind.%p",
                 "postgres", "-D", str(self.data)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)
        pid_file = self.data / "postmaster.pid"
        deadline = time.monotonic() + START_S_MAX
        # what pg_ctl looks for, too
        while not (pid_file.exists() and "ready" in pid_file.read_text(encoding="utf-8")):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise Failure("no server under callgrind\n"
                              + (self.directory / "server.log").read_text(encoding="utf-8")[-3000:])
            time.sleep(0.1)

    def stop(self, mode):
        super().stop(mode)
        self.process.wait()

    def finished_profiles(self):
        """Those of all sessions so far: a profile is complete when its process has gone."""
        residents = self.sql("SELECT pid FROM pg_stat_activity WHERE backend_type <> 'client backend'",
                             "postgres", "postgres").split()
        deadline = time.monotonic() + SESSION_END_S_MAX
        while children(self.postmaster()).keys() - set(residents):
            if time.monotonic() > deadline:
                raise Failure("sessions under callgrind did not end")
            time.sleep(0.1)
        return set(self.directory.glob("callgrind.*"))


def backend_instructions(server, database, options, transactions):
    """Of a session in which pgbench ran so many transactions, from its beginning to its end."""
    earlier = server.finished_profiles()
    load.run_pgbench(["-n", "-M", "prepared", "-c", "1", "-t", str(transactions), "--random-seed=1",
                      *options, *server.options(database)], "pgbench under callgrind")
    # all other sessions, one of pgbench among them, did next to nothing
    return max(int(TOTAL.search(path.read_text(encoding="utf-8"))[1])
               for path in server.finished_profiles() - earlier)


def transaction_instructions(server, database, options, transactions):
    """Of one transaction in a session that has made some: a long session less a short one, which leaves
    neither its start nor what it loads into its caches."""
    short = 100
    few, many = (backend_instructions(server, database, options, count)
                 for count in (short, short + transactions))
    return (many - few) / transactions
