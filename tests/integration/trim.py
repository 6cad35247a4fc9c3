# SPDX-License-Identifier: MIT
"""What tests and benches of trimming share: LMTP, old messages, figures."""
import contextlib
import os
import pathlib
import pwd
import secrets
import smtplib
import time

from harness import shell
import relay_client as rc

DAY = 86400
SECONDS = 15


def lmtp(relay):
    """A connection to the socket that Postfix delivers to."""
    conn = smtplib.LMTP(relay.dir + "/postfix/queue/private/dovecot-lmtp")
    conn.sock.settimeout(rc.TIMEOUT)
    return conn


def message(size, subject=None):
    """CRLF, and exactly `size` bytes in the mailbox: Dovecot puts a line
    "Return-Path: <>" in front and, for a single recipient, "Delivered-To:
    <...>" (taken off in deliver())."""
    head = (f"From: <a@example.org>\r\nSubject: {subject or rc.message_id()}"
            f"\r\nMessage-ID: {rc.message_id()}\r\n\r\n")
    rest = size - len(head)
    line = "x" * 98 + "\r\n"
    body = line * (rest // 100) + "y" * max(0, rest % 100 - 2) + "\r\n"
    return (head + body).encode()


def deliver(relay, login, size, subject=None, conn=None):
    """One message by LMTP; the reply's code and text."""
    own = conn is None
    conn = conn or lmtp(relay)
    conn.ehlo_or_helo_if_needed()
    conn.mail("")
    code, text = conn.rcpt(login[0])
    assert code == 250, (code, text)
    reply = conn.data(message(size - 100, subject))
    if own:
        with contextlib.suppress(smtplib.SMTPException):
            conn.quit()
    return reply


def own(path):
    vmail = pwd.getpwnam("vmail")
    os.chown(path, vmail.pw_uid, vmail.pw_gid)


def home(relay, login):
    return pathlib.Path(relay.mailboxes, login[0])


def put_old(relay, login, count, size, days=10, folder=None, link=None):
    """Messages as Dovecot leaves them, saved `days` ago, a second apart; the
    first one is the oldest."""
    box = home(relay, login)
    if folder:
        box = box / ("." + folder)
        for part in box, box / "cur", box / "new", box / "tmp":
            part.mkdir(mode=0o700, exist_ok=True)
            own(part)
        (box / "maildirfolder").touch()
        own(box / "maildirfolder")
    start = int(time.time() - days * DAY)
    text = message(size)
    for i in range(count):
        name = (f"{start + i}.M{i}P1{secrets.token_hex(4)}.relay,"
                f"S={len(text)},W={len(text)}")
        path = box / "new" / name
        if link and i > 0:
            os.link(box / "new" / link, path)
            continue
        path.write_bytes(text)
        os.utime(path, (start + i, start + i))
        own(path)
        link = link and name


def new_mailbox(relay):
    """An account whose INBOX a client has opened."""
    login = relay.new_login()
    conn = relay.imap(login)
    conn.select("INBOX")
    conn.logout()
    return login


def quota(relay, login):
    """Bytes in use and messages, as Dovecot's indexes have them. (doveadm
    prints KiB; IMAP, too.)"""
    out = shell(relay.dir, "relay_doveadm", "-f", "tab", "quota", "get", "-u",
                login[0])
    rows = [line.split("\t") for line in out.splitlines()[1:]]
    values = {row[1]: row for row in rows}
    return (int(values["STORAGE"][2]) * 1024, int(values["MESSAGE"][2]))


def recalculated(relay, login):
    shell(relay.dir, "relay_doveadm", "quota", "recalc", "-u", login[0])
    return quota(relay, login)


def messages(relay, login, folder="INBOX"):
    """{UID: subject}, UIDVALIDITY"""
    conn = relay.imap(login)
    conn.select(folder, readonly=True)
    validity = int(conn.response("UIDVALIDITY")[1][0])
    found = {}
    if int(conn.untagged_responses.get("EXISTS", [b"0"])[-1]) > 0:
        for part in conn.fetch("1:*", "(UID BODY.PEEK[HEADER.FIELDS "
                                      "(SUBJECT)])")[1]:
            if isinstance(part, tuple):
                words = part[0].split()
                uid = int(words[words.index(b"(UID") + 1])
                found[uid] = part[1].decode().split(":", 1)[1].strip()
    conn.logout()
    return found, validity


def wait_until(function, what, seconds=SECONDS):
    end = time.monotonic() + seconds
    while not function():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)
