#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""When something of ours does not work: clients are told to try again, and
nothing passes unchecked."""
import base64
import os
import pathlib
import subprocess
import time

from harness import (Tap, accounts, expect, inbox_size, shell, smtp_code,
                     started_relay)
import relay_client as rc

SENDER = "someone@remote.example"
# The mailboxes' file system, small enough to fill. Dovecot starts below this
# mount, so it sees it.
DISK_SIZE = "4m"

# Postfix without its milter answers 451 to what a client says first, and 454
# to STARTTLS and AUTH: "try again" either way.
TRY_AGAIN = 451, 454

# Postfix would answer 535, a wrong password, were the driver not to break its
# connection to auth (dovecot-plugin/compat/cm-authdb-verify.c).
LATER = 454


def mount_small_disk(relay):
    subprocess.run(["mount", "-t", "tmpfs", "-o",
                    f"size={DISK_SIZE},mode=0700,uid=vmail,gid=vmail",
                    "tmpfs", relay.mailboxes], check=True)


def imap_answer(relay, login):
    token = base64.b64encode(f"\0{login[0]}\0{login[1]}".encode())
    conn = relay.imap()
    conn.send(b"a AUTHENTICATE PLAIN " + token + b"\r\n")
    line = conn.readline()
    while line and not line.startswith(b"a "):
        line = conn.readline()
    conn.shutdown()
    return line


def smtp_answer(relay, login):
    token = base64.b64encode(f"\0{login[0]}\0{login[1]}".encode()).decode()
    conn = relay.smtp()
    code = conn.docmd("AUTH", "PLAIN " + token)[0]
    conn.close()
    return code


def attempt(connect, login, sender, recipient, message):
    """The code of whatever ended this transaction."""
    def transaction():
        conn = connect(login) if login else connect()
        try:
            conn.sendmail(sender, [recipient], message)
        finally:
            conn.close()
    return smtp_code(transaction)


def check_milter_down(tap, relay, alice, bob, armor):
    good = rc.pgp_mime(alice[0], bob[0], armor)
    outside = rc.pgp_mime(SENDER, bob[0], armor)
    shell(relay.dir, "relay_stop_milter")
    with tap.check("no milter: submission is told to try again"):
        for message in good, rc.cleartext(alice[0], bob[0]):
            expect(attempt(relay.smtp, alice, alice[0], bob[0], message),
                   *TRY_AGAIN)
    with tap.check("no milter: so is mail from outside"):
        for message in outside, rc.cleartext(SENDER, bob[0]):
            expect(attempt(relay.port25, None, SENDER, bob[0], message),
                   *TRY_AGAIN)
    with tap.check("no milter: nothing passed"):
        time.sleep(1)
        expect(inbox_size(relay, bob), 0)
    shell(relay.dir, "relay_start_milter")
    with tap.check("the milter is back: mail passes"):
        conn = relay.smtp(alice)
        conn.sendmail(alice[0], [bob[0]], good)
        conn.quit()
        inbox = relay.imap(bob)
        assert rc.wait_for_message(inbox)
        inbox.logout()
    with tap.check("the milter goes in the middle of a message: 4xx"):
        conn = relay.smtp(alice)
        conn.mail(alice[0])
        conn.rcpt(bob[0])
        expect(conn.docmd("DATA")[0], 354)
        conn.send(good[:200])
        pid = int(pathlib.Path(relay.env["RELAY_MILTER_PID"]).read_text())
        os.kill(pid, 9)
        time.sleep(0.3)
        conn.send(good[200:] + b".\r\n")
        code = conn.getreply()[0]
        assert 400 <= code < 500, code
        conn.close()
        shell(relay.dir, "relay_stop_milter")
        shell(relay.dir, "relay_start_milter")
        expect(inbox_size(relay, bob), 1)


def check_unwritable(tap, relay, alice):
    before = accounts(relay)
    login = relay.new_login()
    # root's folder: auth-worker is vmail and gets EACCES.
    os.chown(relay.mailboxes, 0, 0)
    os.chmod(relay.mailboxes, 0o755)
    try:
        with tap.check("folder not writable: IMAP says UNAVAILABLE"):
            line = imap_answer(relay, login)
            assert b"NO [UNAVAILABLE]" in line, line
        with tap.check("folder not writable: SMTP says 454"):
            expect(smtp_answer(relay, login), LATER)
        with tap.check("folder not writable: existing accounts go on"):
            relay.imap(alice).logout()
        with tap.check("folder not writable: no half account"):
            expect(accounts(relay), before)
        os.chmod(relay.mailboxes, 0o700)
        with tap.check("folder not readable: also for existing accounts"):
            line = imap_answer(relay, alice)
            assert b"NO [UNAVAILABLE]" in line, line
            expect(smtp_answer(relay, alice), LATER)
    finally:
        stat = os.stat(os.path.dirname(relay.mailboxes))
        os.chown(relay.mailboxes, stat.st_uid, stat.st_gid)
        os.chmod(relay.mailboxes, 0o700)
    with tap.check("folder writable again: the same login works"):
        relay.imap(login).logout()
        relay.smtp(login).quit()


def check_full_disk(tap, relay, alice):
    ballast = os.path.join(relay.mailboxes, ".ballast")
    before = accounts(relay)
    login = relay.new_login()
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    with tap.check("disk full: IMAP says UNAVAILABLE"):
        line = imap_answer(relay, login)
        assert b"NO [UNAVAILABLE]" in line, line
    with tap.check("disk full: SMTP says 454"):
        expect(smtp_answer(relay, login), LATER)
    with tap.check("disk full: existing accounts can still submit"):
        relay.smtp(alice).quit()
    os.unlink(ballast)
    with tap.check("disk full: no half account"):
        expect([name for name in accounts(relay)
                if not os.path.exists(os.path.join(name, "password"))], [])
        expect(accounts(relay), before)
    with tap.check("room again: the same login works"):
        relay.imap(login).logout()


with Tap() as tap, rc.Gpg() as gpg:
    mounted = []

    def prepare(relay):
        mount_small_disk(relay)
        mounted.append(relay.mailboxes)

    try:
        with started_relay(tap, before_start=prepare) as relay:
            alice, bob = relay.new_login(), relay.new_login()
            relay.imap(alice).logout()
            relay.imap(bob).logout()
            gpg.make_key(bob[0])
            check_milter_down(tap, relay, alice, bob,
                              gpg.encrypt("Hello Bob", bob[0]))
            check_unwritable(tap, relay, alice)
            check_full_disk(tap, relay, alice)
            shell(relay.dir, "relay_stop")
            subprocess.run(["umount", mounted.pop()], check=True)
    finally:
        for path in mounted:
            subprocess.run(["umount", "-l", path], check=False)
