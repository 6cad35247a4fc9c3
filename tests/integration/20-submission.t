#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mail from our users: what they may send, and that it arrives unchanged."""
import smtplib

from harness import Tap, expect, inbox_size, smtp_code, started_relay
import relay_client as rc

LIMIT = 200000


def refusal(conn, sender, recipients, message):
    """The reply that refuses a message at its end."""
    try:
        conn.sendmail(sender, recipients, message)
    except smtplib.SMTPDataError as error:
        return error.smtp_code, error.smtp_error.decode()
    raise AssertionError("the message was accepted")


def received(relay, login, count=1):
    conn = relay.imap(login)
    assert rc.wait_for_message(conn, count), "the message did not arrive"
    message = rc.fetch(conn, count)
    conn.logout()
    return message


def without_trace(message):
    """What was sent, out of what was stored: the two headers that delivery
    puts in front taken away."""
    for name in b"Return-Path:", b"Delivered-To:":
        line, rest = message.split(b"\r\n", 1)
        assert line.startswith(name), line
        message = rest
    return message


def check_tls(tap, relay):
    with tap.check("TLS 1.3, and no session ticket for the greeting to wait "
                   "behind"):
        conn = relay.smtp()
        expect(conn.sock.version(), "TLSv1.3")
        # it would have come before the greeting
        expect(conn.sock.session.has_ticket, False)
        conn.quit()
    with tap.check("where clients speak first there is one"):
        conn = relay.port25()
        expect(conn.sock.session.has_ticket, True)
        conn.quit()


def check_gate(tap, relay, alice, bob, armor):
    conn = relay.smtp(alice)
    with tap.check("cleartext: 523 with a text that Delta Chat knows, and the "
                   "rule"):
        code, text = refusal(conn, alice[0], [bob[0]],
                             rc.cleartext(alice[0], bob[0]))
        expect(code, 523)
        first, *rest = text.splitlines()
        expect(first, "5.7.1 Encryption Needed: Invalid Unencrypted Mail")
        assert any("not-encrypted" in line for line in rest), text
    with tap.check("encrypted: accepted, and stored as it was sent"):
        message = rc.pgp_mime(alice[0], bob[0], armor)
        conn.sendmail(alice[0], [bob[0]], message)
        expect(without_trace(received(relay, bob)), message)
    with tap.check("a request that begins a SecureJoin: accepted"):
        message = rc.secure_join_request(alice[0], bob[0])
        conn.sendmail(alice[0], [bob[0]], message)
        expect(without_trace(received(relay, bob, 2)),
               message.replace(b"Subject: Message from " + alice[0].encode(),
                               b"Subject: [...]"))
    with tap.check("such a request with a word more: 523"):
        message = rc.secure_join_request(alice[0], bob[0])
        message = message.replace(b"\r\n\r\nSecure-Join: vc-request",
                                  b"\r\n\r\nSecure-Join: vc-request hello")
        expect(refusal(conn, alice[0], [bob[0]], message)[0], 523)
    with tap.check("headers that tell about the client are gone on arrival"):
        message = rc.pgp_mime(alice[0], bob[0], armor)
        telling = (b"Received: from [10.1.2.3] by mail\r\n"
                   b"X-Originating-IP: 10.1.2.3\r\nX-Mailer: Secret 1.0\r\n"
                   b"User-Agent: Secret 1.0\r\n")
        conn.sendmail(alice[0], [bob[0]], telling + message.replace(
            b"Subject: [...]", b"Subject: what this is about"))
        expect(without_trace(received(relay, bob, 3)), message)
    with tap.check("text in front of the first part: 523"):
        message = rc.pgp_mime(alice[0], bob[0], armor)
        message = message.replace(b"\r\n\r\n--", b"\r\n\r\nreadable\r\n--", 1)
        expect(refusal(conn, alice[0], [bob[0]], message)[0], 523)
    with tap.check("From is not the envelope sender: 500"):
        message = rc.pgp_mime(bob[0], bob[0], armor)
        expect(refusal(conn, alice[0], [bob[0]], message)[0], 500)
    with tap.check("the same connection can still send"):
        conn.sendmail(alice[0], [bob[0]],
                      rc.pgp_mime(alice[0], bob[0], armor))
        received(relay, bob, 4)
    conn.quit()


def check_envelope(tap, relay, alice, bob, armor):
    message = rc.pgp_mime(alice[0], bob[0], armor)
    with tap.check("another's MAIL FROM: 553, at RCPT"):
        conn = relay.smtp(alice)
        expect(conn.mail(bob[0])[0], 250)
        code, text = conn.rcpt(bob[0])
        expect(code, 553)
        assert b"not owned by user" in text, text
        conn.rset()
    with tap.check("an unknown local recipient is accepted at RCPT"):
        conn.mail(alice[0])
        expect(conn.rcpt("nobody123@" + relay.domain)[0], 250)
        expect(conn.rcpt("../../etc@" + relay.domain)[0], 250)
        expect(conn.rcpt("not-a-valid-name-at-all@" + relay.domain)[0], 250)
        conn.rset()
    with tap.check("a recipient elsewhere is accepted at RCPT"):
        conn.mail(alice[0])
        expect(conn.rcpt("someone@elsewhere.example")[0], 250)
        conn.rset()
    with tap.check("30 recipients in one message"):
        names = [relay.new_login()[0] for _ in range(30)]
        expect(conn.sendmail(alice[0], names, message), {})
    with tap.check("to oneself"):
        before = inbox_size(relay, alice)
        conn.sendmail(alice[0], [alice[0]],
                      rc.pgp_mime(alice[0], alice[0], armor))
        received(relay, alice, before + 1)
    with tap.check("without a login: nothing"):
        conn = relay.smtp()
        assert smtp_code(conn.sendmail, alice[0], [bob[0]], message) >= 500
        conn.close()


def check_size(tap, relay, alice, bob, gpg):
    with tap.check("a size over the limit: 552 at MAIL FROM"):
        conn = relay.smtp(alice)
        expect(int(conn.esmtp_features["size"]), LIMIT)
        expect(conn.mail(alice[0], [f"SIZE={LIMIT + 1}"])[0], 552)
        conn.close()
    big = rc.pgp_mime(alice[0], bob[0], gpg.encrypt(b"x" * LIMIT, bob[0]))
    with tap.check("a message over the limit: 552 at its end"):
        conn = relay.smtp(alice)
        conn.esmtp_features.pop("size")
        expect(refusal(conn, alice[0], [bob[0]], big)[0], 552)
        conn.close()
    with tap.check("a message just below it: accepted"):
        count = inbox_size(relay, bob)
        text = gpg.encrypt(b"x" * (LIMIT * 7 // 10), bob[0])
        message = rc.pgp_mime(alice[0], bob[0], text)
        assert LIMIT * 9 // 10 < len(message) < LIMIT - 1000, len(message)
        conn = relay.smtp(alice)
        conn.sendmail(alice[0], [bob[0]], message)
        expect(without_trace(received(relay, bob, count + 1)), message)
        conn.quit()


def check_wire(tap, relay, alice, bob, armor):
    message = rc.pgp_mime(alice[0], bob[0], armor)
    with tap.check("a lone LF cannot end a message (SMTP smuggling)"):
        count = inbox_size(relay, bob)
        conn = relay.smtp(alice)
        conn.mail(alice[0])
        conn.rcpt(bob[0])
        expect(conn.docmd("DATA")[0], 354)
        second = (f"MAIL FROM:<{alice[0]}>\r\nRCPT TO:<{bob[0]}>\r\n"
                  "DATA\r\n").encode()
        conn.send(message + b"\n.\n" + second + message + b"\r\n.\r\n")
        code, text = conn.getreply()
        expect((code, b"bare" in text), (550, True))
        conn.close()
        expect(inbox_size(relay, bob), count)
    with tap.check("BDAT (CHUNKING), in pieces of any size"):
        count = inbox_size(relay, bob)
        conn = relay.smtp(alice)
        assert "chunking" in conn.esmtp_features
        conn.mail(alice[0])
        conn.rcpt(bob[0])
        for begin in range(0, len(message), 97):
            piece = message[begin:begin + 97]
            last = b" LAST" if begin + 97 >= len(message) else b""
            conn.send(b"BDAT %d%s\r\n" % (len(piece), last) + piece)
            expect(conn.getreply()[0], 250)
        conn.quit()
        expect(without_trace(received(relay, bob, count + 1)), message)
    with tap.check("cleartext by BDAT: 523"):
        conn = relay.smtp(alice)
        conn.mail(alice[0])
        conn.rcpt(bob[0])
        text = rc.cleartext(alice[0], bob[0])
        conn.send(b"BDAT %d LAST\r\n" % len(text) + text)
        expect(conn.getreply()[0], 523)
        conn.close()
    with tap.check("no stored mail says where its sender was"):
        for number in range(1, inbox_size(relay, bob) + 1):
            conn = relay.imap(bob)
            conn.select("INBOX")
            stored = rc.fetch(conn, number)
            assert b"127.0.0.1" not in stored, stored[:400]
            assert b"\nReceived:" not in stored, stored[:400]
            conn.logout()


with Tap() as tap, \
        started_relay(tap, f"max_message_size={LIMIT}") as relay, \
        rc.Gpg() as gpg:
    alice, bob = relay.new_login(), relay.new_login()
    relay.imap(alice).logout()
    relay.imap(bob).logout()
    gpg.make_key(bob[0])
    armor = gpg.encrypt("Hello Bob", bob[0])
    check_tls(tap, relay)
    check_gate(tap, relay, alice, bob, armor)
    check_envelope(tap, relay, alice, bob, armor)
    check_size(tap, relay, alice, bob, gpg)
    check_wire(tap, relay, alice, bob, armor)
