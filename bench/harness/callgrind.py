"""Runs a single-user backend under callgrind and reads the profile that it leaves.

The format: https://valgrind.org/docs/manual/cl-format.html. Names are given once, with a number, and by
that number afterwards. What a function costs itself stands under its fn= line; a call is a calls= line,
followed by a line whose last figure is what the call cost with all that it called.
"""

import re
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field

from server import OWNER, WORK, Failure

NAME = re.compile(r"(?P<what>ob|fl|fi|fe|fn|cob|cfi|cfl|cfn)=(?:\((?P<number>\d+)\))? ?(?P<name>.*)")
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
