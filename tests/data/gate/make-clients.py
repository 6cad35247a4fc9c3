#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes clients/*.eml: encrypted mail in the MIME dress of real clients.

usage: make-clients.py [OUTDIR]        (default: clients beside this file)

Needs gpg (GnuPG 2.2), sq and rnp. The dress is fixed text below, each with
the client that writes it; README says where it was seen. Keys and
ciphertext are made anew on every run and thrown away, so a run changes
every file: do it only to add a sample, and commit the result.
"""
import base64
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
DELTACHAT = os.path.join(HERE, "..", "deltachat")

ALICE, BOB, CAROL = ("alice0001@relay.test", "bobbb0002@relay.test",
                     "carol0003@relay.test")

KEYS = """\
%%no-protection
Key-Type: RSA
Key-Length: 2048
Subkey-Type: RSA
Subkey-Length: 2048
Name-Email: %s
Expire-Date: 0
%%commit
%%no-protection
Key-Type: EDDSA
Key-Curve: ed25519
Subkey-Type: ECDH
Subkey-Curve: cv25519
Name-Email: %s
Expire-Date: 0
%%commit
%%no-protection
Key-Type: DSA
Key-Length: 1024
Subkey-Type: ELG-E
Subkey-Length: 1024
Name-Email: %s
Expire-Date: 0
%%commit
""" % (ALICE, BOB, CAROL)

INNER = (b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
         b"Only who has the key reads this.\r\n")


# ---- ciphertext ----

class Tools:
    def __init__(self, home):
        self.home = home
        self.env = dict(os.environ, GNUPGHOME=os.path.join(home, "gpg"),
                        LC_ALL="C")
        os.mkdir(self.env["GNUPGHOME"], 0o700)
        self.rnp_home = os.path.join(home, "rnp")
        os.mkdir(self.rnp_home, 0o700)
        self.run(["gpg", "--batch", "--quiet", "--gen-key"], KEYS.encode())
        for addr in (ALICE, BOB):
            cert = self.run(["gpg", "--batch", "--export", addr])
            path = os.path.join(home, addr)
            with open(path, "wb") as file:
                file.write(cert)
            self.run(["rnpkeys", "--homedir", self.rnp_home, "--import",
                      path])

    def run(self, command, data=b""):
        return subprocess.run(command, input=data, env=self.env, check=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE).stdout

    def gpg(self, *args, to=(BOB,), data=INNER):
        command = ["gpg", "--batch", "--quiet", "--trust-model", "always",
                   "--armor", *args]
        if to:
            command.append("--encrypt")
        for addr in to:
            command += ["--recipient", addr]
        return self.run(command, data)

    def gpg_symmetric(self):
        return self.run(["gpg", "--batch", "--quiet", "--armor",
                         "--pinentry-mode", "loopback", "--passphrase",
                         "test", "--symmetric"], INNER)

    def sq(self, to=(BOB,)):
        command = ["sq", "encrypt"]
        for addr in to:
            command += ["--recipient-cert", os.path.join(self.home, addr)]
        return self.run(command, INNER)

    def rnp(self, *args, to=(BOB,)):
        path = os.path.join(self.home, "plain")
        with open(path, "wb") as file:
            file.write(INNER)
        command = ["rnp", "--homedir", self.rnp_home, "--armor", *args]
        if to:
            command.append("--encrypt")
        for addr in to:
            command += ["--recipient", addr]
        return self.run(command + ["--output", "-", path])

    def deltachat(self, name):
        """A SEIPDv2 message of a real Delta Chat core: none of gpg 2.2,
        sq 0.27, rnp 0.16 writes that."""
        with open(os.path.join(DELTACHAT, name), "rb") as file:
            text = file.read()
        return re.search(rb"-----BEGIN PGP MESSAGE-----.*?"
                         rb"-----END PGP MESSAGE-----\r\n", text,
                         re.S).group(0)


# ---- armor ----

def split_armor(armor):
    """-> header lines, binary, checksum line or None"""
    lines = armor.decode("ascii").replace("\r\n", "\n").split("\n")
    start = lines.index("-----BEGIN PGP MESSAGE-----")
    blank = lines.index("", start)
    end = lines.index("-----END PGP MESSAGE-----")
    body = lines[blank + 1:end]
    checksum = None
    if len(body[-1]) == 5 and body[-1][0] == "=":
        checksum = body.pop()
    return lines[start + 1:blank], base64.b64decode("".join(body)), checksum


def rearmor(armor, width=64, checksum=True, headers=()):
    _, binary, crc = split_armor(armor)
    text = base64.b64encode(binary).decode("ascii")
    lines = ["-----BEGIN PGP MESSAGE-----", *headers, ""]
    lines += [text[i:i + width] for i in range(0, len(text), width)]
    if checksum:
        lines.append(crc)
    lines += ["-----END PGP MESSAGE-----", ""]
    return "\n".join(lines).encode("ascii")


def as_base64(armor):
    return base64.encodebytes(armor.replace(b"\r\n", b"\n")
                              .replace(b"\n", b"\r\n"))


def as_quoted_printable(armor):
    """As writers without mercy do it: '=' encoded, lines of 76."""
    out = []
    for line in armor.decode("ascii").splitlines():
        line = line.replace("=", "=3D")
        while len(line) > 76:
            cut = 75
            if "=" in line[cut - 2:cut]:
                cut = line.index("=", cut - 2)
            out.append(line[:cut] + "=")
            line = line[cut:]
        out.append(line)
    return ("\n".join(out) + "\n").encode("ascii")


# ---- dress ----

def top(sender=ALICE, to=BOB, subject="...", extra=()):
    lines = ["From: %s" % sender, "To: %s" % to, "Subject: %s" % subject,
             "Date: Fri, 20 Nov 2026 10:00:00 +0000",
             "Message-ID: <c0ffee00-0000-4000-8000-000000000001@localhost>",
             "MIME-Version: 1.0", *extra]
    return "\n".join(lines) + "\n"


# name: (top header lines, text from Content-Type on; @ is the armor)
DRESS = {}

# chatmail/core 1.56.0 to 1.15x (lettre_email)
DRESS["deltachat-1.56"] = (top(extra=["Chat-Version: 1.0"]), """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
\tboundary="YFrteb74qSXmggbOxZL9dRnhymywAi"


--YFrteb74qSXmggbOxZL9dRnhymywAi
Content-Description: PGP/MIME version identification
Content-Type: application/pgp-encrypted

Version: 1


--YFrteb74qSXmggbOxZL9dRnhymywAi
Content-Description: OpenPGP encrypted message
Content-Disposition: inline; filename="encrypted.asc";
Content-Type: application/octet-stream; name="encrypted.asc"

@

--YFrteb74qSXmggbOxZL9dRnhymywAi--

""")

# chatmail/core 2.x before 2.50 (mail-builder)
DRESS["deltachat-2.40"] = ("""\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\x20
\tboundary="18566fe03178296e_f40510c3b59ace3_ecf843ae3ccd2b17"
MIME-Version: 1.0
From: <alice0001@relay.test>
To: "hidden-recipients": ;
Subject: [...]
Date: Mon, 28 Jul 2025 14:15:14 +0000
Message-ID: <48b9e9cc-2bae-4d41-89b4-a409e2c60c28@localhost>
Chat-Version: 1.0
""", """\


--18566fe03178296e_f40510c3b59ace3_ecf843ae3ccd2b17
Content-Type: application/pgp-encrypted; charset="utf-8"
Content-Description: PGP/MIME version identification
Content-Transfer-Encoding: 7bit

Version: 1

--18566fe03178296e_f40510c3b59ace3_ecf843ae3ccd2b17
Content-Type: application/octet-stream; name="encrypted.asc";\x20
\tcharset="utf-8"
Content-Description: OpenPGP encrypted message
Content-Disposition: inline; filename="encrypted.asc";
Content-Transfer-Encoding: 7bit

@

--18566fe03178296e_f40510c3b59ace3_ecf843ae3ccd2b17--

""")

# Thunderbird 78 and later; Enigmail 1.9/2.x the same
THUNDERBIRD = """\
Content-Type: multipart/encrypted;
 protocol="application/pgp-encrypted";
 boundary="%(b)s"

This is an OpenPGP/MIME encrypted message (RFC %(rfc)s)
--%(b)s
Content-Type: application/pgp-encrypted
Content-Description: PGP/MIME version identification

Version: 1

--%(b)s
Content-Type: application/octet-stream; name="encrypted.asc"
Content-Description: OpenPGP encrypted message
Content-Disposition: inline; filename="encrypted.asc"

@
--%(b)s--
"""
DRESS["thunderbird-78"] = (
    "Message-ID: <0bb9ffe1-2596-d997-95b4-1fef8cc4808e@relay.test>\n"
    "Date: Fri, 20 Nov 2026 10:00:00 +0000\nMIME-Version: 1.0\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101\n"
    " Thunderbird/102.13.0\nFrom: Alice <alice0001@relay.test>\n"
    "To: bobbb0002@relay.test\nContent-Language: en-US\nSubject: ...\n",
    THUNDERBIRD % {"b": "------------ODMSY6iRxlSk4uG4zIxjzLbw",
                   "rfc": "4880 and 3156"})
DRESS["enigmail-1.6"] = (
    top(subject="Encrypted Message", extra=["X-Enigmail-Version: 1.6"]),
    THUNDERBIRD % {"b": "yIuKl9CZjofeRWX4nmi7Fpd5iMT9ZpzLi",
                   "rfc": "2440 and 3156"})

# K-9 Mail, Thunderbird for Android (PgpMessageBuilder.java)
DRESS["k9"] = (top(subject="Encrypted Message",
                   extra=["Content-Transfer-Encoding: 7bit"]), """\
Content-Type: multipart/encrypted; boundary="----5XHM2XJGSDMZ1IHG4QWXOXIWXTXUHB";
  protocol="application/pgp-encrypted"

------5XHM2XJGSDMZ1IHG4QWXOXIWXTXUHB
Content-Type: application/pgp-encrypted
Content-Transfer-Encoding: quoted-printable

Version: 1
------5XHM2XJGSDMZ1IHG4QWXOXIWXTXUHB
Content-Type: application/octet-stream; name="encrypted.asc"
Content-Transfer-Encoding: 7bit
Content-Disposition: inline; filename="encrypted.asc"

@
------5XHM2XJGSDMZ1IHG4QWXOXIWXTXUHB--
""")

# Mutt 1.5 to 2.2: crypt-gpgme.c, pgp.c. A new body is an attachment unless
# said otherwise.
MUTT = """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
\tboundary="mP3DRpeJDSE+ciuQ"

--mP3DRpeJDSE+ciuQ
Content-Type: application/pgp-encrypted
Content-Disposition: attachment

Version: 1

--mP3DRpeJDSE+ciuQ
Content-Type: application/octet-stream
Content-Disposition: %s; filename="msg.asc"

@
--mP3DRpeJDSE+ciuQ--
"""
DRESS["mutt-2.2"] = (top(), MUTT % "attachment")
DRESS["mutt-1.5"] = (top(extra=["Content-Disposition: inline",
                                "User-Agent: Mutt/1.5.23 (2014-03-12)"]),
                     MUTT % "inline")

# KMail (messagecomposer util.cpp; KMime writes "7Bit")
DRESS["kmail"] = (top(), """\
Content-Type: multipart/encrypted; boundary="nextPart2440608.7aRn1RRit1"; protocol="application/pgp-encrypted"

--nextPart2440608.7aRn1RRit1
Content-Type: application/pgp-encrypted
Content-Disposition: attachment
Content-Transfer-Encoding: 7Bit

Version: 1
--nextPart2440608.7aRn1RRit1
Content-Type: application/octet-stream
Content-Disposition: inline; filename="msg.asc"
Content-Transfer-Encoding: 7Bit

@
--nextPart2440608.7aRn1RRit1--
""")

# Evolution (camel-gpg-context.c), English locale
DRESS["evolution"] = (top(), """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
\tboundary="=-xHYwyT2JO/SZbFoTAsDY"

--=-xHYwyT2JO/SZbFoTAsDY
Content-Type: application/pgp-encrypted
Content-Transfer-Encoding: 7bit

Version: 1

--=-xHYwyT2JO/SZbFoTAsDY
Content-Type: application/octet-stream; name="encrypted.asc"
Content-Description: This is a digitally encrypted message part
Content-Transfer-Encoding: 7bit

@
--=-xHYwyT2JO/SZbFoTAsDY--
""")

# GPGTools for Apple Mail
DRESS["gpgtools"] = (top(extra=["X-Mailer: Apple Mail (2.1510)"]), """\
Content-Type: multipart/encrypted;
\tboundary="Apple-Mail=_958C7242-A49F-43A8-BE2A-ECEB8F7E0190";
\tprotocol="application/pgp-encrypted";

This is an OpenPGP/MIME encrypted message (RFC 2440 and 3156)
--Apple-Mail=_958C7242-A49F-43A8-BE2A-ECEB8F7E0190
Content-Transfer-Encoding: 7bit
Content-Type: application/pgp-encrypted
Content-Description: PGP/MIME Versions Identification

Version: 1

--Apple-Mail=_958C7242-A49F-43A8-BE2A-ECEB8F7E0190
Content-Transfer-Encoding: 7bit
Content-Disposition: inline;
    filename=encrypted.asc
Content-Type: application/octet-stream;
    name=encrypted.asc
Content-Description: OpenPGP encrypted message

@
--Apple-Mail=_958C7242-A49F-43A8-BE2A-ECEB8F7E0190--
""")

# Mailvelope (src/modules/mime.js, emailjs-mime-builder)
DRESS["mailvelope"] = (top(), """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
 boundary="----sinikael-?=_1-16059234567890.1234567890123456"

This is an OpenPGP/MIME encrypted message (RFC 2440 and 3156)
------sinikael-?=_1-16059234567890.1234567890123456
Content-Type: application/pgp-encrypted
Content-Description: PGP/MIME version identification
Content-Transfer-Encoding: 7bit

Version: 1
------sinikael-?=_1-16059234567890.1234567890123456
Content-Type: application/octet-stream; name=encrypted.asc
Content-Description: OpenPGP encrypted message
Content-Disposition: inline; filename=encrypted.asc
Content-Transfer-Encoding: 7bit

@
------sinikael-?=_1-16059234567890.1234567890123456--
""")

# Proton Mail (proton-bridge's builder and its tests)
DRESS["proton"] = (top(subject="..."), """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
 boundary="------be1c9fc96d97a2e3d6c0bccfed5abe3fc8fc46df0a006f3488f46f84580c"; charset=utf-8

This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)
--------be1c9fc96d97a2e3d6c0bccfed5abe3fc8fc46df0a006f3488f46f84580c
Content-Type: application/pgp-encrypted
Content-Description: PGP/MIME version identification

Version: 1

--------be1c9fc96d97a2e3d6c0bccfed5abe3fc8fc46df0a006f3488f46f84580c
Content-Type: application/octet-stream; name="encrypted.asc"
Content-Description: OpenPGP encrypted message
Content-Disposition: inline; filename="encrypted.asc"

@
--------be1c9fc96d97a2e3d6c0bccfed5abe3fc8fc46df0a006f3488f46f84580c--
""")

# Roundcube, plugin enigma (Mail_mimePart)
DRESS["roundcube"] = (top(), """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
 boundary="=_0123456789abcdef0123456789abcdef"

This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)
--=_0123456789abcdef0123456789abcdef
Content-Transfer-Encoding: 7bit
Content-Type: application/pgp-encrypted
Content-Description: PGP/MIME version identification

Version: 1
--=_0123456789abcdef0123456789abcdef
Content-Transfer-Encoding: 7bit
Content-Type: application/octet-stream;
 name=encrypted.asc
Content-Disposition: inline;
 filename=encrypted.asc
Content-Description: PGP/MIME encrypted message

@
--=_0123456789abcdef0123456789abcdef--
""")

# Gnus (mml2015.el), gpg-wks-client, plain RFC 3156
DRESS["gnus"] = (top(extra=["User-Agent: Gnus/5.13 (Gnus v5.13)"]), """\
Content-Type: multipart/encrypted; boundary="=-=-=";
\tprotocol="application/pgp-encrypted"

--=-=-=
Content-Type: application/pgp-encrypted

Version: 1

--=-=-=
Content-Type: application/octet-stream

@
--=-=-=--
""")

# Python's email library puts MIME-Version on every part: Zeyple
DRESS["zeyple"] = (top(extra=["X-Zeyple: processed by zeyple/1.2.2"]), """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
 boundary="===============0123456789012345678=="

--===============0123456789012345678==
Content-Type: application/pgp-encrypted
MIME-Version: 1.0
Content-Description: PGP/MIME version identification

Version: 1

--===============0123456789012345678==
Content-Type: application/octet-stream; name="encrypted.asc"
MIME-Version: 1.0
Content-Description: OpenPGP encrypted message
Content-Disposition: inline; filename="encrypted.asc"

@
--===============0123456789012345678==--
""")

# Horde IMP (Horde_Crypt_Pgp)
DRESS["horde"] = (top(extra=["Content-Description: PGP Encrypted Data",
                             "User-Agent: Horde Application Framework 5"]),
                  """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
 boundary="=_bGZ7pYHzTWxVQkWTjDqKnA1"

This message is in MIME format and has been PGP encrypted.

--=_bGZ7pYHzTWxVQkWTjDqKnA1
Content-Type: application/pgp-encrypted

Version: 1

--=_bGZ7pYHzTWxVQkWTjDqKnA1
Content-Type: application/octet-stream
Content-Disposition: inline

@
--=_bGZ7pYHzTWxVQkWTjDqKnA1--
""")

# Part 2 encoded once more, as servers and strict libraries do
ENCODED = """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b1"

--b1
Content-Type: application/pgp-encrypted

Version: 1

--b1
Content-Type: application/octet-stream; name="encrypted.asc"
Content-Transfer-Encoding: %s

@
--b1--
"""
DRESS["base64"] = (top(), ENCODED % "base64")
DRESS["quoted-printable"] = (top(), ENCODED % "quoted-printable")


def wear(dress, armor):
    head, body = DRESS[dress]
    armor = armor.decode("ascii").replace("\r\n", "\n")
    assert armor.endswith("\n")
    text = head + body.replace("@\n", armor, 1)
    return text.replace("\n", "\r\n").encode("ascii")


def samples(t):
    """file name, dress, armor"""
    old = ["--emit-version", "--comment",
           "Using GnuPG with Mozilla - http://enigmail.mozdev.org/"]
    yield "deltachat-1.56.eml", "deltachat-1.56", t.sq((ALICE, BOB))
    yield "deltachat-2.40-pkesk.eml", "deltachat-2.40", t.sq((ALICE, BOB))
    yield ("deltachat-2.40-seipd2.eml", "deltachat-2.40",
           t.deltachat("text.eml"))
    yield ("deltachat-2.40-skesk.eml", "deltachat-2.40",
           t.deltachat("v3-vc-request-pubkey.eml"))
    yield ("thunderbird-78-rnp.eml", "thunderbird-78",
           rearmor(t.rnp(to=(ALICE, BOB))))
    yield "thunderbird-78-octopus.eml", "thunderbird-78", t.sq((ALICE, BOB))
    yield ("enigmail-1.6-no-headers.eml", "enigmail-1.6",
           t.gpg(to=(ALICE, BOB)))
    yield ("enigmail-1.6-version-comment.eml", "enigmail-1.6",
           t.gpg(*old, to=(ALICE, BOB)))
    yield "k9.eml", "k9", t.gpg(to=(ALICE, BOB))
    yield "mutt-2.2-ecdh.eml", "mutt-2.2", t.gpg()
    yield "mutt-2.2-rsa.eml", "mutt-2.2", t.gpg(to=(ALICE,))
    yield "mutt-1.5-elgamal.eml", "mutt-1.5", t.gpg(to=(CAROL,))
    yield ("mutt-1.5-version.eml", "mutt-1.5",
           t.gpg("--emit-version", to=(CAROL,)))
    yield ("kmail-anonymous.eml", "kmail",
           t.gpg("--throw-keyids", to=(ALICE, BOB, CAROL)))
    yield "kmail-comment.eml", "kmail", t.gpg("--comment", "KMail")
    yield "evolution.eml", "evolution", t.gpg(to=(ALICE, BOB))
    yield "gpgtools.eml", "gpgtools", t.gpg(to=(ALICE, BOB))
    yield ("gpgtools-comment.eml", "gpgtools",
           t.gpg("--comment", "GPGTools - http://gpgtools.org"))
    yield "mailvelope.eml", "mailvelope", rearmor(t.gpg(to=(ALICE, BOB)), 60)
    yield ("mailvelope-version-comment.eml", "mailvelope",
           rearmor(t.gpg(), 60,
                   headers=["Version: Mailvelope v4.4.1",
                            "Comment: https://mailvelope.com"]))
    yield "proton.eml", "proton", rearmor(t.sq((ALICE, BOB)), 60)
    yield ("proton-version.eml", "proton",
           rearmor(t.sq(), 60, headers=["Version: ProtonMail"]))
    yield ("gopenpgp-2-version.eml", "gnus",
           rearmor(t.sq(), 64, headers=["Version: GopenPGP 2.7.4",
                                        "Comment: https://gopenpgp.org"]))
    yield "roundcube.eml", "roundcube", t.gpg(to=(ALICE, BOB))
    yield "gnus.eml", "gnus", t.gpg(to=(ALICE, BOB))
    yield "zeyple.eml", "zeyple", t.gpg()
    yield "horde.eml", "horde", t.gpg()
    yield "rnp-76-columns.eml", "gnus", rearmor(t.rnp(), 76)
    yield "rnp-armor.eml", "gnus", t.rnp()
    yield ("rnp-password.eml", "gnus",
           t.rnp("--symmetric", "--password", "test", to=()))
    yield "gpg-symmetric.eml", "gnus", t.gpg_symmetric()
    yield ("gpg-symmetric-and-key.eml", "gnus",
           t.gpg("--pinentry-mode", "loopback", "--passphrase", "test",
                 "--symmetric"))
    yield "no-checksum.eml", "gnus", rearmor(t.gpg(), 64, checksum=False)
    yield ("no-checksum-padded.eml", "gnus",
           rearmor(padded(t), 64, checksum=False))
    yield ("partial-lengths.eml", "mutt-2.2",
           t.gpg("--compress-algo", "none", data=os.urandom(9 * 1024)))
    yield ("partial-lengths-300k.eml", "thunderbird-78",
           t.gpg("--compress-algo", "none", data=os.urandom(210 * 1024)))
    yield "part-base64.eml", "base64", as_base64(t.gpg())
    yield ("part-base64-seipd2.eml", "base64",
           as_base64(t.deltachat("text.eml")))
    yield ("part-quoted-printable.eml", "quoted-printable",
           as_quoted_printable(padded(t)))
    yield ("part-quoted-printable-76.eml", "quoted-printable",
           as_quoted_printable(rearmor(padded(t), 76)))


def padded(t):
    """A message whose base64 ends in padding."""
    for extra in range(3):
        armor = t.gpg("--compress-algo", "none", data=INNER + extra * b" ")
        if len(split_armor(armor)[1]) % 3 != 0:
            return armor
    raise AssertionError("no padding")


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "clients")
    os.makedirs(out, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        tools = Tools(home)
        for name, dress, armor in samples(tools):
            with open(os.path.join(out, name), "wb") as file:
                file.write(wear(dress, armor))
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], env=tools.env,
                       check=False)


if __name__ == "__main__":
    main()
