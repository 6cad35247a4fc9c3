#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the milter changes in a header on submission, with real Postfix."""
import email
import email.policy
import pathlib
import smtplib

from harness import Tap, started_relay
from relay_client import crlf, fetch, wait_for_message

SAMPLE = (pathlib.Path(__file__).resolve().parent.parent / "data" /
          "deltachat" / "text.eml").read_bytes()
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


def message(fields):
    return crlf(fields.strip("\n") + "\n") + content_type() + \
        b"\r\nMIME-Version: 1.0\r\n\r\n" + BODY


class Chat:
    def __init__(self, relay):
        self.relay = relay
        self.login = relay.new_login()
        self.me = self.login[0]
        self.imap = relay.imap(self.login)
        self.smtp = relay.smtp(self.login)
        self.seen = 0

    def send(self, fields):
        """To myself; the header as it is delivered."""
        self.smtp.sendmail(self.me, [self.me], message(fields))
        self.seen += 1
        assert wait_for_message(self.imap, self.seen)
        raw = fetch(self.imap, self.seen)
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
                f"In-Reply-To: <0@localhost>\nReferences: <0@localhost>\n"
                f"Autocrypt: addr={me}; keydata=AAAA")
            text = got.as_string()
            assert "marker" not in text, text[:2000]
            assert got["Sender"] is None
            assert got["In-Reply-To"] == "<0@localhost>"
            assert got["References"] == "<0@localhost>"
            assert got["Autocrypt"].startswith("addr=")

        with tap.check("200 such headers pass, 201 do not"):
            lines = "".join(f"X-Text-{i}: x\n" for i in range(198))
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
