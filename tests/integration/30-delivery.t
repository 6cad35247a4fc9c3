#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""From the queue into the mailbox: how soon a client hears of it, what a full
mailbox does, and mailboxes that chatmail/relay made."""
import gzip
import os
import pathlib
import pwd
import re
import subprocess
import time

from harness import (Tap, expect, hibernated, inbox_size, shell,
                     started_relay, wait_hibernated)
from push import lmtp
import relay_client as rc

QUOTA_KIB = 1024
# Dovecot's own delay is half a second; a slow machine gets the rest, and some
# tries.
IDLE_SECONDS = 3
IDLE_TRIES = 5
HIBERNATE = 1

LOCAL_CONF = f"""
# The shipped 30 s would make the test wait as long.
imap_hibernate_timeout = {HIBERNATE}s
verbose_proctitle = yes
"""

# Somebody else's account in the same tree, of another userdb.
FOREIGN = "foreign01@chat.test"
USERDB = {"2.3": """
userdb {{
  driver = passwd-file
  args = {0}
}}
""", "2.4": """
userdb passwd-file {{
  passwd_file_path = {0}
}}
"""}


def add_userdb(relay):
    vmail = pwd.getpwnam("vmail")
    users = pathlib.Path(relay.dir, "dovecot", "etc", "users")
    users.write_text(f"{FOREIGN}::{vmail.pw_uid}:{vmail.pw_gid}::"
                     f"{relay.mailboxes}/{FOREIGN}::\n")
    users.chmod(0o644)
    series = subprocess.run(["dovecot", "--version"], capture_output=True,
                            text=True, check=True).stdout[:3]
    with open(f"{relay.dir}/dovecot/etc/local.conf", "a") as conf:
        conf.write(USERDB[series].format(users))


def check_idle(tap, relay, alice, bob, armor):
    def send():
        conn = relay.smtp(alice)
        conn.sendmail(alice[0], [bob[0]], rc.pgp_mime(alice[0], bob[0], armor))
        conn.quit()

    sent = 0
    with tap.check("an idling client hears of new mail"):
        conn = relay.imap(bob)
        took = IDLE_SECONDS
        while took >= IDLE_SECONDS:
            assert sent < IDLE_TRIES, took
            with rc.Idle(conn) as idle:
                start = time.monotonic()
                send()
                sent += 1
                expect(idle.wait(), sent)
                took = time.monotonic() - start
            tap.note(f"{took * 1000:.0f} ms after sending began")
        conn.logout()
    with tap.check("so does one that was hibernated"):
        conn = relay.imap(bob)
        before = hibernated(relay)
        with rc.Idle(conn) as idle:
            wait_hibernated(relay, before)
            send()
            sent += 1
            expect(idle.wait(), sent)
        rc.fetch(conn, sent)
        conn.logout()
    with tap.check("UIDVALIDITY and UIDNEXT of an empty mailbox stay"):
        login = relay.new_login()
        before = relay.imap(login).status("INBOX", "(UIDVALIDITY UIDNEXT)")
        after = relay.imap(login).status("INBOX", "(UIDVALIDITY UIDNEXT)")
        expect(after, before)


def check_quota(tap, relay, alice, gpg):
    carol = relay.new_login()
    conn = relay.imap(carol)
    with tap.check("GETQUOTAROOT says max_mailbox_size"):
        answer = conn.getquotaroot("INBOX")[1][1][0]
        assert b"(STORAGE 0 %d)" % QUOTA_KIB in answer, answer
    gpg.make_key(carol[0])
    armor = gpg.encrypt(b"x" * 500000, carol[0])
    message = rc.pgp_mime(alice[0], carol[0], armor)
    smtp = relay.smtp(alice)
    bounces = []
    with tap.check("mail that fits is counted"):
        smtp.sendmail(alice[0], [carol[0]], message)
        assert rc.wait_for_message(conn)
        answer = conn.getquotaroot("INBOX")[1][1][0]
        used = int(answer.split(b"STORAGE ")[1].split()[0])
        assert used * 1024 <= len(message) + 2048 <= (used + 3) * 1024, used
    with tap.check("mail to a full mailbox is accepted at RCPT, and bounces"):
        smtp.sendmail(alice[0], [carol[0]], message)
        inbox = relay.imap(alice)
        assert rc.wait_for_message(inbox), "no bounce"
        bounce = rc.fetch(inbox, 1)
        assert b"552 5.2.2" in bounce, bounce
        assert b"multipart/report" in bounce, bounce
        bounces.append(bounce)
        expect(inbox_size(relay, carol), 1)
    with tap.check("mail to an unknown account bounces as 550 5.1.1"):
        nobody = relay.new_login()[0]
        smtp.sendmail(alice[0], [nobody],
                      rc.pgp_mime(alice[0], nobody, armor))
        assert rc.wait_for_message(inbox, 2), "no bounce"
        bounces.append(rc.fetch(inbox, 2))
        assert b"550 5.1.1" in bounces[1]
    with tap.check("to several, small and large: all bounce"):
        smtp.sendmail(alice[0], [nobody, relay.new_login()[0]],
                      rc.pgp_mime(alice[0], nobody, armor))
        smtp.sendmail(alice[0], [nobody, relay.new_login()[0]],
                      rc.pgp_mime(alice[0], nobody, gpg.encrypt(
                          "Hello", carol[0])))
        assert rc.wait_for_message(inbox, 4), "no bounce"
        bounces += [rc.fetch(inbox, 3), rc.fetch(inbox, 4)]
    with tap.check("none says from where the message came, but what it was"):
        kinds = set()
        for bounce in bounces:
            text = bounce.decode()
            for word in ("127.0.0.1", "Received:", "ESMTP", "key-exchange",
                         "using TLS"):
                assert word not in text, text
            returned = re.search(
                r"(?ms)^Content-Type: (text/rfc822-headers|message/rfc822)"
                r"\r\n(?:\S.*?\r\n)*?\r\n(.*?)\r\n\r\n", text)
            kinds.add(returned.group(1))
            fields = returned.group(2).split("\r\n")
            expect(fields[0], f"Return-Path: <{alice[0]}>")
            assert not fields[1][:1].isspace(), fields
            assert f"From: <{alice[0]}>" in fields, fields
            assert any(field.startswith("Message-ID:") for field in fields)
        expect(kinds, {"text/rfc822-headers", "message/rfc822"})
    smtp.quit()


def check_upstream(tap, relay):
    """A mailbox as chatmail/relay leaves it: its password file, and a mail
    that Dovecot's zlib plugin had compressed."""
    login = relay.new_login()
    folder = pathlib.Path(relay.mailboxes, login[0])
    text = rc.cleartext("someone@remote.example", login[0]) * 20
    name = f"1700000000.M1P1.relay,S={len(text)},W={len(text)}"
    expect(inbox_size(relay, login), 0)
    path = folder / "new" / name
    path.write_bytes(gzip.compress(text))
    vmail = pwd.getpwnam("vmail")
    os.chown(path, vmail.pw_uid, vmail.pw_gid)
    with tap.check("mail that chatmail/relay compressed can be read"):
        conn = relay.imap(login)
        conn.select("INBOX")
        expect(rc.fetch(conn, 1), text)
        size = conn.fetch("1", "(RFC822.SIZE)")[1][0]
        assert b"%d" % len(text) in size, size
        conn.logout()
    with tap.check("the mailbox lies in the account's folder itself"):
        entries = {entry.name for entry in folder.iterdir()}
        assert {"cur", "new", "tmp", "password"} <= entries, entries
    with tap.check("further mailboxes can be made, filled and removed"):
        conn = relay.imap(login)
        conn.select("INBOX")
        expect(conn.create("DeltaChat")[0], "OK")
        expect(conn.uid("MOVE", "1:*", "DeltaChat")[0], "OK")
        expect(conn.select("DeltaChat")[1][0], b"1")
        conn.select("INBOX")
        expect(conn.delete("DeltaChat")[0], "OK")
        conn.logout()


def to_lmtp(relay, recipients, before_data):
    """The answers to DATA; before_data() is called behind the last RCPT."""
    with lmtp(relay) as conn:
        conn.mail("someone@remote.example")
        for recipient in recipients:
            expect(conn.rcpt(recipient)[0], 250)
        before_data()
        expect(conn.docmd("DATA")[0], 354)
        conn.send(rc.cleartext("someone@remote.example", recipients[0]) +
                  b".\r\n")
        return [conn.getreply()[0] for _ in recipients]


def check_removed(tap, relay):
    """An account that goes between RCPT and DATA; one that is another
    userdb's and never had a password of ours."""
    stays, goes, last = (relay.new_login() for _ in range(3))
    for login in stays, goes, last:
        relay.imap(login).logout()
    home = pathlib.Path(relay.mailboxes, goes[0])
    with tap.check("a delivery makes no mailbox for who was removed"):
        answers = to_lmtp(relay, [stays[0], goes[0], last[0]],
                          lambda: shell(relay.dir, "relay_doveadm", "chatmail",
                                        "user", "delete", goes[0]))
        expect(answers, [250, 451, 250])
        assert not home.exists(), list(home.iterdir())
        expect((inbox_size(relay, stays), inbox_size(relay, last)), (1, 1))
    with tap.check("then the address is unknown, and free"):
        with lmtp(relay) as conn:
            conn.mail("someone@remote.example")
            expect(conn.rcpt(goes[0])[0], 550)
        expect(inbox_size(relay, goes), 0)
        expect(to_lmtp(relay, [goes[0]], lambda: None), [250])
    with tap.check("whom another userdb knows gets mail without a password"):
        foreign = pathlib.Path(relay.mailboxes, FOREIGN)
        for _ in range(2):
            expect(to_lmtp(relay, [FOREIGN], lambda: None), [250])
        expect(len(list(foreign.glob("new/*"))), 2)
    with tap.check("the log names nobody"):
        text = pathlib.Path(relay.dir, "log", "dovecot.log").read_text()
        for name in stays[0], goes[0], FOREIGN:
            assert name not in text, [line for line in text.splitlines()
                                      if name in line]


def check_doveadm(tap, relay, bob):
    with tap.check("doveadm finds the account and its quota"):
        out = shell(relay.dir, "relay_doveadm", "-f", "tab", "quota", "get",
                    "-u", bob[0])
        assert str(QUOTA_KIB) in out, out
    with tap.check("doveadm lists all accounts, and those of other userdbs"):
        out = shell(relay.dir, "relay_doveadm", "user", "*").split()
        expect(sorted(out), sorted(os.listdir(relay.mailboxes) + [FOREIGN]))


with Tap() as tap, \
        started_relay(tap, "max_mailbox_size=1M",
                      local_conf=LOCAL_CONF,
                      before_start=add_userdb) as relay, \
        rc.Gpg() as gpg:
    alice, bob = relay.new_login(), relay.new_login()
    relay.imap(alice).logout()
    relay.imap(bob).logout()
    gpg.make_key(bob[0])
    check_idle(tap, relay, alice, bob, gpg.encrypt("Hello Bob", bob[0]))
    check_quota(tap, relay, alice, gpg)
    check_upstream(tap, relay)
    check_doveadm(tap, relay, bob)
    check_removed(tap, relay)
