#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes attacks/*.eml: one file per way past a gate, or per honest message
that looks like one; and verdicts, the table of what each file must get.

usage: make-attacks.py [OUTDIR]        (default: the folder of this file)

Deterministic: the same run gives the same bytes. Built from a real message
(../deltachat/text.eml) and from packets made up here. Numbers such as 5.1
are FIELD.md's, where the hole was measured in other gates.
"""
import base64
import os
import random
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RANDOM = random.Random(4880)


# ---- OpenPGP packets ----

def noise(size):
    return RANDOM.randbytes(size)


def packet(tag, body, length=None):
    """New format; length replaces the octets of the body's length."""
    if length is None:
        n = len(body)
        if n < 192:
            length = bytes([n])
        elif n < 8384:
            length = bytes([192 + (n - 192 >> 8), n - 192 & 255])
        else:
            length = b"\xff" + n.to_bytes(4, "big")
    return bytes([0xc0 | tag]) + length + body


def legacy(tag, body):
    return bytes([0x80 | tag << 2 | 1]) + len(body).to_bytes(2, "big") + body


def partial(tag, *chunks, last=b""):
    """Chunks of a power of two each, then the rest."""
    out = bytes([0xc0 | tag])
    for chunk in chunks:
        out += bytes([224 + len(chunk).bit_length() - 1]) + chunk
    return out + bytes([len(last)]) + last


def pkesk(key=None):
    """v3, ECDH with Curve25519"""
    return (b"\x03" + (noise(8) if key is None else key) + b"\x12" +
            b"\x01\x07\x40" + noise(32) + b"\x30" + noise(48))


def rsa_pkesk(mpi):
    return (b"\x03" + noise(8) + b"\x01" +
            (len(mpi) * 8).to_bytes(2, "big") + mpi)


def seipd(size=200):
    return b"\x01" + noise(size)


def seipd2(cipher=7, aead=2, chunk=6, size=200, version=2):
    return bytes([version, cipher, aead, chunk]) + noise(32 + size)


def skesk4():
    return b"\x04\x09\x03\x0a" + noise(8) + b"\x60"


GOOD = packet(1, pkesk()) + packet(18, seipd())
TEXT = (b"This is cleartext that somebody wants to smuggle through the gate, "
        b"and it is long enough to be of use to whoever sends it on. ") * 3


# ---- armor ----

def armor_lines(binary, width=64):
    text = base64.b64encode(binary).decode("ascii")
    return [text[i:i + width] for i in range(0, len(text), width)]


def crc24(binary):
    crc = 0xb704ce
    for octet in binary:
        crc ^= octet << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1864cfb
    return "=" + base64.b64encode(crc.to_bytes(3, "big")).decode("ascii")


BEGIN, END = "-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----"


def armor(binary=GOOD, width=64, headers=(), checksum=True, data=None):
    lines = armor_lines(binary, width) if data is None else list(data)
    if checksum is True:
        lines.append(crc24(binary))
    elif checksum:
        lines += checksum if isinstance(checksum, list) else [checksum]
    return [BEGIN, *headers, "", *lines, END]


# ---- messages ----

TYPE = ('multipart/encrypted; protocol="application/pgp-encrypted"; '
        'boundary="b1"')
TOP = ["From: <alice0001@relay.test>", 'To: "hidden-recipients": ;',
       "Subject: [...]", "Date: Fri, 20 Nov 2026 10:00:00 +0000",
       "Message-ID: <c0ffee00-0000-4000-8000-000000000002@localhost>",
       "MIME-Version: 1.0", "Chat-Version: 1.0"]
TYPE1 = "Content-Type: application/pgp-encrypted"
TYPE2 = "Content-Type: application/octet-stream"
JOIN_TOP = TOP[:6] + ["Chat-Version: 1.0", "Secure-Join: vc-request",
                      "Secure-Join-Invitenumber: 123456789"]


def raw(lines):
    return b"\r\n".join(line if isinstance(line, bytes) else
                        line.encode("utf-8") for line in lines)


def message(content_type=TYPE, top=TOP, more_top=(), preamble=(),
            part1=(TYPE1,), body1=("Version: 1",), part2=(TYPE2,),
            body2=None, epilogue=(), boundary="b1", close=True, extra=(),
            first=True):
    lines = list(top) + list(more_top)
    if content_type is not None:
        lines.append("Content-Type: " + content_type)
    lines += ["", *preamble]
    if first:
        lines += ["--" + boundary, *part1, "", *body1]
    lines += ["--" + boundary, *part2, ""]
    lines += armor() if body2 is None else list(body2)
    for part in extra:
        lines += ["--" + boundary, *part]
    if close:
        lines.append("--" + boundary + "--")
    lines += [*epilogue, ""]
    return raw(lines)


def join(**changes):
    """A legacy SecureJoin request, the one cleartext that passes."""
    what = {"top": JOIN_TOP, "content_type": 'multipart/mixed; boundary="b1"',
            "first": False,
            "part2": ("Content-Type: text/plain; charset=utf-8",),
            "body2": ("Secure-Join: vc-request",)}
    what.update(changes)
    return message(**what)


def encoded(encoding, lines, **changes):
    return message(part2=(TYPE2, "Content-Transfer-Encoding: " + encoding),
                   body2=lines, **changes)


def b64(text):
    return base64.encodebytes(text).decode("ascii").split("\n")[:-1]


def quoted_printable(lines):
    out = []
    for line in lines:
        line = line.replace("=", "=3D")
        while len(line) > 76:
            cut = line.find("=", 73, 76)
            cut = 75 if cut < 0 else cut
            out.append(line[:cut] + "=")
            line = line[cut:]
        out.append(line)
    return out


def real():
    with open(os.path.join(HERE, "..", "deltachat", "text.eml"),
              "rb") as file:
        return file.read()


def pgp(*packets):
    return message(body2=armor(b"".join(packets)))


ACCEPT = "accept encrypted"
JOIN = "accept securejoin-request"


def type_cases():
    """5.2, 5.3: what parsers read differently"""
    yield "type-missing", "not-encrypted", message(None)
    yield "type-text", "not-encrypted", message("text/plain")
    yield "type-mixed", "not-encrypted", message('multipart/mixed; '
                                                 'boundary="b1"')
    yield ("type-signed", "not-encrypted",
           message('multipart/signed; protocol="application/pgp-signature"; '
                   'micalg=pgp-sha256; boundary="b1"'))
    yield ("type-smime", "not-encrypted",
           message('application/pkcs7-mime; smime-type=enveloped-data'))
    yield ("type-only-mentioned", "not-encrypted",
           message('text/plain; charset=utf-8; x="application/pgp-encrypted"',
                   more_top=["X-Note: application/pgp-encrypted"]))
    yield ("type-inside-mixed", "not-encrypted",
           message('multipart/mixed; boundary="outer"',
                   preamble=["--outer", "Content-Type: " + TYPE, ""],
                   epilogue=["--outer--"]))
    yield ("type-twice-encrypted-first", "header-duplicate",
           message(more_top=["Content-Type: " + TYPE],
                   content_type="text/plain"))
    yield ("type-twice-text-first", "header-duplicate",
           message(more_top=["Content-Type: text/plain"]))
    yield ("type-twice-same", "header-duplicate",
           message(more_top=["Content-Type: " + TYPE]))
    yield ("type-space-before-colon", "header-syntax",
           message(None, more_top=["Content-Type : " + TYPE]))
    yield ("type-comment-inside", "content-type-syntax",
           message(TYPE.replace("multipart/", "multipart/(mixed)")))
    yield ("type-comment-text", "content-type-syntax",
           message(TYPE.replace(";", " (read this first);", 1)))
    yield ("type-comment-last", "content-type-syntax",
           message(TYPE + " (read this first)"))
    yield ("type-space-inside", "content-type-syntax",
           message(TYPE.replace("multipart/", "multipart / ")))
    yield ("type-no-protocol", "content-type-parameter",
           message('multipart/encrypted; boundary="b1"'))
    yield ("type-wrong-protocol", "content-type-parameter",
           message(TYPE.replace("pgp-encrypted", "pkcs7-mime")))
    yield ("type-protocol-twice", "content-type-syntax",
           message(TYPE + '; protocol="application/pgp-encrypted"'))
    yield ("type-boundary-twice", "content-type-syntax",
           message(TYPE + '; boundary="b2"'))
    yield ("type-rfc2231-boundary", "content-type-syntax",
           message(TYPE.replace('boundary="b1"', "boundary*=us-ascii''b1")))
    yield ("type-rfc2231-parts", "content-type-syntax",
           message(TYPE.replace('boundary="b1"', 'boundary*0="b";\r\n '
                                'boundary*1="1"')))
    yield ("type-escape", "content-type-syntax",
           message(TYPE.replace('"b1"', '"b\\1"')))
    yield ("type-unknown-parameter", "content-type-parameter",
           message(TYPE + '; x-note="read this first"'))
    yield ("type-other-charset", "content-type-parameter",
           message(TYPE + '; charset="read this first"'))
    yield ("type-many-parameters", "content-type-syntax",
           message(TYPE + "".join("; x%d=1" % i for i in range(5))))
    yield ("type-unquoted-slash", "content-type-syntax",
           message(TYPE.replace('"application/pgp-encrypted"',
                                "application/pgp-encrypted")))
    yield ("type-no-boundary", "content-type-parameter",
           message(TYPE.replace('; boundary="b1"', "")))
    yield ("type-empty-boundary", "content-type-parameter",
           message(TYPE.replace('"b1"', '""')))
    long = "b" * 70
    yield ("type-boundary-70", ACCEPT,
           message(TYPE.replace("b1", long), boundary=long))
    yield ("type-boundary-71", "content-type-parameter",
           message(TYPE.replace("b1", long + "b"), boundary=long + "b"))
    yield ("type-boundary-ends-in-space", "content-type-parameter",
           message(TYPE.replace("b1", "b1 "), boundary="b1 "))
    yield ("type-encoded-word", "content-type-syntax",
           message("=?utf-8?q?multipart/encrypted?=; " +
                   TYPE.split("; ", 1)[1]))
    yield "type-upper-case", ACCEPT, message(TYPE.replace("multipart/encr",
                                                          "Multipart/Encr"))
    yield "type-semicolon-last", ACCEPT, message(TYPE + ";")
    yield ("encoding-twice", "header-duplicate",
           message(more_top=["Content-Transfer-Encoding: 7bit"] * 2))
    yield ("encoding-base64-whole", "transfer-encoding",
           message(more_top=["Content-Transfer-Encoding: base64"]))
    yield ("encoding-unknown-whole", "transfer-encoding",
           message(more_top=["Content-Transfer-Encoding: x-text"]))
    yield "encoding-8bit-whole", ACCEPT, message(
        more_top=["Content-Transfer-Encoding: 8bit"])
    yield ("mime-version-twice", "header-duplicate",
           message(more_top=["MIME-Version: 1.0"]))


def as_alice(expected):
    """With the envelope sender given, since From does not."""
    return {"outgoing alice0001@relay.test": expected, "incoming": expected}


def header_cases():
    yield "header-free-text", ACCEPT, message(
        more_top=["X-Note: the header is rewritten elsewhere"])
    yield ("header-no-colon", "header-syntax",
           message(more_top=["This line is no header field"]))
    yield ("header-mbox-from", "header-syntax",
           b"From alice0001@relay.test Fri Nov 20 10:00:00 2026\r\n" +
           message())
    yield ("header-mbox-quoted-from", "header-syntax",
           b">From alice0001@relay.test Fri Nov 20 10:00:00 2026\r\n" +
           message())
    yield ("header-blank-line-first", as_alice("from-missing"),
           b"\r\n" + message())
    yield ("header-bare-cr", "control-character",
           message(more_top=["X-Note: a\rContent-Type: text/plain"]))
    yield ("header-nul", "control-character",
           message(more_top=["X-Note: a\0b"]))
    yield ("header-escape", "control-character",
           message(more_top=["X-Note: \x1b[2Jb"]))
    yield ("header-name-77", "header-syntax",
           message(more_top=["X" * 77 + ": 1"]))
    yield "header-name-76", ACCEPT, message(more_top=["X" * 76 + ": 1"])
    yield ("header-name-8bit", "header-syntax",
           message(more_top=["X-\u043f: 1"]))
    yield "from-twice", "from-missing", message(more_top=[TOP[0]])
    yield ("from-twice-other", "from-missing",
           message(more_top=["From: <mallory@relay.test>"]))
    yield "from-none", as_alice("from-missing"), message(top=TOP[1:])
    for name, value in (
            ("two", "<alice0001@relay.test>, <mallory@relay.test>"),
            ("empty", ""),
            ("group", "friends: <alice0001@relay.test>, "
             "<mallory@relay.test>;"),
            ("group-of-one", "friends: <alice0001@relay.test>;"),
            ("empty-group", "undisclosed-recipients: ;")):
        yield ("from-" + name, as_alice("from-syntax"),
               message(top=["From: " + value] + TOP[1:]))
    yield "from-display-name", ACCEPT, message(
        top=['From: "Alice" <alice0001@relay.test>'] + TOP[1:])
    yield ("from-other-sender",
           {"outgoing mallory@relay.test": "from-mismatch",
            "incoming mallory@relay.test": ACCEPT}, message())
    yield ("no-header", as_alice("from-missing"),
           b"\r\n".join([b"", b"text", b""]))


def structure_cases():
    """5.1: preamble, epilogue, parts, boundaries"""
    sentence = "This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)"
    yield "real", ACCEPT, real()
    yield "good", ACCEPT, message()
    yield "preamble-text", "preamble", message(preamble=["Read this first"])
    yield "preamble-known", ACCEPT, message(preamble=[sentence])
    yield ("preamble-known-twice", "preamble",
           message(preamble=[sentence, sentence]))
    yield ("preamble-known-and-more", "preamble",
           message(preamble=[sentence + " - or read this"]))
    yield ("preamble-known-then-text", "preamble",
           message(preamble=[sentence, "Read this first"]))
    yield "preamble-space", "preamble", message(preamble=[" "])
    yield "preamble-8-empty-lines", ACCEPT, message(preamble=[""] * 8)
    yield "preamble-9-empty-lines", "preamble", message(preamble=[""] * 9)
    yield ("preamble-8bit", "preamble",
           message(preamble=["\u043f\u0440\u0438\u0432\u0435\u0442"]))
    yield "preamble-nul", "preamble", message(preamble=["\0"])
    yield "epilogue-text", "epilogue", message(epilogue=["Read this last"])
    yield "epilogue-known", "epilogue", message(epilogue=[sentence])
    yield ("epilogue-part", "epilogue",
           message(epilogue=["--b1", "Content-Type: text/plain", "",
                             "Read this", "--b1--"]))
    yield "epilogue-8-empty-lines", ACCEPT, message(epilogue=[""] * 7)
    yield "epilogue-9-empty-lines", "epilogue", message(epilogue=[""] * 9)
    yield ("close-missing", "close-delimiter", message(close=False))
    yield ("close-missing-in-header", "close-delimiter",
           message(close=False, extra=[]).split(b"\r\n--b1\r\nContent-Type: "
                                                b"application/octet")[0] +
           b"\r\n")
    yield ("close-before-parts", "part-count",
           message(preamble=["--b1--"]))
    yield ("close-after-one-part", "part-count",
           message(body1=("Version: 1", "", "--b1--")))
    yield ("boundary-longer", "boundary",
           message(preamble=["--b1x read this first"]))
    yield ("boundary-padded", "boundary",
           message().replace(b"--b1\r\nContent-Type: application/octet",
                             b"--b1 \r\nContent-Type: application/octet"))
    yield ("boundary-close-text", "boundary",
           message().replace(b"--b1--\r\n", b"--b1-- read this\r\n"))
    yield ("boundary-other", "preamble", message(boundary="b2"))
    yield ("boundary-other-case", "preamble", message(boundary="B1"))
    yield "parts-none", "part-count", raw(
        TOP + ["Content-Type: " + TYPE, "", ""])
    yield "parts-one", "part-type", message(first=False)
    yield ("parts-three", "part-count",
           message(extra=[["Content-Type: text/plain", "", "Read this"]]))
    yield ("parts-three-empty", "part-count", message(extra=[[]]))
    yield ("parts-1000-empty", "header-syntax",
           raw(TOP + ["Content-Type: " + TYPE, ""] + ["--b1"] * 1000))
    yield ("parts-swapped", "part-type",
           message(part1=(TYPE2,), part2=(TYPE1,)))
    yield ("parts-nested", "part-type",
           message(part2=('Content-Type: multipart/mixed; boundary="b2"',),
                   body2=("--b2", TYPE2, "", *armor(), "--b2--")))
    yield ("parts-nested-message", "part-type",
           message(part2=("Content-Type: message/rfc822",)))
    yield ("part1-text", "part-type",
           message(part1=("Content-Type: text/plain",)))
    yield ("part2-text", "part-type",
           message(part2=("Content-Type: text/plain",)))
    yield "part1-no-type", "part-type", message(part1=())
    yield "part2-no-type", "part-type", message(part2=())
    for name, lines in (("text", ("Version: 1", "Read this")),
                        ("other", ("Version: 2",)),
                        ("and-more", ("Version: 1 read this",)),
                        ("twice", ("Version: 1", "Version: 1")),
                        ("empty", ("",)),
                        ("8bit", ("Version: 1", "\u043f")),
                        ("bare-cr", ("Version: 1\rRead this",))):
        yield "part1-body-" + name, "part-body", message(body1=lines)
    yield ("line-bare-lf", "line-ending",
           message(body1=("Version: 1\n",)))
    yield "line-999", "line-length", message(preamble=["x" * 999])


def part_header_cases():
    """5.1: cleartext in headers and parameters of parts"""
    for part, known in (("part1", TYPE1), ("part2", TYPE2)):
        def with_header(line, rule, part=part, known=known):
            return rule, message(**{part: (known, *line)})
        yield (part + "-description-text",
               *with_header(["Content-Description: Read this"],
                            "part-header"))
        yield (part + "-disposition-text",
               *with_header(['Content-Disposition: inline; '
                             'filename="read this.txt"'], "part-header"))
        yield (part + "-disposition-other",
               *with_header(["Content-Disposition: x-read-this"],
                            "part-header"))
        yield (part + "-disposition-rfc2231",
               *with_header(["Content-Disposition: inline; "
                             "filename*=utf-8''read%20this"], "part-header"))
        yield (part + "-unknown-header",
               *with_header(["X-Note: read this"], "part-header"))
        yield (part + "-subject",
               *with_header(["Subject: read this"], "part-header"))
        yield (part + "-content-id",
               *with_header(["Content-ID: <read@this>"], "part-header"))
        yield (part + "-language",
               *with_header(["Content-Language: read-this"], "part-header"))
        yield (part + "-mime-version-text",
               *with_header(["MIME-Version: 1.0 (read this)"],
                            "part-header"))
        yield (part + "-mime-version", *with_header(["MIME-Version: 1.0"],
                                                    ACCEPT))
        yield (part + "-no-colon",
               *with_header(["Read this"], "header-syntax"))
        yield (part + "-type-twice",
               *with_header(["Content-Type: text/plain"],
                            "header-duplicate"))
        yield (part + "-encoding-twice",
               *with_header(["Content-Transfer-Encoding: 7bit"] * 2,
                            "header-duplicate"))
        yield (part + "-description-twice",
               *with_header(["Content-Description: " + (
                   "PGP/MIME version identification" if part == "part1" else
                   "OpenPGP encrypted message")] * 2, "header-duplicate"))
        yield (part + "-fold-first", "header-syntax",
               message(**{part: (" folded", known)}))
        yield (part + "-type-comment", "content-type-syntax",
               message(**{part: (known + " (read this)",)}))
        yield (part + "-type-name", "content-type-parameter",
               message(**{part: (known + '; name="read this.txt"',)}))
        yield (part + "-type-name-folded", "content-type-parameter",
               message(**{part: (known + ';', '\tname="read',
                                 '\tthis.txt"')}))
        yield (part + "-type-charset", "content-type-parameter",
               message(**{part: (known + "; charset=read-this",)}))
        yield (part + "-type-name-rfc2231", "content-type-syntax",
               message(**{part: (known + "; name*=utf-8''read%20this",)}))
        yield (part + "-field-too-long", "part-header",
               message(**{part: (known + ";" + " " * 500,)}))
    yield "part1-encoding-base64", "transfer-encoding", message(
        part1=(TYPE1, "Content-Transfer-Encoding: base64"),
        body1=b64(b"Version: 1"))
    yield "part1-encoding-quoted-printable", ACCEPT, message(
        part1=(TYPE1, "Content-Transfer-Encoding: quoted-printable"))
    yield "part1-encoding-escaped", "part-body", message(
        part1=(TYPE1, "Content-Transfer-Encoding: quoted-printable"),
        body1=("=56ersion: 1",))


def encoding_cases():
    """5.1, 5.2: part 2 encoded once more"""
    plain = [*armor(), ""]
    whole = raw(plain)
    yield "base64", ACCEPT, encoded("base64", b64(whole))
    yield "base64-upper-case", ACCEPT, encoded("BASE64", b64(whole))
    yield "base64-lf-inside", ACCEPT, encoded(
        "base64", b64(whole.replace(b"\r\n", b"\n")))
    good = b64(whole)
    yield ("base64-cyrillic", "transfer-encoding",
           encoded("base64", [*good[:2], "\u043f\u0440\u0438\u0432\u0435\u0442",
                              *good[2:]]))
    yield ("base64-punctuation", "transfer-encoding",
           encoded("base64", [*good[:2], "!!! ... ???", *good[2:]]))
    yield ("base64-space", "transfer-encoding",
           encoded("base64", [good[0] + " ", *good[1:]]))
    yield ("base64-behind-padding", "transfer-encoding",
           encoded("base64", [*b64(whole + b"\r\n" * (
               len(whole) % 3 == 0)), "Read", "this"]))
    yield ("base64-cut", "transfer-encoding",
           encoded("base64", [*good[:-1], good[-1].rstrip("=")[:-1]]))
    yield ("base64-line-too-long", "transfer-encoding",
           encoded("base64", ["".join(good)]))
    yield ("base64-text-inside", "armor-trailing",
           encoded("base64", b64(whole + b"Read this\r\n")))
    yield ("base64-text-before", "armor-begin",
           encoded("base64", b64(b"Read this\r\n" + whole)))
    yield ("base64-not-encoded", "transfer-encoding",
           encoded("base64", plain))
    yield ("base64-9-empty-lines", "transfer-encoding",
           encoded("base64", [*good, *[""] * 9]))
    yield ("quoted-printable", ACCEPT,
           encoded("quoted-printable", quoted_printable(plain)))
    yield ("quoted-printable-unescaped", "transfer-encoding",
           encoded("quoted-printable",
                   armor(checksum="=!!!!")))
    yield ("quoted-printable-space", "transfer-encoding",
           encoded("quoted-printable",
                   [plain[0] + " ", *quoted_printable(plain[1:])]))
    yield ("quoted-printable-space-escaped", "armor-begin",
           encoded("quoted-printable",
                   [plain[0] + "=20", *quoted_printable(plain[1:])]))
    yield ("quoted-printable-8bit", "transfer-encoding",
           encoded("quoted-printable", ["\u043f", *quoted_printable(plain)]))
    yield ("quoted-printable-text", "armor-trailing",
           encoded("quoted-printable",
                   quoted_printable([*armor(), "Read this"])))
    yield ("quoted-printable-77", "transfer-encoding",
           encoded("quoted-printable",
                   [plain[0] + "=\r\n" + "x" * 77, *plain[1:]]))
    yield ("quoted-printable-joined", "armor-base64",
           encoded("quoted-printable", quoted_printable(
               armor(data=["".join(armor_lines(GOOD))]))))
    for name in ("x-uuencode", "uuencode", "x-binhex", "7bit (read this)",
                 "read-this", ""):
        yield ("encoding-" + (re.sub("[^a-z0-9-]", "", name) or "empty"),
               "transfer-encoding", encoded(name, plain))
    yield ("uuencode-text-around", "transfer-encoding",
           encoded("x-uuencode", ["Read this", "begin 644 x", "`", "end"]))
    for name in ("7bit", "8bit", "binary"):
        yield "encoding-" + name, ACCEPT, encoded(name, armor())


def armor_cases():
    """5.1: text around, inside and behind the armor"""
    def armored(lines):
        return message(body2=lines)
    lines = armor_lines(GOOD)
    yield "armor-checksum-wrong", ACCEPT, armored(armor(checksum="=AAAA"))
    yield "armor-checksum-absent", ACCEPT, armored(armor(checksum=None))
    yield ("armor-checksum-text", "armor-checksum",
           armored(armor(checksum="=Read this, it is no checksum")))
    yield ("armor-checksum-5", "armor-checksum",
           armored(armor(checksum="=AAAAA")))
    yield "armor-checksum-3", "armor-checksum", armored(armor(
        checksum="=AAA"))
    yield "armor-checksum-empty", "armor-checksum", armored(armor(
        checksum="="))
    yield ("armor-checksum-punctuation", "armor-checksum",
           armored(armor(checksum="=A.AA")))
    yield ("armor-checksum-padding", "armor-checksum",
           armored(armor(checksum="=AA==")))
    yield ("armor-checksum-twice", "armor-end",
           armored(armor(checksum=["=AAAA", "=AAAA"])))
    yield ("armor-checksum-then-text", "armor-end",
           armored(armor(checksum=["=AAAA", "Read this"])))
    yield ("armor-checksum-then-data", "armor-end",
           armored(armor(checksum=["=AAAA", "UmVhZCB0aGlz"])))
    yield ("armor-checksum-then-empty", "armor-end",
           armored(armor(checksum=["=AAAA", ""])))
    yield ("armor-text-behind", "armor-trailing",
           armored(armor() + ["Read this"]))
    yield "armor-9-empty-behind", "armor-trailing", armored(
        armor() + [""] * 9)
    yield ("armor-text-before", "armor-begin",
           armored(["Read this"] + armor()))
    yield ("armor-two", "armor-trailing", armored(armor() + armor()))
    yield ("armor-two-spaced", "armor-trailing",
           armored(armor() + ["", ""] + armor()))
    yield ("armor-noise-line", "armor-base64",
           armored(armor(data=[lines[0], "!, . - read this?", *lines[1:]])))
    yield ("armor-noise-space", "armor-base64",
           armored(armor(data=[lines[0] + " ", *lines[1:]])))
    yield ("armor-noise-tab-first", "armor-base64",
           armored(armor(data=["\t" + lines[0], *lines[1:]])))
    yield ("armor-noise-inside", "armor-base64",
           armored(armor(data=[lines[0][:10] + "." + lines[0][10:],
                               *lines[1:]])))
    yield ("armor-empty-line-inside", "armor-base64",
           armored(armor(data=[lines[0], "", *lines[1:]])))
    yield ("armor-nul", "armor-base64",
           armored(armor(data=[lines[0][:9] + "\0", *lines[1:]])))
    yield ("armor-bare-cr", "armor-base64",
           armored(armor(data=[lines[0] + "\r" + lines[1], *lines[2:]])))
    yield ("armor-8bit", "armor-base64",
           armored(armor(data=[lines[0], "\u043f\u0440\u0438", *lines[1:]])))
    yield ("armor-form-feed", "armor-base64",
           armored(armor(data=[lines[0] + "\f", *lines[1:]])))
    yield "armor-url-alphabet", "armor-base64", armored(armor(
        data=[lines[0][:-1] + "_", *lines[1:]]))
    yield "armor-line-76", ACCEPT, armored(armor(width=76))
    yield "armor-line-77", "armor-base64", armored(armor(width=77))
    yield "armor-line-3", ACCEPT, armored(armor(width=3))
    binary = packet(1, pkesk()) + packet(18, seipd(201))
    yield "armor-padded", ACCEPT, armored(armor(binary))
    yield ("armor-padding-absent", "armor-base64",
           armored(armor(data=[line.rstrip("=")
                               for line in armor_lines(binary)],
                         checksum="=AAAA")))
    yield ("armor-padding-then-data", "armor-base64",
           armored(armor(data=armor_lines(binary) + ["AAAA"])))
    spare = armor_lines(binary)
    spare[-1] = re.sub("[A-Za-z0-9+/](=+)$", r"B\1", spare[-1])
    yield "armor-padding-spare-bits", "armor-base64", armored(armor(
        data=spare))
    yield ("armor-no-end", "armor-end", armored(armor()[:-1]))
    yield "armor-no-begin", "armor-begin", armored(armor()[1:])
    yield ("armor-no-empty-line", "armor-header",
           armored([BEGIN, *lines, END]))
    yield "armor-only-begin", "armor-end", armored([BEGIN, ""])
    yield "armor-no-data", "openpgp-syntax", armored([BEGIN, "", END])
    yield "armor-empty-part", "armor-begin", armored([""])
    for name, begin in (
            ("signed", "-----BEGIN PGP SIGNED MESSAGE-----"),
            ("key", "-----BEGIN PGP PUBLIC KEY BLOCK-----"),
            ("part", "-----BEGIN PGP MESSAGE, PART 1/2-----"),
            ("space", BEGIN + " "), ("lower-case", BEGIN.lower()),
            ("text", BEGIN + " read this")):
        yield ("armor-begin-" + name, "armor-begin",
               armored([begin] + armor()[1:]))
    for name, end in (("space", END + " "), ("text", END + " read this"),
                      ("other", "-----END PGP SIGNATURE-----"),
                      ("dashes", "-----")):
        yield "armor-end-" + name, "armor-end", armored(armor()[:-1] + [end])
    text = "Version: read this, it may be 100 characters long"
    for name, headers, incoming in (
            ("version", [text], ACCEPT),
            ("comment", ["Comment: https://gnupg.org"], ACCEPT),
            ("version-comment", [text, "Comment: 2"], ACCEPT),
            ("comment-4", ["Comment: %d" % i for i in range(4)], ACCEPT),
            ("comment-5", ["Comment: %d" % i for i in range(5)],
             "armor-header"),
            ("100", ["Comment: " + "x" * 91], ACCEPT),
            ("101", ["Comment: " + "x" * 92], "armor-header"),
            ("hash", ["Hash: SHA256"], "armor-header"),
            ("charset", ["Charset: utf-8"], "armor-header"),
            ("message-id", ["MessageID: readthis"], "armor-header"),
            ("text", ["Read this"], "armor-header"),
            ("lower-case", ["version: 1"], "armor-header"),
            ("no-space", ["Version:1"], "armor-header"),
            ("8bit", ["Comment: \u043f"], "armor-header"),
            ("folded", ["Comment: read", " this"], "armor-header"),
            ("tab", ["Comment: read\tthis"], "armor-header")):
        yield ("armor-header-" + name, {"outgoing": "armor-header",
                                        "incoming": incoming},
               armored(armor(headers=headers)))


def packet_cases():
    """5.1, 5.3: what is in the armor"""
    key, data = packet(1, pkesk()), packet(18, seipd())
    yield "pgp-no-session-key", "openpgp-session-key", pgp(data)
    yield "pgp-nothing-encrypted", "openpgp-syntax", pgp(key)
    yield "pgp-two-keys", ACCEPT, pgp(key, packet(1, pkesk()), data)
    yield "pgp-password", ACCEPT, pgp(packet(3, skesk4()), data)
    yield "pgp-password-and-key", ACCEPT, pgp(packet(3, skesk4()), key, data)
    yield "pgp-anonymous", ACCEPT, pgp(packet(1, pkesk(bytes(8))), data)
    yield "pgp-legacy", ACCEPT, pgp(legacy(1, pkesk()), data)
    yield ("pgp-legacy-password", ACCEPT,
           pgp(legacy(3, skesk4()), legacy(1, pkesk()), data))
    yield "pgp-seipd2", ACCEPT, pgp(key, packet(18, seipd2()))
    yield ("pgp-partial", ACCEPT,
           pgp(key, partial(18, seipd(511), noise(256), last=noise(40))))
    yield ("pgp-partial-empty-last", ACCEPT,
           pgp(key, partial(18, seipd(511), last=b"")))
    yield ("pgp-partial-no-last", "openpgp-syntax",
           pgp(key, partial(18, seipd(511))[:-1]))
    yield ("pgp-partial-session-key", "openpgp-length",
           pgp(partial(1, pkesk()[:64], last=pkesk()[64:]), data))
    yield ("pgp-indeterminate", "openpgp-length",
           pgp(key, bytes([0x80 | 9 << 2 | 3]) + seipd()))
    yield ("pgp-indeterminate-key", "openpgp-length",
           pgp(bytes([0x80 | 1 << 2 | 3]) + pkesk(), data))
    for name, tag in (("signature", 2), ("one-pass", 4), ("secret-key", 5),
                      ("public-key", 6), ("compressed", 8), ("sed", 9),
                      ("marker", 10), ("literal", 11), ("trust", 12),
                      ("user-id", 13), ("attribute", 17), ("mdc", 19),
                      ("aead-20", 20), ("padding", 21), ("private", 60),
                      ("reserved", 0)):
        body = b"PGP" if tag == 10 else noise(40)
        yield ("pgp-only-" + name, "openpgp-packet",
               pgp(packet(tag, body)))
        yield ("pgp-before-" + name, "openpgp-packet",
               pgp(packet(tag, body), key, data))
        yield ("pgp-between-" + name, "openpgp-packet",
               pgp(key, packet(tag, body), data))
        yield ("pgp-behind-" + name, "openpgp-trailing",
               pgp(key, data, packet(tag, body)))
    yield ("pgp-literal-text", "openpgp-packet",
           pgp(packet(11, b"t\0\0\0\0\0" + TEXT)))
    yield ("pgp-literal-behind", "openpgp-trailing",
           pgp(key, data, packet(11, b"t\0\0\0\0\0" + TEXT)))
    yield "pgp-two-messages", "openpgp-trailing", pgp(key, data, key, data)
    yield "pgp-two-seipd", "openpgp-trailing", pgp(key, data, data)
    yield "pgp-text", "openpgp-syntax", pgp(TEXT)
    yield "pgp-byte-behind", "openpgp-trailing", pgp(key, data, b"\0")
    yield "pgp-cut", "openpgp-syntax", pgp(key, data[:-1])
    yield "pgp-length-too-long", "openpgp-syntax", pgp(
        key, packet(18, seipd(), length=b"\xff\x00\xff\xff\xff"))
    # encrypted data that is none
    yield ("pgp-data-text", "openpgp-data", pgp(key, packet(18, b"\1" + TEXT)))
    yield ("pgp-data-text-v2", "openpgp-data",
           pgp(key, packet(18, b"\2\7\2\6" + TEXT)))
    yield ("pgp-data-text-partial", "openpgp-data",
           pgp(key, partial(18, b"\1" + TEXT[:255], last=TEXT[255:300])))
    yield ("pgp-data-text-behind-noise", "openpgp-data",
           pgp(key, packet(18, seipd(512) + TEXT)))
    cyrillic = ("\u043f\u0440\u043e\u0447\u0442\u0438\u044d\u0442\u043e" *
                20).encode("utf-8")
    yield ("pgp-data-cyrillic", "openpgp-data",
           pgp(key, packet(18, b"\1" + cyrillic)))
    yield "pgp-data-zeros", "openpgp-data", pgp(key, packet(18, b"\1" +
                                                            bytes(200)))
    yield "pgp-data-ones", "openpgp-data", pgp(key, packet(18, b"\1" +
                                                           b"\xff" * 200))
    yield "pgp-data-empty", "openpgp-data", pgp(key, packet(18, b""))
    for size, rule in ((40, "openpgp-data"), (41, ACCEPT)):
        yield "pgp-data-v1-%d" % size, rule, pgp(key, packet(18, seipd(size)))
    for size, rule in ((32, "openpgp-data"), (33, ACCEPT)):
        yield ("pgp-data-v2-%d" % size, rule,
               pgp(key, packet(18, seipd2(size=size))))
    for version in (0, 3, 0x7f, 0xff):
        yield ("pgp-data-version-%d" % version, "openpgp-data",
               pgp(key, packet(18, seipd2(version=version))))
    for name, what in (("cipher-0", {"cipher": 0}), ("cipher-3",
                                                     {"cipher": 3}),
                       ("cipher-14", {"cipher": 14}), ("aead-0", {"aead": 0}),
                       ("aead-4", {"aead": 4}), ("chunk-17", {"chunk": 17})):
        yield ("pgp-data-v2-" + name, "openpgp-data",
               pgp(key, packet(18, seipd2(**what))))
    yield ("pgp-data-v2-chunk-16", ACCEPT,
           pgp(key, packet(18, seipd2(chunk=16))))
    # session keys that are none
    esk = "openpgp-session-key"
    good = pkesk()
    for name, body in (
            ("text", TEXT[:100]), ("empty", b""), ("version-2",
                                                   b"\2" + good[1:]),
            ("version-4", b"\4" + good[1:]),
            ("algorithm-0", good[:9] + b"\0" + good[10:]),
            ("algorithm-17", good[:9] + b"\x11" + good[10:]),
            ("algorithm-99", good[:9] + b"\x63" + good[10:]),
            ("cut", good[:-1]), ("longer", good + b"\0"),
            ("text-behind", good + TEXT[:60]),
            ("mpi-0", rsa_pkesk(b"")),
            ("text-in-rsa", rsa_pkesk(TEXT[:256].ljust(256, b"."))),
            ("text-in-v6", b"\6\0\x19" + TEXT[:32] + b"\x18" + TEXT[:24])):
        yield "pgp-pkesk-" + name, esk, pgp(packet(1, body), data)
    yield "pgp-pkesk-rsa", ACCEPT, pgp(packet(1, rsa_pkesk(b"\x80" +
                                                           noise(255))), data)
    yield ("pgp-pkesk-v6", ACCEPT,
           pgp(packet(1, b"\6\x15\4" + noise(20) + b"\x19" + noise(32) +
                      b"\x18" + noise(24)), packet(18, seipd2())))
    yield ("pgp-pkesk-v6-anonymous", ACCEPT,
           pgp(packet(1, b"\6\0\x19" + noise(32) + b"\x18" + noise(24)),
               packet(18, seipd2())))
    yield ("pgp-pkesk-v6-fingerprint", esk,
           pgp(packet(1, b"\6\x14\4" + noise(19) + b"\x19" + noise(32) +
                      b"\x18" + noise(24)), packet(18, seipd2())))
    text_points = b"".join(
        packet(1, b"\3" + noise(8) + b"\x12\x01\x07\x40" + TEXT[i:i + 32] +
               b"\x30" + TEXT[i:i + 48]) for i in range(0, 160, 32))
    yield "pgp-pkesk-text-in-points", esk, pgp(text_points, data)
    salt = skesk4()
    for name, body in (
            ("text", TEXT[:40]), ("version-3", b"\3" + salt[1:]),
            ("s2k-2", salt[:2] + b"\2" + salt[3:]),
            ("cipher-0", salt[:1] + b"\0" + salt[2:]),
            ("cut", salt[:-1]), ("text-behind", salt + TEXT[:60])):
        yield "pgp-skesk-" + name, esk, pgp(packet(3, body), data)
    yield "pgp-skesk-with-key", ACCEPT, pgp(packet(3, salt + noise(33)), data)
    yield ("pgp-skesk-argon2", ACCEPT,
           pgp(packet(3, b"\4\x09\4" + noise(16) + b"\1\4\x15"), data))
    text_salts = b"".join(packet(3, b"\4\x09\3\x0a" + TEXT[i:i + 8] + b"\x60")
                          for i in range(0, 160, 8))
    yield "pgp-skesk-text-in-salts", esk, pgp(text_salts, data)


def join_cases():
    """5.1: a request to join that says more than that"""
    note = "securejoin"
    yield "join", JOIN, join()
    yield "join-preamble", "preamble", join(preamble=["Read this"])
    yield ("join-preamble-known", "preamble",
           join(preamble=["This is a multi-part message in MIME format."]))
    yield "join-epilogue", "epilogue", join(epilogue=["Read this"])
    yield "join-body-text", note, join(body2=("Secure-Join: vc-request",
                                              "Read this"))
    yield "join-body-other", note, join(body2=("Read this",))
    yield "join-body-vg", note, join(body2=("Secure-Join: vg-request",))
    yield ("join-body-step", note,
           join(body2=("Secure-Join: vc-request-with-auth",)))
    yield "join-body-twice", note, join(body2=("Secure-Join: vc-request",) *
                                        2)
    yield "join-body-empty", "part-body", join(body2=("",))
    yield "join-two-parts", "part-count", join(
        extra=[["Content-Type: text/plain", "", "Read this"]])
    yield ("join-html", "part-type",
           join(part2=("Content-Type: text/html",)))
    yield ("join-attachment", "part-type",
           join(part2=("Content-Type: image/png",)))
    yield ("join-nested", "part-type",
           join(part2=('Content-Type: multipart/mixed; boundary="b2"',),
                body2=("--b2", "", "Secure-Join: vc-request", "--b2--")))
    yield ("join-part-header", "part-header",
           join(part2=("Content-Type: text/plain",
                       "Content-Description: Read this")))
    yield ("join-part-name", "content-type-parameter",
           join(part2=('Content-Type: text/plain; name="read this"',)))
    yield ("join-part-base64", "transfer-encoding",
           join(part2=("Content-Type: text/plain",
                       "Content-Transfer-Encoding: base64"),
                body2=b64(b"Secure-Join: vc-request")))
    yield ("join-other-header", note,
           join(more_top=["X-Note: read this"]))
    yield ("join-step-header", "not-encrypted",
           join(top=[line.replace("vc-request", "vc-request-with-auth")
                     for line in JOIN_TOP]))
    yield ("join-header-twice", "not-encrypted",
           join(more_top=["Secure-Join: vc-request"]))
    yield "join-no-header", "not-encrypted", join(top=TOP)
    yield ("join-text-plain", "not-encrypted",
           raw(JOIN_TOP + ["Content-Type: text/plain", "",
                           "Secure-Join: vc-request", ""]))
    yield "join-no-close", "close-delimiter", join(close=False)


def report(sender="mailer-daemon@elsewhere.test", auto="auto-replied",
           kind="multipart/report; report-type=delivery-status"):
    top = ["From: Mail Delivery System <%s>" % sender] + TOP[1:5]
    if auto is not None:
        top.append("Auto-Submitted: " + auto)
    return raw(top + ["MIME-Version: 1.0",
                      "Content-Type: %s; boundary=b1" % kind, "", "--b1",
                      "Content-Type: text/plain", "",
                      "I'm sorry to have to inform you that your message "
                      "could not be delivered.", "", "--b1",
                      "Content-Type: message/delivery-status", "",
                      "Final-Recipient: rfc822; nobody@elsewhere.test",
                      "Action: failed", "Status: 5.1.1", "", "--b1--", ""])


def bounce_cases():
    """1.6: reports of other servers, from the null sender only"""
    out = {"outgoing": "not-encrypted"}
    ok = dict(out, **{"incoming <>": "accept bounce",
                      "incoming": "not-encrypted",
                      "outgoing <>": "envelope-sender"})
    no = dict(out, **{"incoming <>": "not-encrypted",
                      "incoming": "not-encrypted"})
    yield "bounce", ok, report()
    yield "bounce-upper-case", ok, report("MAILER-DAEMON@elsewhere.test")
    yield "bounce-person", no, report("mallory@elsewhere.test")
    yield ("bounce-prefix", no,
           report("not-mailer-daemon@elsewhere.test"))
    yield "bounce-not-automatic", no, report(auto=None)
    yield "bounce-auto-no", no, report(auto="no")
    yield "bounce-mixed", no, report(kind="multipart/mixed")
    yield "bounce-text", no, report(kind="text/plain")
    yield ("bounce-from-null-encrypted",
           {"incoming <>": ACCEPT, "outgoing <>": "envelope-sender"},
           message())


GROUPS = (type_cases, header_cases, structure_cases, part_header_cases,
          encoding_cases, armor_cases, packet_cases, join_cases, bounce_cases)


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
    for group in GROUPS:
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
