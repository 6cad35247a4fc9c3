#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes attacks/*.eml: one file per way past a gate, or per honest message
that looks like one; and verdicts, the table of what each file must get.

usage: make-attacks.py [OUTDIR]        (default: the folder of this file)

Deterministic: the same run gives the same bytes. The cases are in attacks_*.py,
what they are made of is in build.py.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
import attacks_join  # noqa: E402
import attacks_mime  # noqa: E402
import attacks_openpgp  # noqa: E402
from build import ACCEPT, JOIN  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def has_armor_header(text):
    return re.search(rb"-----BEGIN PGP MESSAGE-----\r\n[^\r]", text)


def honest(folder):
    """Files of other folders: all accepted, but for what is named here."""
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".eml"):
            continue
        with open(os.path.join(folder, name), "rb") as file:
            text = file.read()
        expected = ACCEPT
        if name == "cleartext.eml":
            expected = "not-encrypted"
        elif re.fullmatch("legacy-v[cg]-request.eml", name):
            expected = JOIN
        elif has_armor_header(text):
            expected = {"outgoing": "armor-header", "incoming": ACCEPT}
        elif name == "schleuder.eml":
            expected = {"outgoing": "part-header", "incoming": ACCEPT}
        yield name, expected


def rows(path, expected):
    """path, direction, sender ("-" = as in From), what must come out"""
    if isinstance(expected, str):
        expected = {"outgoing": expected, "incoming": expected}
    for key, verdict in sorted(expected.items(), reverse=True):
        direction, _, sender = key.partition(" ")
        if " " not in verdict:
            verdict = "reject " + verdict
        yield "%-52s %-8s %-20s %s" % (path, direction, sender or "-", verdict)


HEAD = """\
# What `chatmail-milter check` must say of each file. Written by
# make-attacks.py: change it there. Columns: path from here; --direction;
# --from ("-": none, so the From header's address); verdict and its reason
# or rule.
"""


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else HERE
    os.makedirs(os.path.join(out, "attacks"), exist_ok=True)
    table = []
    for folder in ("clients", os.path.join("..", "deltachat")):
        for name, expected in honest(os.path.join(HERE, folder)):
            table += rows(os.path.join(folder, name), expected)
    names = set()
    for group in attacks_mime.GROUPS + attacks_join.GROUPS + \
            attacks_openpgp.GROUPS:
        for name, expected, text in group():
            assert name not in names, name
            names.add(name)
            path = os.path.join("attacks", name + ".eml")
            with open(os.path.join(out, path), "wb") as file:
                file.write(text)
            table += rows(path, expected)
    with open(os.path.join(out, "verdicts"), "w",
              encoding="ascii") as file:
        file.write(HEAD + "\n".join(table) + "\n")


if __name__ == "__main__":
    main()
