#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A relay without a name: its addresses are user@[IPv4]."""
import smtplib

from harness import Tap, expect, smtp_code, started_relay
import relay_client as rc

ADDRESS = "192.0.2.7"

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
