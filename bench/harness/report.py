"""Tables in Markdown on stdout, and every figure as JSON for whoever wants to look closer."""

import json
import os
import platform
import re
import stat
import statistics
from pathlib import Path

# Opened by bench/run, with the rights of the caller.
OUTPUT = 3


def machine():
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    memory = re.search(r"MemTotal: *(\d+)", Path("/proc/meminfo").read_text(encoding="utf-8"))
    return {
        "cpu": cpu[1] if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory[1]) / 1024**2) if memory else None,
        "kernel": platform.release(),
        "load_average": os.getloadavg()[0],
    }


def describe(results):
    m = results["machine"]
    print(f"{results['date']}, PostgreSQL {results['postgresql']}, {m['cpu']}, {m['cores']} cores, "
          f"{m['memory_gib']} GiB, Linux {m['kernel']}, load average {m['load_average']:.1f} before.")
    print(f"`{results['command']}`")
    print()


def table(header, rows):
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]

    def line(row):
        # names to the left, figures to the right
        return "| " + " | ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                                 for i, (cell, width) in enumerate(zip(row, widths))) + " |"

    rule = "|" + "|".join("-" * (width + 2) if i == 0 else "-" * (width + 1) + ":"
                          for i, width in enumerate(widths)) + "|"
    print("\n".join([line(cells[0]), rule, *map(line, cells[1:])]))
    print()


def spread(ratio):
    return f"{ratio['median']:.2f} ({ratio['min']:.2f}..{ratio['max']:.2f})"


def clients(count):
    return "1 client" if count == 1 else f"{count} clients"


def median(series, digits=0):
    return f"{statistics.median(series):,.{digits}f}"


def settings_line(settings):
    print("Settings: " + ", ".join(f"{name} {value}" for name, value in settings.items()) + ".")
    print()


def save(results):
    """Called after each claim, so that a run that is broken off leaves what it had."""
    if not stat.S_ISREG(os.fstat(OUTPUT).st_mode):
        return  # /dev/null
    os.ftruncate(OUTPUT, 0)
    with os.fdopen(os.dup(OUTPUT), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
