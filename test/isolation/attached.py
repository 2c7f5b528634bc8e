#!/usr/bin/python3
"""Runs a spec on attached stores, whose keys are uuids and whose money has two decimals: attached.py isolationtester ARGUMENT...

The spec is what the other stores run, and its expected output is theirs. So on the way in a key becomes the uuid that its
letters spell, which sorts as they do; on the way out that uuid becomes the key, an amount loses decimals that are zero, and what
stands in a table is lined up anew.
"""
import re
import subprocess
import sys
import uuid

KEYS = """alpha beta gamma poor nobody
    bowl cold cup dish free ghost hot lamp lantern last leaflet new none set slow sofa torch tray vase x""".split()

# What depends on the type of a key; the other way round in the output.
TYPED = [
    (r"vend.create_store(", "public.create_store("),
    ("item text REFERENCES shop.item, wallet text REFERENCES", "item uuid REFERENCES shop.item, wallet uuid REFERENCES"),
    ("i.id = v.id", "i.id = v.id::uuid"),
]


def uuid_of(key):
    return str(uuid.UUID(bytes=key.encode().ljust(16, b"\0")))


def key_of(match):
    letters = uuid.UUID(match[0]).bytes.rstrip(b"\0")
    return letters.decode() if re.fullmatch(rb"[a-z]+", letters) else match[0]


def translate_spec(spec):
    for theirs, ours in TYPED:
        spec = spec.replace(theirs, ours)
    return re.sub(rf"(?<!id_from\()'({'|'.join(KEYS)})'", lambda match: f"'{uuid_of(match[1])}'", spec)


def translate_back(text):
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", key_of, text)
    text = re.sub(r"(\d)\.00\b", r"\1", text)
    for theirs, ours in TYPED:
        text = text.replace(ours, theirs)
    return text


def is_number(cell):
    return re.fullmatch(r"[-0-9.e ]*\d", cell) is not None and cell[0] != "e"


# As libpq's PQprint does.
def line_up(lines):
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    columns = list(zip(*rows))
    widths = [max(map(len, column)) for column in columns]
    right = [all(is_number(cell) for cell in column[1:] if cell) for column in columns]
    rows.insert(1, ["-" * width for width in widths])
    for i, row in enumerate(rows):
        yield "|+"[i == 1].join(cell.rjust(width) if is_right else cell.ljust(width)
                                for cell, width, is_right in zip(row, widths, right))


def lined_up(lines):
    """A table is a line over one of dashes, and goes on up to the number of its rows."""
    at = 0
    while at < len(lines):
        if at + 1 < len(lines) and re.fullmatch(r"-+(\+-+)*", lines[at + 1]):
            end = next(i for i in range(at, len(lines)) if re.fullmatch(r"\(\d+ rows?\)", lines[i]))
            yield from line_up([lines[at], *lines[at + 2:end]])
            at = end
        else:
            yield lines[at]
            at += 1


def main():
    run = subprocess.run(sys.argv[1:], input=translate_spec(sys.stdin.read()), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         encoding="utf-8", check=False)
    sys.stdout.write("".join(line + "\n" for line in lined_up(translate_back(run.stdout).splitlines())))
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
