# SPDX-License-Identifier: MIT
"""What check.t and differential.t share: TAP, and many files per run of
`chatmail-milter check`."""
import collections
import os
import subprocess
import sys

TOP = os.path.abspath(os.environ.get("CM_SRCDIR") or os.path.join(
    os.path.dirname(__file__), "..", ".."))
BUILD = os.environ.get("CM_BUILDDIR") or TOP
MILTER = os.path.join(BUILD, "milter", "chatmail-milter")
GATE = os.path.join(TOP, "tests", "data", "gate")
# Command lines are bounded; so is what one hanging run costs.
BATCH = 500
TIMEOUT = 60

Row = collections.namedtuple("Row", "path direction sender verdict")


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, good, name, *notes):
        self.count += 1
        self.failed += not good
        print("%sok %d - %s" % ("" if good else "not ", self.count, name))
        if not good:
            for note in notes:
                print("# " + str(note).rstrip().replace("\n", "\n# "))

    def done(self):
        print("1..%d" % self.count)
        sys.exit(self.failed != 0)


def skip_unless_built():
    if not os.access(MILTER, os.X_OK):
        print("1..0 # SKIP built without the milter")
        sys.exit(0)


def run(*args, data=None):
    """`chatmail-milter check ARGS`"""
    return subprocess.run([MILTER, "check", *args], input=data,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=TIMEOUT, check=False)


def parse(line, path):
    """One line of output -> "accept REASON" or "reject RULE"."""
    start = path + ": "
    if not line.startswith(start):
        return "no verdict: " + line
    words = line[len(start):].split(" ")
    if words[0] == "accept" and len(words) == 2:
        return "accept " + words[1]
    if words[0] == "reject" and len(words) > 4 and words[3].endswith(":"):
        return "reject " + words[3][:-1]
    return "no verdict: " + line


def check(paths, direction, sender=None, extra=()):
    """Verdicts of all the files, in their order."""
    args = ["--direction", direction, *extra]
    if sender is not None:
        args += ["--from", sender]
    verdicts = []
    for start in range(0, len(paths), BATCH):
        batch = paths[start:start + BATCH]
        result = run(*args, *batch)
        lines = result.stdout.decode("utf-8", "replace").splitlines()
        if len(lines) != len(batch) or result.stderr:
            raise RuntimeError("%d files, %d verdicts, status %d: %s" % (
                len(batch), len(lines), result.returncode,
                result.stderr.decode("utf-8", "replace")))
        verdicts += map(parse, lines, batch)
    return verdicts


def table():
    with open(os.path.join(GATE, "verdicts"), encoding="ascii") as file:
        for line in file:
            if not line.startswith("#"):
                path, direction, sender, verdict = line.rstrip().split(
                    None, 3)
                yield Row(os.path.normpath(os.path.join(GATE, path)),
                          direction, None if sender == "-" else sender,
                          verdict)


def by_call(rows):
    """Rows that one command line can judge together."""
    groups = collections.defaultdict(list)
    for row in rows:
        groups[row.direction, row.sender].append(row)
    return groups.items()
