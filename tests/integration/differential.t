#!/bin/sh
# SPDX-License-Identifier: MIT
''':'
command -v python3 >/dev/null || { echo "1..0 # SKIP no python3"; exit 0; }
exec python3 -B "$0" "$@"
'''
# What the gate lets through as encrypted, or as a request to join, another MIME
# parser must see as the same: Python's email library, over the corpus and over
# mutations of it. And no readable text may come along outside of the message's
# own header.
#
# CM_MUTATIONS: of each file (default 30). CM_SEED: of the mutations.
import email
import email.policy
import os
import random
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
import gate  # noqa: E402

gate.skip_unless_built()
MUTATIONS = int(os.environ.get("CM_MUTATIONS", "30"))
SEED = int(os.environ.get("CM_SEED", "1"))
MAX_SIZE = 20000
MARKER = b"CLEARTEXT"
ENCRYPTED, JOIN = "accept encrypted", "accept securejoin-request"
# Where a request to join may have words: names and the subject, which the
# clean-up takes away, what servers write, and what is random letters.
FREE = re.compile(rb"(?im)^(From|To|Subject|Received|Return-Path|Delivered-To|"
                  rb"DKIM-Signature|Authentication-Results|Message-ID|"
                  rb"References|In-Reply-To|Autocrypt|Content-Type|"
                  rb"Secure-Join-Group|Secure-Join-Invitenumber):.*\r\n"
                  rb"([ \t].*\r\n)*")
# From outside, what providers add, which is taken away, too.
PROVIDERS = re.compile(rb"(?im)^(X-[!-9;-~]*|ARC-[!-9;-~]*|Received-SPF|"
                       rb"UI-OutboundReport|Feedback-ID|DKIM-Filter):.*\r\n"
                       rb"([ \t].*\r\n)*")
PREAMBLES = (
    "",
    "This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)",
    "This is an OpenPGP/MIME encrypted message (RFC 2440 and 3156)",
    "This message is in MIME format and has been PGP encrypted.",
    "This message is in MIME format.",
    "This is a multi-part message in MIME format.")
ARMOR = re.compile(rb"(\r?\n)*-----BEGIN PGP MESSAGE-----\r?\n"
                   rb"((Version|Comment): [ -~]{0,91}\r?\n){0,4}(\r?\n)+"
                   rb"([A-Za-z0-9+/=]{1,76}\r?\n)+"
                   rb"-----END PGP MESSAGE-----(\r?\n)*")
TAP = gate.Tap()


# ---- what Python sees ----

def complaints(text, verdict):
    look = encrypted if verdict == ENCRYPTED else join
    for policy in (email.policy.compat32, email.policy.default):
        yield from look(email.message_from_bytes(text, policy=policy))


def join(message):
    parts = message.get_payload()
    if message.get_content_type() != "multipart/mixed" or \
       not isinstance(parts, list) or len(parts) != 1 or message.defects:
        yield "it is %s, %r, %r" % (message.get_content_type(), parts,
                                    message.defects)
        return
    if (message.preamble or "").strip("\r\n") != "" or \
       (message.epilogue or "").strip("\r\n") != "":
        yield "around: %r %r" % (message.preamble, message.epilogue)
    body = parts[0].get_payload(decode=True).strip(b"\r\n")
    if parts[0].get_content_type() != "text/plain" or parts[0].defects or \
       body not in (b"Secure-Join: vc-request", b"Secure-Join: vg-request"):
        yield "part %r %r" % (parts[0].defects, body)


def encrypted(message):
    if message.get_content_type() != "multipart/encrypted":
        yield "it is " + message.get_content_type()
        return
    if message.defects:
        yield "defects: %r" % message.defects
    if message.get_param("protocol") != "application/pgp-encrypted":
        yield "protocol %r" % message.get_param("protocol")
    if len(message.get_all("From", [])) != 1:
        yield "not one From"
    if (message.preamble or "").strip("\r\n") not in PREAMBLES:
        yield "preamble %r" % message.preamble
    if (message.epilogue or "").strip("\r\n") != "":
        yield "epilogue %r" % message.epilogue
    parts = message.get_payload()
    if not isinstance(parts, list) or [
            part.get_content_type() for part in parts] != [
                "application/pgp-encrypted", "application/octet-stream"]:
        yield "parts %r" % parts
        return
    for part in parts:
        if part.defects or part.is_multipart() or part.preamble or \
           part.epilogue:
            yield "part: %r %r" % (part.defects, part.preamble)
    version = parts[0].get_payload(decode=True)
    if version.strip(b"\r\n") != b"Version: 1":
        yield "version %r" % version
    armor = parts[1].get_payload(decode=True)
    # base64 that Python reads up to the padding must end there
    if not ARMOR.fullmatch(armor + b"\n"):
        yield "armor %r ... %r" % (armor[:60], armor[-60:])


# ---- mutations ----

INTERESTING = ([b"\0", b"\r", b"\n", b"\r\n", b"\t", b" ", b"\x0b", b"\x0c",
                b"\x1a", b"\x7f", b"\x80", b"\xc2\x85", b"\xe2\x80\xa8"] +
               [bytes([c]) for c in b":;=\"'()<>@,.-*%_\\/?!#+=1aZ"])
TEXTS = [b"CLEARTEXT", b" CLEARTEXT", b"CLEARTEXT ", b"(CLEARTEXT)",
         b" (CLEARTEXT)", b'; x="CLEARTEXT"', b"; x=CLEARTEXT",
         b"; CLEARTEXT", b"; name=CLEARTEXT", b"; charset=CLEARTEXT",
         b"; filename=CLEARTEXT", b"; boundary=CLEARTEXT", b'"CLEARTEXT"',
         b"*=us-ascii'CLEARTEXT'", b"*0=CLEARTEXT", b"=?utf-8?q?CLEARTEXT?=",
         b"\r\n CLEARTEXT", b"\r\n\tCLEARTEXT", b"\r\nCLEARTEXT",
         b"\rCLEARTEXT", b"\nCLEARTEXT", b"\0CLEARTEXT", b"=CLEARTEXT",
         b"--CLEARTEXT", b"\\CLEARTEXT", b"<CLEARTEXT>", b",CLEARTEXT"]
LINES = [b"CLEARTEXT", b" CLEARTEXT", b"\tCLEARTEXT", b"X-Note: CLEARTEXT",
         b"Subject: CLEARTEXT", b"Content-Description: CLEARTEXT",
         b"Content-Type: text/plain; x=CLEARTEXT",
         b"Content-Type: text/plain", b"Content-Transfer-Encoding: base64",
         b"Content-Transfer-Encoding: quoted-printable",
         b"Content-Transfer-Encoding: x-CLEARTEXT", b"MIME-Version: 1.0",
         b"Content-Disposition: inline; filename=CLEARTEXT",
         b"Comment: CLEARTEXT", b"Version: CLEARTEXT", b"=CLEA", b"=CLEARTEXT",
         b"-----BEGIN PGP MESSAGE-----", b"-----END PGP MESSAGE-----",
         b"", b" ", b".", b"..CLEARTEXT", b"From CLEARTEXT", b"CLEARTEXT:",
         b"CLEARTEXT: 1", b": CLEARTEXT", b"CLEARTEXT :1", b"--", b"----",
         b"begin 644 CLEARTEXT", b"This is a multi-part message in MIME "
         b"format.", b"CLEARTEXT=", b"=43LEARTEXT", b"CLEARTEX="]


def is_data(line):
    return re.fullmatch(rb"[A-Za-z0-9+/]{20,}={0,2}", line) is not None


class Mutator:
    def __init__(self, text, rng):
        self.lines = text.split(b"\r\n")
        self.rng = rng
        found = re.search(rb'boundary="?([^"\r\n;]+)', text)
        self.boundary = b"--" + found.group(1)

    def pick(self):
        """Of a line that is no base64."""
        while True:
            i = self.rng.randrange(len(self.lines))
            if not is_data(self.lines[i]):
                return i

    def change_inside(self, new):
        i = self.pick()
        line = self.lines[i]
        at = self.rng.randint(0, len(line))
        self.lines[i] = line[:at] + new + line[at + self.rng.randint(
            0, 1):]

    def new_line(self):
        extra = [self.boundary, self.boundary + b"--",
                 self.boundary + b"CLEARTEXT", self.boundary + b" ",
                 self.boundary + b"--CLEARTEXT", self.boundary.upper()]
        return self.rng.choice(LINES + extra)

    def step(self):
        rng, lines = self.rng, self.lines
        kind = rng.randrange(10)
        i = self.pick()
        if kind < 2:
            self.change_inside(rng.choice(INTERESTING))
        elif kind < 5:
            self.change_inside(rng.choice(TEXTS))
        elif kind < 7:
            lines.insert(i + rng.randint(0, 1), self.new_line())
        elif kind == 7:
            del lines[i]
        elif kind == 8:
            j = self.pick()
            lines[i], lines[j] = lines[j], lines[i]
        else:
            lines.insert(self.pick(), lines[i])

    def result(self):
        for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
            self.step()
            if all(map(is_data, self.lines)):
                break
        return b"\r\n".join(self.lines)


def readable(text, verdict, direction):
    """Does the marker stand anywhere but in the message's header and in the
    armor headers that mail from outside may have?"""
    header, _, body = text.partition(b"\r\n\r\n")
    header = FREE.sub(b"", header + b"\r\n")
    if direction == "incoming":
        header = PROVIDERS.sub(b"", header)
    if verdict == JOIN and MARKER in header:
        return True
    body = re.sub(rb"(?m)^(Version|Comment): [ -~]*\r$", b"", body)
    return MARKER in body


# ---- tests ----

def corpus(rows):
    wrong = []
    for path, verdict in sorted({(row.path, row.verdict) for row in rows}):
        with open(path, "rb") as file:
            wrong += ["%s: %s" % (os.path.basename(path), complaint)
                      for complaint in complaints(file.read(), verdict)]
    TAP.ok(rows and not wrong, "Python sees the same parts in all that is "
           "accepted", *wrong)


def mutants(path, folder):
    with open(path, "rb") as file:
        text = file.read()
    if len(text) > MAX_SIZE:
        return
    rng = random.Random("%d %s" % (SEED, os.path.basename(path)))
    for i in range(MUTATIONS):
        name = os.path.join(folder, "%s.%d" % (os.path.basename(path), i))
        with open(name, "wb") as file:
            file.write(Mutator(text, rng).result())
        yield name


def keep(path):
    """For a look at it later."""
    if "CM_KEEP" in os.environ:
        os.replace(path, os.path.join(os.environ["CM_KEEP"],
                                      os.path.basename(path)))


def mutation(rows, direction):
    paths = sorted({row.path for row in rows if row.direction == direction})
    accepted, wrong = 0, []
    with tempfile.TemporaryDirectory() as folder:
        made = [name for path in paths for name in mutants(path, folder)]
        for name, verdict in zip(made, gate.check(made, direction)):
            if verdict not in (ENCRYPTED, JOIN):
                continue
            accepted += 1
            with open(name, "rb") as file:
                text = file.read()
            found = list(complaints(text, verdict))
            if readable(text, verdict, direction):
                found.append("the marker came through")
            if found:
                wrong += [os.path.basename(name) + ": " + what
                          for what in found]
                keep(name)
    TAP.ok(accepted > 0 and not wrong,
           "%s: %d of %d mutations accepted, all seen alike, nothing "
           "readable" % (direction, accepted, len(made)), *wrong)


def main():
    rows = [row for row in gate.table() if row.verdict in (ENCRYPTED, JOIN)]
    corpus(rows)
    for direction in ("outgoing", "incoming"):
        mutation(rows, direction)
    TAP.done()


main()
