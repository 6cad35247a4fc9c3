#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A relay without a name: its addresses are user@[IPv4]."""
import smtplib

from harness import Tap, expect, smtp_code, started_relay
import relay_client as rc

ADDRESS = "192.0.2.7"
BOUNCE = """\
From: <MAILER-DAEMON@[{}]>
To: <{}>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

I'm sorry.
--b
Content-Type: message/delivery-status

Action: failed
--b--
"""

with Tap() as tap, \
        started_relay(tap, f"mail_domain={ADDRESS}") as relay, \
        rc.Gpg() as gpg:
    # The folder is named after mail_domain, the addresses have brackets.
    relay.domain = f"[{ADDRESS}]"
    alice, bob = relay.new_login(), relay.new_login()
    with tap.check("first logins create accounts"):
        relay.imap(alice).logout()
        relay.smtp(bob).quit()
    gpg.make_key("bob@remote.example")
    armor = gpg.encrypt("Hello Bob", "bob@remote.example")
    inbox = relay.imap(bob)
    with tap.check("encrypted mail between them arrives"):
        conn = relay.smtp(alice)
        conn.sendmail(alice[0], [bob[0]], rc.pgp_mime(alice[0], bob[0], armor))
        conn.quit()
        assert rc.wait_for_message(inbox, 1)
    with tap.check("encrypted mail from outside arrives"):
        conn = relay.port25()
        sender = "someone@remote.example"
        conn.sendmail(sender, [bob[0]], rc.pgp_mime(sender, bob[0], armor))
        conn.quit()
        assert rc.wait_for_message(inbox, 2)
    with tap.check("cleartext does not"):
        conn = relay.smtp(alice)
        expect(smtp_code(conn.sendmail, alice[0], [bob[0]],
                         rc.cleartext(alice[0], bob[0])), 523)
        conn.close()
        conn = relay.port25()
        expect(smtp_code(conn.sendmail, sender, [bob[0]],
                         rc.cleartext(sender, bob[0])), 523)
        conn.close()
    with tap.check("of two bounces, that of the client's own address passes"):
        for own, code in (("127.0.0.1", 250), ("192.0.2.9", 523)):
            conn = relay.port25()
            conn.mail("")
            conn.rcpt(bob[0])
            expect(conn.data(BOUNCE.format(own, bob[0]))[0], code)
            conn.close()
        assert rc.wait_for_message(inbox, 3)
    with tap.check("encrypted mail may come from another address of its own"):
        conn = relay.port25()
        sender = "someone@[192.0.2.9]"
        conn.sendmail(sender, [bob[0]], rc.pgp_mime(sender, bob[0], armor))
        conn.quit()
        assert rc.wait_for_message(inbox, 4)
    with tap.check("another IP address is elsewhere: 554"):
        conn = relay.port25()
        conn.mail(sender)
        expect(conn.rcpt(bob[0].replace(ADDRESS, "192.0.2.8"))[0], 554)
        conn.close()
    with tap.check("an account without the brackets is refused"):
        try:
            relay.smtp((alice[0].replace("[", "").replace("]", ""), alice[1]))
        except smtplib.SMTPAuthenticationError:
            pass
        else:
            raise AssertionError("logged in")
