# SPDX-License-Identifier: MIT
"""Real PGP/MIME of a wanted size, in the dress of Delta Chat, made by gpg."""
import os
import subprocess

HEAD = """\
From: <{sender}>
Date: Sat, 1 Aug 2026 12:00:00 +0000
Message-ID: <6f0f2a0e-0000-4000-8000-000000000001@localhost>
MIME-Version: 1.0
To: "hidden-recipients": ;
Subject: [...]
Chat-Version: 1.0
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
\tboundary="18c0ffee_boundary"


--18c0ffee_boundary
Content-Type: application/pgp-encrypted; charset="utf-8"
Content-Transfer-Encoding: 7bit

Version: 1

--18c0ffee_boundary
Content-Type: application/octet-stream; charset="utf-8"
Content-Transfer-Encoding: 7bit

"""
TAIL = """\

--18c0ffee_boundary--

"""
# What the armor adds beside the plaintext: packets, lines, checksum.
OVERHEAD = 700


class Sealer:
    """Encrypts to a key of its own."""

    def __init__(self, folder):
        self.home = folder + "/gnupg"
        os.mkdir(self.home, 0o700)
        self._gpg("--passphrase", "", "--quick-gen-key", "bench@localhost",
                  "future-default", "default", "0")

    def _gpg(self, *args, data=b""):
        return subprocess.run(
            ["gpg", "--homedir", self.home, "--batch", "--quiet",
             "--pinentry-mode", "loopback", "--trust-model", "always",
             *args], input=data, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, check=True).stdout

    def stop(self):
        subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"],
                       stderr=subprocess.DEVNULL)

    def message(self, path, sender, size):
        """Writes a message of about `size` bytes, with LF as smtp-source
        wants it. Returns its size on the wire."""
        head = HEAD.format(sender=sender)
        lines = len(head.splitlines()) + len(TAIL.splitlines())
        # 64 characters and CR LF for 48 bytes
        room = size - len(head) - len(TAIL) - lines - OVERHEAD
        armor = self._gpg("--encrypt", "--armor", "--hidden-recipient",
                          "bench@localhost", "--compress-algo", "none",
                          data=os.urandom(max(1, room * 48 // 66)))
        text = (head + armor.decode() + TAIL).encode()
        with open(path, "wb") as file:
            file.write(text)
        return len(text) + text.count(b"\n")
