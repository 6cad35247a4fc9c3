#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mail from other servers, on what is port 25 elsewhere."""
import os
import smtplib

from harness import Tap, expect, inbox_size, shell, smtp_code, \
    started_relay
import relay_client as rc

SENDER = "someone@remote.example"


def check_connection(tap, relay, bob):
    with tap.check("mail only after STARTTLS"):
        conn = smtplib.SMTP(relay.host, relay.port("smtp"),
                            timeout=rc.TIMEOUT)
        conn.ehlo()
        assert conn.has_extn("starttls")
        expect(conn.mail(SENDER)[0], 530)
        conn.close()
    with tap.check("nobody logs in here"):
        conn = relay.port25()
        assert not conn.has_extn("auth"), conn.esmtp_features
        conn.close()
    with tap.check("VRFY tells nothing: 252 2.0.0 for any local name"):
        conn = relay.port25()
        for name in bob[0], "nobody123@" + relay.domain, "nobody":
            code, text = conn.verify(name)
            expect((code, text[:6]), (252, b"2.0.0 "))
        conn.close()
    with tap.check("a recipient elsewhere: 554, this is no open relay"):
        conn = relay.port25()
        conn.mail(SENDER)
        expect(conn.rcpt("someone@elsewhere.example")[0], 554)
        expect(conn.rcpt(f"{bob[0]}@elsewhere.example")[0], 554)
        conn.close()
    with tap.check("an unknown local recipient is accepted at RCPT"):
        conn = relay.port25()
        conn.mail(SENDER)
        expect(conn.rcpt("nobody123@" + relay.domain)[0], 250)
        conn.close()


def deliver(relay, recipients, message, sender=SENDER):
    conn = relay.port25()
    try:
        return smtp_code(conn.sendmail, sender, recipients, message)
    finally:
        conn.close()


def arrives(relay, login, count):
    conn = relay.imap(login)
    arrived = rc.wait_for_message(conn, count)
    conn.logout()
    assert arrived, "accepted, but not delivered"


def check_gate(tap, relay, bob, armor):
    with tap.check("cleartext to an account that refuses it: 523"):
        expect(deliver(relay, [bob[0]], rc.cleartext(SENDER, bob[0])), 523)
    with tap.check("encrypted: accepted and delivered"):
        expect(deliver(relay, [bob[0]], rc.pgp_mime(SENDER, bob[0], armor)),
               250)
        arrives(relay, bob, 1)
    with tap.check("a request that begins a SecureJoin: accepted"):
        expect(deliver(relay, [bob[0]],
                       rc.secure_join_request(SENDER, bob[0])), 250)
        arrives(relay, bob, 2)
    with tap.check("with words in the place of an address: 523"):
        text = rc.secure_join_request(SENDER, bob[0])
        expect(deliver(relay, [bob[0]], b"Delivered-To: read this\r\n" +
                       text), 523)
        expect(deliver(relay, [bob[0]],
                       text.replace(f"To: <{bob[0]}>".encode(),
                                    f"To: <{bob[0]}> (read)".encode())), 523)
    with tap.check("and nothing of its sender's own words arrives"):
        text = rc.secure_join_request(SENDER, bob[0])
        for old, new in (
                (f"From: <{SENDER}>", f"From: Marker <{SENDER}>"),
                (f"To: <{bob[0]}>", f'To: "Marker" <{bob[0]}>'),
                (f"Subject: Message from {SENDER}",
                 "Subject: Marker\r\nDelivered-To: marker@other.test\r\n"
                 "Return-Path: <marker@other.test>\r\n"
                 "X-Google-DKIM-Signature: v=1; marker\r\n"
                 "X-Received: marker\r\nARC-Seal: i=1;\r\n marker\r\n"
                 "UI-OutboundReport: marker\r\nx-received: by marker")):
            assert old.encode() in text, old
            text = text.replace(old.encode(), new.encode())
        expect(deliver(relay, [bob[0]], text), 250)
        arrives(relay, bob, 3)
        conn = relay.imap(bob)
        conn.select("INBOX")
        got = rc.fetch(conn, 3)
        conn.logout()
        assert b"marker" not in got.lower(), got
        for name in b"x-", b"arc-", b"ui-":
            assert b"\n" + name not in got.lower(), got
        assert b"\nSubject: [...]\r\n" in got, got
        assert f"\nFrom: <{SENDER}>\r\n".encode() in got, got
    with tap.check("encrypted with a null sender: accepted"):
        expect(deliver(relay, [bob[0]], rc.pgp_mime(SENDER, bob[0], armor),
                       ""), 250)
        arrives(relay, bob, 4)
    with tap.check("cleartext with a null sender: 523"):
        expect(deliver(relay, [bob[0]], rc.cleartext(SENDER, bob[0]), ""),
               523)
    with tap.check("who claims to be local is outside all the same: 523"):
        other = relay.new_login()[0]
        expect(deliver(relay, [bob[0]], rc.cleartext(other, bob[0]), other),
               523)


def check_consent(tap, relay, bob):
    carol = relay.new_login()
    relay.imap(carol).logout()
    os.unlink(os.path.join(relay.mailboxes, carol[0], "enforceE2EEincoming"))
    text = rc.cleartext(SENDER, carol[0])
    with tap.check("cleartext to an account without enforceE2EEincoming"):
        expect(deliver(relay, [carol[0]], text), 250)
        arrives(relay, carol, 1)
    with tap.check("but not to it and to one with it together: 523"):
        expect(deliver(relay, [carol[0], bob[0]], text), 523)
        expect(deliver(relay, [bob[0], carol[0]], text), 523)
    with tap.check("and not to it and to nobody known: 523"):
        expect(deliver(relay, [carol[0], "nobody123@" + relay.domain], text),
               523)
    with tap.check("that account may not send cleartext"):
        conn = relay.smtp(carol)
        expect(smtp_code(conn.sendmail, carol[0], [bob[0]],
                         rc.cleartext(carol[0], bob[0])), 523)
        conn.close()
    with tap.check("nothing that was refused has arrived"):
        expect(inbox_size(relay, bob), 4)
        expect(inbox_size(relay, carol), 1)


def before_start(relay):
    # chatmail/relay's main.cf has it, for bounces: port 25 must not follow.
    shell(relay.dir, "relay_postconf", "-e",
          "milter_macro_daemon_name=ORIGINATING")


with Tap() as tap, started_relay(tap, before_start=before_start) as relay, \
        rc.Gpg() as gpg:
    bob = relay.new_login()
    relay.imap(bob).logout()
    gpg.make_key(bob[0])
    check_connection(tap, relay, bob)
    check_gate(tap, relay, bob, gpg.encrypt("Hello Bob", bob[0]))
    check_consent(tap, relay, bob)
