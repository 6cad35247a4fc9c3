#!/bin/sh
# SPDX-License-Identifier: MIT
''':'
command -v python3 >/dev/null || { echo "1..0 # SKIP no python3"; exit 0; }
exec python3 -B "$0" "$@"
'''
# `chatmail-milter check` over the whole corpus (tests/data/gate/verdicts), and
# what the command line promises besides.
import os
import re
import resource
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get("CM_SRCDIR", "."), "tests",
                                "integration"))
sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
import gate  # noqa: E402

gate.skip_unless_built()
sys.path.insert(0, gate.GATE)
import build  # noqa: E402

TAP = gate.Tap()
# AddressSanitizer takes memory of its own.
with open(gate.MILTER, "rb") as program:
    SANITIZED = b"__asan_init" in program.read()
CLIENT = os.path.join(gate.GATE, "clients", "gnus.eml")
ATTACKS = os.path.join(gate.GATE, "attacks")
CLEARTEXT = os.path.join(ATTACKS, "type-text.eml")
OUT, IN = ("--direction", "outgoing"), ("--direction", "incoming")


def corpus():
    """Every row of the table; with LF ends too, where that is all that
    differs."""
    rows = list(gate.table())
    files = {os.path.join(folder, name)
             for folder, _, names in os.walk(gate.GATE) for name in names
             if name.endswith(".eml")}
    missing = files - {row.path for row in rows}
    TAP.ok(not missing, "each file stands in the table", sorted(missing))
    with tempfile.TemporaryDirectory() as folder:
        for (direction, sender), group in gate.by_call(rows):
            paths = [row.path for row in group]
            got = gate.check(paths, direction, sender)
            for row, verdict in zip(group, got):
                name = os.path.relpath(row.path, gate.GATE)
                TAP.ok(verdict == row.verdict, "%s %s%s: %s" % (
                    direction, name, " from " + sender if sender else "",
                    row.verdict), "got: " + verdict)
            compare_lf(folder, direction, sender, paths, got)


def compare_lf(folder, direction, sender, paths, crlf):
    lf_paths, expected = [], []
    for path, verdict in zip(paths, crlf):
        with open(path, "rb") as file:
            text = file.read()
        bare = text.replace(b"\r\n", b"")
        if b"\r" in bare or b"\n" in bare or len(text) > 100000:
            continue
        name = os.path.join(folder, "%d.eml" % len(lf_paths))
        with open(name, "wb") as file:
            file.write(text.replace(b"\r\n", b"\n"))
        lf_paths.append(name)
        expected.append((path, verdict))
    got = gate.check(lf_paths, direction, sender)
    wrong = ["%s: %s, with LF %s" % (*e, g)
             for e, g in zip(expected, got) if e[1] != g]
    TAP.ok(lf_paths and not wrong, "%s%s: LF ends make no difference "
           "(%d files)" % (direction, " from " + sender if sender else "",
                           len(lf_paths)), *wrong)


def status(name, expected, *args, data=None, stdout=None, stderr=None):
    result = gate.run(*args, data=data)
    good = result.returncode == expected
    if stdout is not None:
        good = good and re.search(stdout, result.stdout) is not None
    if stderr is not None:
        good = good and re.search(stderr, result.stderr) is not None
    TAP.ok(good, name, result.returncode, result.stdout, result.stderr)


def command_line():
    with open(CLIENT, "rb") as file:
        client = file.read()
    status("all accepted: 0", 0, *OUT, CLIENT, CLIENT,
           stdout=rb"\A(.*: accept encrypted\n){2}\Z")
    status("one rejected: 1", 1, *OUT, CLIENT, CLEARTEXT, CLIENT,
           stdout=rb"accept.*\n.*: reject 523 5\.7\.1 not-encrypted: .+\n"
           rb".*accept")
    status("trouble: 2, and it goes on", 2, *OUT, CLEARTEXT,
           "/nonexistent/file", CLIENT, stdout=rb"reject.*\n.*accept",
           stderr=rb"/nonexistent/file: No such file")
    status("a folder is trouble", 2, *OUT, gate.GATE, stderr=rb"directory")
    status("standard input", 0, *OUT, "-", data=client,
           stdout=rb"\A-: accept encrypted\n\Z")
    status("standard input, LF", 0, *OUT, "-",
           data=client.replace(b"\r\n", b"\n"))
    status("nothing on standard input", 1, *IN, "-", data=b"",
           stdout=rb"from-missing")
    status("other sender", 1, *OUT, "--from", "bobbb0002@relay.test", CLIENT,
           stdout=rb"reject 500 5\.7\.1 from-mismatch")
    status("same sender, other case", 0, *OUT, "--from",
           "ALICE0001@relay.test", CLIENT)
    status("another sender, incoming", 0, *IN, "--from",
           "bobbb0002@relay.test", CLIENT)
    for name, args in (("no direction", (CLIENT,)),
                       ("other direction", ("--direction", "up", CLIENT)),
                       ("no file", OUT), ("nothing", ()),
                       ("unknown option", (*OUT, "--frobnicate", CLIENT)),
                       ("no address", (*OUT, "--from"))):
        status("usage: " + name, 2, *args, stderr=rb"usage: ")
    status("explained: accepted", 0, *OUT, "--explain", CLIENT,
           stdout=rb"accept encrypted\n  size \d+ bytes, of them \d+ readable"
           rb".*\n  header: .*multipart/encrypted, 1 From with 1 address.*\n"
           rb"  body: \d+ lines read, 2 part.*\n  armor: as it is, "
           rb"\d+ session key.*, encrypted data version 1 of \d+ bytes\n\Z")
    status("explained: where it broke", 1, *OUT, "--explain", "-",
           data=client + b"one line more\r\n",
           stdout=b"first rule broken: epilogue, in line %d of the body" %
           (client.partition(b"\r\n\r\n")[2].count(b"\n") + 1))
    status("explained: in the header", 1, *OUT, "--explain", CLEARTEXT,
           stdout=rb"first rule broken: not-encrypted, in the header\n\Z")
    status("help", 0, "-h", stdout=rb"\Ausage: chatmail-milter")
    status("version", 0, "-V", stdout=rb"\Achatmail-milter \d")
    status("settings that are not there", 2, "-c", "/nonexistent/ini", *OUT,
           CLIENT, stderr=rb"/nonexistent/ini")


# a field that breaks a rule, then too many
LARGE = b"X-A: \x01\r\n" + b"\r\n".join([b"X-F: " + b"x" * 900] * 74)


def recipients():
    """Cleartext passes if every single recipient lets it in."""
    with tempfile.TemporaryDirectory() as folder:
        ini, boxes = (os.path.join(folder, name)
                      for name in ("chatmail.ini", "mailboxes"))
        with open(ini, "w", encoding="ascii") as file:
            file.write("[params]\nmail_domain = relay.test\n"
                       "mailboxes_dir = %s\n" % boxes)
        for name, enforce in (("alice0001", True), ("bobbb0002", False),
                              ("carol0003", False)):
            box = os.path.join(boxes, name + "@relay.test")
            os.makedirs(box, 0o700)
            for file in ["password"] + ["enforceE2EEincoming"] * enforce:
                with open(os.path.join(box, file), "wb"):
                    pass
        alice, bob, carol = ("--rcpt", "alice0001@relay.test"), (
            "--rcpt", "bobbb0002@relay.test"), (
            "--rcpt", "carol0003@relay.test")
        with_ini = ("-c", ini)
        for name, expected, args in (
                ("none", 1, ()), ("alice enforces", 1, alice),
                ("bob does not", 0, bob), ("nor carol", 0, bob + carol),
                ("one of two enforces", 1, bob + alice),
                ("one of three enforces", 1, bob + alice + carol),
                ("upper case", 0, ("--rcpt", "BOBBB0002@relay.test")),
                ("unknown", 1, ("--rcpt", "davee0004@relay.test")),
                ("known and unknown", 1,
                 bob + ("--rcpt", "davee0004@relay.test")),
                ("another domain", 1, ("--rcpt", "bobbb0002@other.test")),
                ("path", 1, ("--rcpt", "../bobbb0002@relay.test")),
                ("no address", 1, ("--rcpt", "bobbb0002"))):
            status("cleartext to: " + name, expected, *with_ini, *IN, *args,
                   CLEARTEXT, stdout=rb"accept cleartext-allowed"
                   if expected == 0 else rb"not-encrypted")
        with open(CLEARTEXT, "rb") as file:
            clear = file.read()
        for name, field, rule in (
                ("two From", b"From: <b@c.test>", b"from-missing"),
                ("a broken second From", b"From: <b@c.test>\x01",
                 b"from-missing"),
                ("a control character", b"X-A: \x01", b"control-character"),
                ("a malformed name", b"X" * 77 + b": 1", b"header-syntax"),
                ("over 64 KB behind one", LARGE, b"header-size")):
            status("cleartext to bob: " + name, 1, *with_ini, *IN, *bob, "-",
                   data=field + b"\r\n" + clear, stdout=rule)
        status("cleartext to bob: odd, but the same for all", 0, *with_ini,
               *IN, *bob, "-", data=b"MIME-Version: 1.0\r\nX-A: caf\xe9" +
               b" " * 2000 + b"\r\n" + clear,
               stdout=rb"accept cleartext-allowed")
        status("cleartext to bob, outgoing", 1, *with_ini, *OUT, *bob,
               CLEARTEXT, stdout=rb"not-encrypted")
        status("cleartext to bob without settings", 1, *IN, *bob, CLEARTEXT)
        status("encrypted to alice", 0, *with_ini, *IN, *alice, CLIENT)
        with open(ini, "a", encoding="ascii") as file:
            file.write("max_message_size = 300\n")
        status("larger than max_message_size", 1, *with_ini, *IN, *alice,
               CLIENT, stdout=rb"reject 552 5\.3\.4 message-size")


def keys(count):
    return build.pgp(build.packet(1, build.pkesk()) * count,
                     build.packet(18, build.seipd()))


def filled(size):
    """A message whose header and structure take exactly size bytes: all of
    it but the base64."""
    plain = build.message(more_top=["X-Fill: "])
    data = sum(len(line) + 2 for line in build.armor_lines(build.GOOD))
    return plain.replace(b"X-Fill: ", b"X-Fill: " +
                         b"x" * (size - len(plain) + data))


def peak_memory(text):
    """In KB, of a run over text. Not as our own child: its peak would count
    our memory from before exec."""
    measure = ("import os, resource, subprocess, sys\n"
               "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
               "print(resource.getrusage(resource.RUSAGE_CHILDREN)"
               ".ru_maxrss)\n")
    result = subprocess.run(
        [sys.executable, "-c", measure, gate.MILTER, "check", *IN, "-"],
        input=text, stdout=subprocess.PIPE, timeout=gate.TIMEOUT, check=True)
    return int(result.stdout)


def cpu_seconds():
    """Of those that have run: what else the machine does is no matter."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def bombs():
    """Too much of something: refused, in little time and memory."""
    top = build.raw(build.TOP) + b"\r\n"
    head = top + b"Content-Type: " + build.TYPE.encode() + b"\r\n\r\n"
    many = 1000 * 1000
    usual = peak_memory(build.message())
    with open(os.path.join(ATTACKS, "bounce.eml"), "rb") as file:
        bounce = file.read()
    status("a bounce", 0, *IN, "--from", "<>", "-", data=bounce)
    status("a bounce over 64 KB behind a broken rule", 1, *IN, "--from", "<>",
           "-", data=LARGE + b"\r\n" + bounce, stdout=b"header-size")
    for name, expected, text in (
            ("4096 session keys", rb"accept", keys(4096)),
            ("4097 session keys", rb"openpgp-too-many", keys(4097)),
            ("a skeleton of 64 KB", rb"accept", filled(65536)),
            ("a skeleton of 64 KB and 1", rb"header-size", filled(65537)),
            ("a million parts", rb"part-type",
             head + b"--b1\r\n\r\n" * many),
            ("100000 To fields", rb"header-size",
             top + b"To: <a@b.test>\r\n" * 100000 + b"\r\n"),
            ("a field of 20 MB", rb"header-size",
             top + b"X-Note: " + b"x" * (20 << 20) + b"\r\n\r\n"),
            ("a folded field of 20 MB", rb"header-size",
             top + b"X-Note: x\r\n" + b" x\r\n" * (5 << 20) + b"\r\n"),
            ("a million colons in From", rb"header-size",
             b"From: " + b":" * many + b";" * many + b"\r\n\r\n"),
            ("60000 colons in From", rb"from-syntax",
             b"From: " + b"a:" * 30000 + b"\r\n\r\n"),
            ("50000 nested multiparts", rb"part-type",
             head + b"".join(
                 b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n"
                 b"\r\n" % (i, i + 1) for i in range(1, 50000))),
            ("10 MB before the first part", rb"line-length",
             head + b"x" * (10 << 20)),
            ("10 MB of empty lines", rb"preamble",
             head + b"\r\n" * (5 << 20)),
            ("10 MB of empty lines in base64", rb"transfer-encoding",
             build.encoded("base64", [""] * (5 << 20)))):
        begin = cpu_seconds()
        status(name, 0 if expected == b"accept" else 1, *IN, "-", data=text,
               stdout=expected)
        took = cpu_seconds() - begin
        TAP.ok(took < 5, name + ": in time", "%.1f s" % took)
        if not SANITIZED:
            peak = peak_memory(text) - usual
            TAP.ok(peak < 4096, name + ": under 4 MB more than usual",
                   "%d KB" % peak)


def rule_table():
    """milter/README names every rule with a case that proves it."""
    source = os.path.join(gate.TOP, "milter", "README")
    with open(source, encoding="utf-8") as file:
        readme = dict(re.findall(r"^  ([a-z0-9-]+) +\d{3} [\d.]+ +(\S+)$",
                                 file.read(), re.M))
    with open(os.path.join(gate.TOP, "lib", "cm-rule.c"),
              encoding="utf-8") as file:
        rules = set(re.findall(r"= \{ \"([a-z0-9-]+)\"", file.read()))
    rules.discard("none")
    TAP.ok(rules == set(readme), "milter/README has each rule once",
           sorted(rules ^ set(readme)))
    verdicts = {(os.path.relpath(row.path, gate.GATE), row.verdict.split()[-1])
                for row in gate.table()}
    for rule, case in sorted(readme.items()):
        if case.endswith(".eml"):
            TAP.ok((case, rule) in verdicts, "README's case of " + rule, case)
        else:
            with open(os.path.join(gate.TOP, "tests", case),
                      encoding="utf-8") as file:
                TAP.ok(rule in file.read(), "README's case of " + rule, case)


corpus()
command_line()
rule_table()
recipients()
bombs()
TAP.done()
