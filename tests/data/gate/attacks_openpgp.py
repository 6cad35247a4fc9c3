# SPDX-License-Identifier: MIT
"""Cases of transfer encoding, armor and OpenPGP packets; see
attacks_mime.py."""
import re

from build import (ACCEPT, BEGIN, END, GOOD, TEXT, TYPE2, armor, armor_lines,
                   b64, encoded, legacy, message, noise, packet, partial,
                   pgp, pkesk, quoted_printable, raw, rsa_pkesk, seipd,
                   seipd2, skesk4)


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


GROUPS = (encoding_cases, armor_cases, packet_cases)
