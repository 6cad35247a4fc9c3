# SPDX-License-Identifier: MIT
"""Cases of header and MIME structure. Each group yields name, expected, text;
expected is a rule or "accept REASON", or a dict of "DIRECTION [SENDER]" to
such."""
from build import (ACCEPT, JOIN, JOIN_TOP, TOP, TYPE, TYPE1, TYPE2, armor,
                   b64, join, message, raw, real)


def type_cases():
    """What parsers read differently"""
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
            ("empty-group", "undisclosed-recipients: ;"),
            ("semicolon", "<alice0001@relay.test>; <mallory@relay.test>"),
            ("semicolon-bare", "alice0001@relay.test;mallory@relay.test"),
            ("double-bracket", "<<alice0001@relay.test>>"),
            ("route", "<@mallory.test:alice0001@relay.test>")):
        yield ("from-" + name, as_alice("from-syntax"),
               message(top=["From: " + value] + TOP[1:]))
    for name, value in (
            ("quoted-local", '"Hello Bob, meet me"@[203.0.113.9]'),
            ("literal-text", "alice@[Hello Bob]"),
            ("no-domain", "<alice0001>")):
        yield ("from-" + name, as_alice("from-syntax"),
               message(top=["From: " + value] + TOP[1:]))
    yield "from-semicolon-quoted", ACCEPT, message(
        top=['From: "Alice; from: work" <alice0001@relay.test>'] + TOP[1:])
    yield "from-display-name", ACCEPT, message(
        top=['From: "Alice" <alice0001@relay.test>'] + TOP[1:])
    yield ("from-other-sender",
           {"outgoing mallory@relay.test": "from-mismatch",
            "incoming mallory@relay.test": ACCEPT}, message())
    yield ("no-header", as_alice("from-missing"),
           b"\r\n".join([b"", b"text", b""]))


def structure_cases():
    """Preamble, epilogue, parts, boundaries"""
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
    yield ("preamble-known-longer", "preamble",
           message(preamble=["This message is in MIME format. Read this"]))
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
    """Cleartext in headers and parameters of parts"""
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
        for field, value in (("encoding", "Content-Transfer-Encoding: 7bit"),
                             ("mime-version", "MIME-Version: 1.0"),
                             ("disposition", "Content-Disposition: inline")):
            yield (part + "-" + field + "-nul",
                   *with_header([value + "\0Read this"],
                                "control-character"))
            yield (part + "-" + field + "-bare-cr",
                   *with_header([value + "\rRead this"],
                                "control-character"))
        yield (part + "-type-nul", "control-character",
               message(**{part: (known + "\0Read this",)}))
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
    ruby = "Content-ID: <591c5b4239450_3fa16372fc727b2@lists.relay.test.mail>"
    part = "part-header"
    for name, lines, expected in (
            ("ruby", [ruby], {"outgoing": part, "incoming": ACCEPT}),
            ("twice", [ruby] * 2,
             {"outgoing": part, "incoming": "header-duplicate"}),
            ("comment", [ruby + " (read this)"], part),
            ("bare", [ruby.replace("<", "").replace(">", "")], part),
            ("words", [ruby.replace("591c5b4239450", "read")], part),
            ("no-underscore", [ruby.replace("_", "")], part),
            ("three", [ruby.replace("_", "_1_")], part),
            ("other-domain", [ruby.replace(".mail>", ".read>")], part),
            ("domain-words", [ruby.replace("lists.", "read this")], part),
            ("domain-comment", [ruby.replace("lists", "(read)")], part),
            ("two-domains", [ruby.replace("lists", "a@b")], part),
            ("8bit", [ruby.replace("lists", "\u043f\u0440\u0438")], part)):
        yield "part2-content-id-" + name, expected, message(
            part2=(TYPE2, *lines))
    yield "part1-content-id-ruby", part, message(part1=(TYPE1, ruby))
    yield "part1-encoding-base64", "transfer-encoding", message(
        part1=(TYPE1, "Content-Transfer-Encoding: base64"),
        body1=b64(b"Version: 1"))
    yield "part1-encoding-quoted-printable", ACCEPT, message(
        part1=(TYPE1, "Content-Transfer-Encoding: quoted-printable"))
    yield "part1-encoding-escaped", "part-body", message(
        part1=(TYPE1, "Content-Transfer-Encoding: quoted-printable"),
        body1=("=56ersion: 1",))


def join_cases():
    """A request to join that says more than that"""
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
           join(more_top=["Comments: read this"]))
    for name, lines in (
            ("invitenumber-twice", ["Secure-Join-Invitenumber: 1"]),
            ("group-text", ["Secure-Join-Group: Read this"]),
            ("group-long", ["Secure-Join-Group: " + "x" * 65]),
            ("autocrypt-text", ["Autocrypt: addr=a@b.test; read this"]),
            ("autocrypt-attribute", ["Autocrypt: addr=a@b.test; _note=read"]),
            ("autocrypt-prefer", ["Autocrypt: addr=a@b.test; "
                                  "prefer-encrypt=readthis"]),
            ("autocrypt-keydata", ["Autocrypt: addr=a@b.test; "
                                   "keydata=Read, this."]),
            ("references-text", ["References: <a@b.test> Read this"]),
            ("references-spaces", ["References: <Read this>"]),
            ("in-reply-to-8bit", ["In-Reply-To: <\u043f@b.test>"]),
            ("subject-twice", ["Subject: Read this"]),
            ("to-twice", ["To: Read this <a@b.test>"])):
        yield "join-" + name, note, join(more_top=lines)
    for name, line in (("subject-long", "Subject: " + "read this " * 30),
                       ("date-comment", "Date: Fri, 20 Nov 2026 10:00:00 "
                        "+0000 (now)"),
                       ("date-text", "Date: Read this, Fri 20 Nov"),
                       ("chat-version-text", "Chat-Version: 1.0 read this"),
                       ("message-id-text", "Message-ID: Read this"),
                       ("invitenumber-spaces",
                        "Secure-Join-Invitenumber: read this")):
        field = line.split(":", 1)[0] + ":"
        yield "join-" + name, note, join(
            top=[line if old.startswith(field) else old for old in JOIN_TOP])
    yield "join-group", JOIN, join(
        top=[line.replace("vc-", "vg-") for line in JOIN_TOP] +
        ["Secure-Join-Group: VX8P-2_9aBc"],
        body2=("Secure-Join: vg-request",))
    yield "join-group-64", JOIN, join(
        more_top=["Secure-Join-Group: " + "x" * 64])
    yield "join-servers", JOIN, join(more_top=[
        "Received: from elsewhere.test by relay.test; Fri, 20 Nov 2026"] * 3 +
        ["Return-Path: <alice0001@relay.test>",
         "Delivered-To: bobbb0002@relay.test"])
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
           kind="multipart/report; report-type=delivery-status", more=()):
    top = ["From: Mail Delivery System <%s>" % sender] + TOP[1:5]
    if auto is not None:
        top.append("Auto-Submitted: " + auto)
    return raw(top + ["MIME-Version: 1.0",
                      "Content-Type: %s; boundary=b1" % kind, *more, "",
                      "--b1",
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
    yield "bounce-literal", no, report("mailer-daemon@[203.0.113.9]")
    yield "bounce-no-kind", no, report(kind="multipart/report")
    yield ("bounce-receipt", no, report(
        kind="multipart/report; report-type=disposition-notification"))
    yield ("bounce-capitals", ok, report(
        kind="Multipart/Report; Report-Type=DELIVERY-STATUS"))
    yield "bounce-text", no, report(kind="text/plain")
    for name, lines, rule in (
            ("from-twice", ["From: <boss@bank.test>"], "from-missing"),
            ("from-twice-control",
             ['From: "Your Bank" <support@bank.test>\x01'], "from-missing"),
            ("control", ["X-A: \x01"], "control-character"),
            ("bare-cr", ["X-A: a\rFrom: <boss@bank.test>"],
             "control-character"),
            ("name-77", ["X" * 77 + ": 1"], "header-syntax"),
            ("type-twice", ["Content-Type: text/html"], "header-duplicate"),
            ("type-twice-control", ["Content-Type: text/html\x01"],
             "control-character")):
        yield "bounce-" + name, {
            "outgoing": rule, "outgoing <>": "envelope-sender",
            "incoming": rule, "incoming <>": rule}, report(more=lines)
    # as servers write them
    yield "bounce-8bit", ok, report(
        more=["X-Note: \u043f\u0440\u0438", b"X-Latin: caf\xe9",
              "X" * 76 + ": 1"])
    yield "bounce-long-lines", ok, report(
        more=["X-Long: " + "x" * 2000, "References: <a@b.test>"] +
        ["\t<a@b.test>"] * 100)
    twice = dict(ok, outgoing="header-duplicate",
                 incoming="header-duplicate")
    yield "bounce-mime-version-twice", twice, report(
        more=["MIME-Version: 1.0"])
    yield ("bounce-from-null-encrypted",
           {"incoming <>": ACCEPT, "outgoing <>": "envelope-sender"},
           message())


GROUPS = (type_cases, header_cases, structure_cases, part_header_cases,
          join_cases, bounce_cases)
