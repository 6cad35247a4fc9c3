#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes clients/*.eml: encrypted mail in the MIME dress of real clients.

usage: make-clients.py [OUTDIR]        (default: clients beside this file)

Needs gpg (GnuPG 2.2), sq and rnp. The dress is fixed text in dress.py, with
the client that writes it. Keys and
ciphertext are made anew on every run and thrown away, so a run changes
every file: do it only to add a sample, and commit the result.
"""
import base64
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from dress import ALICE, BOB, CAROL, DRESS  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
DELTACHAT = os.path.join(HERE, "..", "deltachat")

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


# ---- both ----

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
    yield "gpgol.eml", "gpgol", t.gpg(to=(ALICE, BOB))
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
    yield ("nextcloud-mail.eml", "nextcloud-mail",
           rearmor(t.gpg(to=(ALICE, BOB)), 60))
    yield "schleuder.eml", "schleuder", t.gpg(to=(ALICE, BOB))
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
