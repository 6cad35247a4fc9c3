#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the milter changes in a header on submission, with real Postfix."""
import email
import email.policy
import email.utils
import pathlib
import smtplib
import time

from harness import Tap, started_relay
from relay_client import crlf, fetch, wait_for_message

DELTACHAT = pathlib.Path(__file__).resolve().parent.parent / "data" / \
    "deltachat"
SAMPLE = (DELTACHAT / "text.eml").read_bytes()
HEADER, BODY = SAMPLE.split(b"\r\n\r\n", 1)


def content_type():
    """The field as the sample has it, with its fold."""
    lines = HEADER.split(b"\r\n")
    start = next(i for i, line in enumerate(lines)
                 if line.lower().startswith(b"content-type:"))
    end = start + 1
    while end < len(lines) and lines[end][:1] in b" \t":
        end += 1
    return b"\r\n".join(lines[start:end])


def autocrypt(addr):
    """A key that core made, as it writes it."""
    text = (DELTACHAT / "legacy-vc-request.eml").read_text(encoding="ascii")
    value = text.split("Autocrypt: addr=", 1)[1].split(";", 1)[1]
    return f"Autocrypt: addr={addr};" + value.split("\nSecure-Join", 1)[0]


def message(fields):
    if "mime-version" not in fields.lower():
        fields = fields.strip("\n") + "\nMIME-Version: 1.0"
    return crlf(fields.strip("\n") + "\n") + content_type() + \
        b"\r\n\r\n" + BODY


class Chat:
    def __init__(self, relay):
        self.relay = relay
        self.login = relay.new_login()
        self.me = self.login[0]
        self.imap = relay.imap(self.login)
        self.smtp = relay.smtp(self.login)
        self.seen = 0

    def send_raw(self, raw):
        """To myself; as it is delivered."""
        self.smtp.sendmail(self.me, [self.me], raw)
        self.seen += 1
        assert wait_for_message(self.imap, self.seen)
        return fetch(self.imap, self.seen)

    def send(self, fields):
        """As above; the header."""
        raw = self.send_raw(message(fields))
        got_body = raw.split(b"\r\n\r\n", 1)[1]
        assert got_body == BODY, "the body was changed"
        return email.message_from_bytes(raw, policy=email.policy.compat32)


def main():
    with Tap() as tap, started_relay(tap) as relay:
        chat = Chat(relay)
        me = chat.me

        with tap.check("what Delta Chat sends is not touched"):
            got = chat.send(f"From: <{me}>\nMessage-ID: <1@localhost>\n"
                            'To: "hidden-recipients": ;\nSubject: [...]\n'
                            "Chat-Version: 1.0\n"
                            "Chat-Is-Post-Message: 1")
            assert got["From"] == f"<{me}>", got["From"]
            assert got["To"] == '"hidden-recipients": ;', got["To"]
            assert got["Subject"] == "[...]", got["Subject"]
            assert got["Chat-Version"] == "1.0"
            assert got["Chat-Is-Post-Message"] == "1"
            assert got["Message-ID"] == "<1@localhost>"

        with tap.check("what tells where the sender is goes"):
            got = chat.send(f"Received: from [192.0.2.7] by x\n"
                            f"X-Originating-IP: 192.0.2.7\n"
                            f"received: from [192.0.2.8] by y\n"
                            f"User-Agent: marker-1\nX-Mailer: marker-2\n"
                            f"Bcc: <marker3@other.test>\nFrom: <{me}>")
            text = got.as_string()
            for word in ("192.0.2", "marker", "Bcc", "X-Mailer",
                         "User-Agent", "X-Originating"):
                assert word not in text, word
            assert got["Received"] is None, got["Received"]

        with tap.check("Subject becomes [...], every one of them"):
            got = chat.send(f"Subject: marker one\nFrom: <{me}>\n"
                            f"subject: marker two")
            assert got.get_all("Subject") == ["[...]", "[...]"], \
                got.get_all("Subject")

        with tap.check("display names go, addresses stay"):
            got = chat.send(
                f'From: "Marker Name" <{me}>\n'
                f"To: Marker <a@other.test>,\n\t\"Mark, er\" <b@other.test>\n"
                f"Cc: c@other.test (Marker), d@other.test\n"
                f"Reply-To: =?utf-8?q?Marker?= <e@other.test>")
            assert got["From"] == f"<{me}>", got["From"]
            assert got["To"].split() == ["<a@other.test>,",
                                         "<b@other.test>"], got["To"]
            assert got["Cc"].split() == ["<c@other.test>,",
                                         "<d@other.test>"], got["Cc"]
            assert got["Reply-To"] == "<e@other.test>", got["Reply-To"]

        with tap.check("a group loses its name, text is no address"):
            got = chat.send(f"From: <{me}>\n"
                            f"To: Marker group: a@other.test, Marker;\n"
                            f"Cc: marker text only")
            assert got["To"] == "<a@other.test>", got["To"]
            assert got["Cc"] is None, got["Cc"]

        with tap.check("To without any address hides its recipients"):
            got = chat.send(f"From: <{me}>\nTo: Marker text: ;")
            assert got["To"] == '"hidden-recipients": ;', got["To"]

        with tap.check("headers that nobody needs go"):
            got = chat.send(
                f"X-Text: marker\nComments: marker\nSender: <{me}>\n"
                f"X-Text: marker\nx-text: marker\nOrganization: marker\n"
                f"From: <{me}>\nX-Text: marker\nKeywords: marker\n"
                f"In-Reply-To: <0@localhost>\nReferences: <0@localhost>\n" +
                autocrypt(me))
            text = got.as_string()
            assert "marker" not in text, text[:2000]
            assert got["Sender"] is None
            assert got["In-Reply-To"] == "<0@localhost>"
            assert got["References"] == "<0@localhost>"
            assert got["Autocrypt"].startswith("addr=")

        values(tap, chat)
        requests(tap, chat)

        with tap.check("200 headers to look at pass, 201 do not"):
            lines = "".join(f"X-Text-{i}: x\n" for i in range(197))
            got = chat.send(lines + f"From: <{me}>\nTo: <{me}>")
            assert "X-Text" not in got.as_string()
            refused(chat, lines + "X-Text: x\n" + f"From: <{me}>\n"
                    f"To: <{me}>", 552, b"header-count")

        with tap.check("a header of 64 KB of colons costs nothing"):
            got = chat.send(f"From: <{me}>\nTo: " +
                            ",\n ".join([":" * 900] * 30))
            assert got["To"] == '"hidden-recipients": ;', got["To"][:200]
            # each a group within the group, for GMime
            for text in "a:" * 450, "a:b@c.test," * 80:
                got = chat.send(f"From: <{me}>\nTo: " +
                                "\n ".join([text] * 30))
                assert got["To"] == '"hidden-recipients": ;', got["To"][:200]
            refused(chat, f"From: <{me}>" +
                    ("\nTo: " + ",\n ".join([":" * 900] * 30)) * 3,
                    552, b"header-size")

        with tap.check("one field of 100 KB: Postfix cuts it, no 451"):
            got = chat.send(f"From: <{me}>\nX-Text: " + "x" * 100000 +
                            f"\nTo: <{me}>")
            assert got["X-Text"] is None and got["To"] == f"<{me}>"


def values(tap, chat):
    me = chat.me
    core = (f"Date: Sun, 1 Nov 2026 07:55:33 +0000\n"
            f"Message-ID: <c0ffee00-0000-4000-8000-000000000002@localhost>\n"
            f"MIME-Version: 1.0\nFrom: <{me}>\n"
            f'To: "hidden-recipients": ;\nSubject: [...]\n'
            f"In-Reply-To: <0@localhost>\n"
            f"References: <0@localhost>\n <1@localhost>\n"
            f"Auto-Submitted: auto-generated\nChat-Version: 1.0\n"
            f"Chat-Is-Post-Message: 1\n")

    with tap.check("what any core writes stays, byte for byte"):
        text = chat.send(core + autocrypt(me)).as_string()
        assert core + autocrypt(me) in text.replace("\r\n", "\n"), text[:3000]

    with tap.check("no value of a header that stays says more than it must"):
        got = chat.send(
            f"From: <{me}>\nMIME-Version: 1.0 (Marker Mail 16.0 \\(1\\))\n"
            f"Date: Sat, 21 Nov 2026 00:10:33 +0545 (marker)\n"
            f"Message-ID: marker\nIn-Reply-To: your marker of today\n"
            f"References: <0@localhost> marker\nPrecedence: marker\n"
            f"List-ID: marker\nSecure-Join-Marker: x\nSecure-Join: x\n"
            f"Autocrypt-Setup-Message: marker\nEphemeral-Timer: 60\n"
            f"Chat-Version: marker\nChat-Is-Post-Message: marker\n"
            f"Chat-Content: marker\nChat-Group-Name: marker\n"
            f"Auto-Submitted: auto-generated (marker)\n"
            f"Autocrypt-Gossip: marker\nAutocrypt: marker")
        text = got.as_string().lower()
        for word in ("marker", "secure-join", "chat-", "ephemeral"):
            assert word not in text, text[:2000]
        assert got["MIME-Version"] == "1.0", got["MIME-Version"]
        assert got["Date"] == "Fri, 20 Nov 2026 18:25:33 +0000", got["Date"]

    with tap.check("a Date that is none becomes the present"):
        got = chat.send(f"From: <{me}>\nDate: marker, not a date\n"
                        f"Date: Sun, 1 Nov 2026 07:55:33 +0000")
        first, second = got.get_all("Date")
        then = email.utils.parsedate_to_datetime(first)
        assert abs(then.timestamp() - time.time()) < 600, first
        assert first.endswith(" +0000"), first
        assert second == "Sun, 1 Nov 2026 07:55:33 +0000", second

    with tap.check("Autocrypt goes unless it is the sender's key"):
        got = chat.send(f"From: <{me}>\n" + autocrypt("marker@other.test") +
                        f"\nAutocrypt: addr={me}; keydata=Marker text")
        assert got["Autocrypt"] is None, got["Autocrypt"]


def requests(tap, chat):
    """SecureJoin requests are cleartext with headers of their own."""
    attacks = DELTACHAT.parent / "gate" / "attacks"

    with tap.check("of a request to join nothing is lost, but free text"):
        for name in ("join-bot", "join-ephemeral", "join-autocrypt",
                     "join-to-name", "join-servers"):
            raw = (attacks / f"{name}.eml").read_bytes()
            raw = raw.replace(b"alice0001@relay.test", chat.me.encode()) \
                .replace(b"[...]", b"Marker")
            got = email.message_from_bytes(chat.send_raw(raw),
                                           policy=email.policy.compat32)
            sent = email.message_from_bytes(raw, policy=email.policy.compat32)
            for field in ("Auto-Submitted", "Ephemeral-Timer", "Autocrypt",
                          "Secure-Join", "Secure-Join-Invitenumber", "Date",
                          "Chat-Version", "Message-ID", "From"):
                assert got[field] == sent[field], (name, field, got[field])
            assert got["Subject"] == "[...]"
            assert "Bob" not in got["To"], got["To"]
            assert got["Received"] is None
            assert "bobbb" not in str(got["Delivered-To"])


def refused(chat, fields, code, rule):
    try:
        chat.smtp.sendmail(chat.me, [chat.me], message(fields))
    except smtplib.SMTPDataError as error:
        assert error.smtp_code == code, error
        assert rule in error.smtp_error, error
    else:
        raise AssertionError("it was accepted")


if __name__ == "__main__":
    main()
