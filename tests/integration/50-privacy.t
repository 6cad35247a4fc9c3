#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the logs say about who talked to whom: nothing.

Postfix's own log is left out: it names addresses in every line and has no
setting against it (conf.d/systemd/postfix-nolog.conf is our answer)."""
import base64
import imaplib
import pathlib
import re
import smtplib

from harness import Tap, expect, shell, started_relay
import relay_client as rc

SENDER = "stranger77@remote.example"
SECRET = "open-sesame-open-sesame"


def live(relay, alice, bob, armor):
    """A little of everything that servers might write down."""
    inbox = relay.imap(bob)
    for wrong in (alice[0], SECRET), (alice[0].upper(), SECRET), \
            ("..@" + relay.domain, SECRET), ("tooshort@x", SECRET):
        try:
            relay.imap(wrong)
        except imaplib.IMAP4.error:
            pass
        try:
            relay.smtp(wrong)
        except smtplib.SMTPException:
            pass
    conn = relay.smtp(alice)
    ids = []
    for message in (rc.pgp_mime(alice[0], bob[0], armor),
                    rc.cleartext(alice[0], bob[0]),
                    rc.secure_join_request(alice[0], bob[0]),
                    rc.pgp_mime(bob[0], bob[0], armor)):
        ids.append(message.split(b"Message-ID: <")[1].split(b">")[0].decode())
        try:
            conn.sendmail(alice[0], [bob[0], "nobody123@" + relay.domain],
                          message)
        except smtplib.SMTPException:
            pass
    conn.quit()
    conn = relay.port25()
    for message in (rc.pgp_mime(SENDER, bob[0], armor),
                    rc.cleartext(SENDER, bob[0])):
        ids.append(message.split(b"Message-ID: <")[1].split(b">")[0].decode())
        try:
            conn.sendmail(SENDER, [bob[0]], message)
        except smtplib.SMTPException:
            pass
    conn.quit()
    assert rc.wait_for_message(inbox, 3)
    inbox.uid("STORE", "1", "+FLAGS", "(\\Deleted)")
    inbox.close()
    inbox.logout()
    return ids


def decoded(word):
    # one character behind a multiple of four is no byte
    word = word[:-1] if len(word) % 4 == 1 else word
    return base64.b64decode(word + "=" * (-len(word) % 4))


def encoded(text, address):
    """Words of text that are base64 with this IPv4 address in them: Dovecot's
    session ids of logins are."""
    packed = bytes(int(part) for part in address.split("."))
    return [word for word in re.findall(r"[A-Za-z0-9+/]{8,}", text)
            if packed in decoded(word)]


with Tap() as tap, started_relay(tap) as relay, rc.Gpg() as gpg:
    alice, bob = relay.new_login(), relay.new_login()
    relay.imap(alice).logout()
    relay.smtp(bob).quit()
    gpg.make_key(bob[0])
    ids = []
    with tap.check("logins, refusals, deliveries"):
        ids = live(relay, alice, bob, gpg.encrypt("Hello Bob", bob[0]))
        expect(len(ids), 6)
    # What is written at the end counts too.
    shell(relay.dir, "relay_stop")
    as_written = {path.name: path.read_text(errors="replace")
                  for path in pathlib.Path(relay.env["RELAY_LOG"]).iterdir()
                  if path.name not in ("postfix.log", "postconf.log")}
    logs = {name: text.lower() for name, text in as_written.items()}
    with tap.check("there are logs"):
        assert "logged out" in logs["dovecot.log"], "where is Dovecot's log?"
        assert "reject" in logs["milter.log"], "where is the milter's log?"
    for what, words in {
            "addresses": [alice[0], bob[0], SENDER, "nobody123"],
            "local parts": [login[0].split("@")[0] for login in (alice, bob)],
            "passwords": [alice[1], bob[1], SECRET],
            "IP addresses": ["127.0.0.1"],
            "Message-IDs": ids}.items():
        for name, text in sorted(logs.items()):
            with tap.check(f"no {what} in {name}"):
                for word in words:
                    at = text.find(word.lower())
                    assert at < 0, text[text.rfind("\n", 0, at) + 1:
                                        text.find("\n", at)]
    for name, text in sorted(as_written.items()):
        with tap.check(f"nor an IP address in base64 in {name}"):
            assert not encoded(text, "127.0.0.1"), encoded(text, "127.0.0.1")
    with tap.check("which would be seen"):
        expect(encoded("session=<gaPNmIJh+sh/AAAB>", "127.0.0.1"),
               ["gaPNmIJh+sh/AAAB"])
