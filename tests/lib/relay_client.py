# SPDX-License-Identifier: MIT
"""A mail client for the relay of tests/lib/relay.sh; Python's library only.

quickstart's demonstration and the integration tests share it: logins, IDLE,
and messages as a client would write them. Nothing here asserts anything.
"""
import contextlib
import imaplib
import os
import secrets
import shutil
import smtplib
import socket
import ssl
import string
import subprocess
import time
import urllib.parse
import uuid

# Seconds for any one answer of a server.
TIMEOUT = 30
GPG_SECONDS = 60


class Relay:
    """The servers that DIR/relay.env describes."""

    def __init__(self, directory):
        self.dir = directory
        self.env = {}
        with open(os.path.join(directory, "relay.env")) as lines:
            for line in lines:
                key, value = line.rstrip("\n").split("=", 1)
                self.env[key] = value.strip("'")
        self.domain = self.env["RELAY_DOMAIN"]
        self.host = self.env["RELAY_HOST"]
        self.mailboxes = self.env["RELAY_MAILBOXES"]

    def port(self, service):
        return int(self.env[f"RELAY_{service.upper()}_PORT"])

    def tls(self):
        """Trusts the relay's own certificate, for the name localhost."""
        context = ssl.create_default_context(cafile=self.env["RELAY_CERT"])
        context.check_hostname = False
        return context

    def new_login(self):
        """An address and a password that nobody has."""
        letters = string.ascii_lowercase + string.digits
        name = "".join(secrets.choice(letters) for _ in range(9))
        word = "".join(secrets.choice(letters) for _ in range(22))
        return f"{name}@{self.domain}", word

    def imap(self, login=None):
        """An IMAP connection over TLS, logged in if login is given."""
        conn = imaplib.IMAP4_SSL(self.host, self.port("imaps"),
                                 ssl_context=self.tls(), timeout=TIMEOUT)
        if login:
            imap_login(conn, login)
        return conn

    def smtp(self, login=None):
        """A submission connection over TLS, logged in if login is given."""
        conn = smtplib.SMTP_SSL(self.host, self.port("smtps"),
                                context=self.tls(), timeout=TIMEOUT,
                                local_hostname="[127.0.0.1]")
        try:
            conn.ehlo()
            if login:
                conn.login(*login)
        except smtplib.SMTPException:
            # the error would keep it open
            conn.close()
            raise
        return conn

    def port25(self):
        """What another mail server does: STARTTLS, no login."""
        conn = smtplib.SMTP(self.host, self.port("smtp"), timeout=TIMEOUT,
                            local_hostname="mx.remote.example")
        conn.starttls(context=self.tls())
        conn.ehlo()
        return conn

    def dclogin(self, login):
        """The link by which Delta Chat takes over an account."""
        param = urllib.parse.urlencode({
            "p": login[1], "v": 1,
            "ih": self.host, "ip": self.port("imaps"), "is": "ssl",
            "sh": self.host, "sp": self.port("smtps"), "ss": "ssl",
            "ic": 3})
        return f"dclogin:{login[0]}?{param}"


def imap_login(conn, login):
    """LOGIN; raises imaplib.IMAP4.error with the server's text."""
    conn.login(login[0], quoted(login[1])[1:-1])


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Idle:
    """IDLE on INBOX. Enter it before the message is sent, then wait()."""

    def __init__(self, conn):
        self.conn = conn

    def __enter__(self):
        self.conn.select("INBOX")
        self.conn.send(b"idle1 IDLE\r\n")
        answer = self.conn.readline()
        if not answer.startswith(b"+"):
            raise RuntimeError(f"IDLE was answered by {answer!r}")
        return self

    def wait(self, seconds=TIMEOUT):
        """Until the server announces a message; its number, or None."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.conn.sock.settimeout(max(0.01, end - time.monotonic()))
            try:
                line = self.conn.readline()
            except (TimeoutError, socket.timeout):
                break
            finally:
                self.conn.sock.settimeout(TIMEOUT)
            words = line.split()
            if len(words) == 3 and words[2] == b"EXISTS":
                return int(words[1])
            if not line:
                break
        return None

    def __exit__(self, *_):
        self.conn.send(b"DONE\r\n")
        while True:
            line = self.conn.readline()
            if not line or line.startswith(b"idle1 "):
                break


def fetch(conn, number):
    """The whole message, as stored."""
    status, data = conn.fetch(str(number), "(BODY.PEEK[])")
    if status != "OK" or not isinstance(data[0], tuple):
        raise RuntimeError(f"FETCH was answered by {status} {data!r}")
    return data[0][1]


def wait_for_message(conn, count=1, seconds=TIMEOUT):
    """Polls INBOX until it has `count` messages; False if it never has."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if int(conn.select("INBOX")[1][0]) >= count:
            return True
        time.sleep(0.05)
    return False


def crlf(text):
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def message_id():
    """As the core makes them."""
    return f"<{uuid.uuid4()}@localhost>"


def cleartext(sender, recipient, text="This can be read by every server.\n"):
    return crlf(f"""\
From: <{sender}>
To: <{recipient}>
Date: Sat, 01 Nov 2025 12:00:00 +0000
Message-ID: {message_id()}
Subject: hello
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{text}""")


def pgp_mime(sender, recipient, armor):
    """RFC 3156 around an OpenPGP message in ASCII armor."""
    boundary = secrets.token_hex(16)
    return crlf(f"""\
From: <{sender}>
To: <{recipient}>
Date: Sat, 01 Nov 2025 12:00:00 +0000
Message-ID: {message_id()}
Subject: [...]
Chat-Version: 1.0
MIME-Version: 1.0
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
 boundary="{boundary}"

--{boundary}
Content-Type: application/pgp-encrypted

Version: 1

--{boundary}
Content-Type: application/octet-stream

{armor.strip()}

--{boundary}--
""")


def secure_join_request(sender, recipient):
    """The one cleartext message that clients must be able to send: the
    request that begins a SecureJoin of old links."""
    boundary = secrets.token_hex(16)
    return crlf(f"""\
From: <{sender}>
To: <{recipient}>
Date: Sat, 01 Nov 2025 12:00:00 +0000
Message-ID: {message_id()}
Subject: Message from {sender}
Chat-Version: 1.0
Secure-Join: vc-request
Secure-Join-Invitenumber: {secrets.token_urlsafe(18)}
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="{boundary}"

--{boundary}
Content-Type: text/plain; charset=utf-8

Secure-Join: vc-request
--{boundary}--
""")


class Gpg:
    """Throw-away keys in a folder of their own, removed at the end with the
    agent that GnuPG starts for it. The folder is in /tmp because the agent's
    socket is below it, and long paths do not work."""

    def __init__(self):
        self.home = f"/tmp/cm-gpg.{secrets.token_hex(4)}"

    def __enter__(self):
        os.mkdir(self.home, 0o700)
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(["gpgconf", "--homedir", self.home, "--kill",
                            "all"], capture_output=True, check=False,
                           timeout=GPG_SECONDS)
        shutil.rmtree(self.home, ignore_errors=True)

    def _run(self, *args, data=b""):
        done = self._gpg(*args, data=data)
        # it waits seconds for the agent that it starts, and for no more
        if done.returncode != 0 and b"agent" in done.stderr:
            done = self._gpg(*args, data=data)
        if done.returncode != 0:
            raise RuntimeError("gpg: " + done.stderr.decode().strip())
        return done.stdout

    def _gpg(self, *args, data):
        return subprocess.run(
            ["gpg", "--homedir", self.home, "--batch", "--quiet", "--no-tty",
             "--pinentry-mode", "loopback", "--passphrase", "",
             "--trust-model", "always", *args],
            input=data, capture_output=True, timeout=GPG_SECONDS, check=False)

    def make_key(self, address):
        args = ("--quick-generate-key", f"<{address}>", "future-default",
                "default", "1d")
        try:
            self._run(*args)
        except RuntimeError:
            # the agent that it starts may be late
            self._run("--yes", *args)

    def encrypt(self, text, *addresses):
        """In ASCII armor. Not compressed: random data would stay as it is,
        and tests want sizes that they can predict."""
        args = []
        for address in addresses:
            args += ["--recipient", f"<{address}>"]
        data = text if isinstance(text, bytes) else text.encode()
        return self._run("--armor", "--compress-algo", "none", *args,
                         "--encrypt", data=data).decode()

    def decrypt(self, armor):
        return self._run("--decrypt", data=armor.encode()).decode()


def armor_of(message):
    """The armor inside a stored message."""
    text = message.decode(errors="replace").replace("\r\n", "\n")
    begin = text.index("-----BEGIN PGP MESSAGE-----")
    end = "-----END PGP MESSAGE-----"
    return text[begin:text.index(end) + len(end)] + "\n"
