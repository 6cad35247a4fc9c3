# SPDX-License-Identifier: MIT
"""Cases of what a SecureJoin request may have in its header: see lib/
cm-securejoin, cm-autocrypt and cm-openpgp-key. The others are in
attacks_mime.py."""
from build import (JOIN, JOIN_TOP, TEXT, autocrypt, join, packet, public_key)


def join_key_cases():
    """a request to join with something in the place of its key"""
    note = "securejoin"
    key = public_key()
    yield "join-autocrypt", JOIN, join(more_top=autocrypt())
    yield "join-autocrypt-addr", note, join(
        more_top=autocrypt(addr="read.this@relay.test"))
    yield "join-autocrypt-twice", note, join(
        more_top=autocrypt() + autocrypt())
    yield "join-keydata-words", note, join(
        more_top=["Autocrypt: addr=alice0001@relay.test; keydata=Hello Bob "
                  "meet me at five oclock behind the station bring the "
                  "documents"])
    yield "join-keydata-base64", note, join(more_top=autocrypt(TEXT))
    yield "join-keydata-behind", note, join(
        more_top=autocrypt(last="\t HelloBobmeetmeatfiveoclock="))
    user_id = key.index(b"\xcd\x16<davee")
    for name, packets in (
            ("cut", key[:-1]), ("trailing", key + b"\0"),
            ("text-user-id", key + packet(13, b"Read this <a@b.test>")),
            ("user-ids", key + packet(13, b"<a@b.test>") * 4),
            ("literal", key + packet(11, b"b\0\0\0\0\0" + TEXT)),
            ("picture", key + packet(17, b"\xff" + TEXT)),
            ("text-key", packet(6, b"\4\0\0\0\0\1\x08\0" + TEXT[:256] +
                                b"\0\x11\1\0\1") + key[53:]),
            ("subkey-first", key[409:]),
            ("no-signature", key[:53] + key[user_id:262]),
            ("notation", key.replace(b"relays@chatmail.at",
                                     b"read@this.test.now")),
            ("notation-text", key.replace(b"davee0004@relay.test",
                                          b"meet me at five oclo", 1))):
        assert packets != key
        yield "join-key-" + name, note, join(more_top=autocrypt(packets))
    yield "join-key-user-id-bare", JOIN, join(
        more_top=autocrypt(key + packet(13, b"a@b.test")))


def join_trace_cases():
    """and in the fields that servers write, that bots write, or that name
    other messages and people"""
    note = "securejoin"

    def instead(line):
        field = line.split(":", 1)[0] + ":"
        return join(top=[line if known.startswith(field) else known
                         for known in JOIN_TOP])

    own = "<c0ffee00-0000-4000-8000-000000000002@localhost>"
    old = "<Mr.UVy-_WZahG1.0123456789a@%s>"
    yield "join-references-words", note, join(
        more_top=["References: <Hello.Bob@x> <Meet.me@x>"])
    yield "join-references", JOIN, join(more_top=[
        "References: %s %s" % (own, old % "localhost"),
        "\t" + own, "In-Reply-To: " + own])
    yield "join-references-4", note, join(
        more_top=["References: " + " ".join([own] * 4)])
    yield "join-in-reply-to-2", note, join(
        more_top=["In-Reply-To: " + " ".join([own] * 2)])
    yield "join-message-id-domain", JOIN, instead(
        "Message-ID: " + old % "relay.test")
    yield "join-message-id-other-domain", note, instead(
        "Message-ID: " + old % "meet.me.at.five")
    yield "join-message-id-words", note, instead(
        "Message-ID: <Hello.Bob.meet.me@localhost>")
    yield "join-delivered-to", note, join(
        more_top=["Delivered-To: Hello Bob, free text"])
    yield "join-return-path", note, join(
        more_top=["Return-Path: Hello Bob, free text"])
    yield "join-to-list", note, instead(
        "To: <meet@five.oclock>, <behind@the.station>")
    yield "join-to-words", note, instead("To: Hello Bob: ;")
    yield "join-to-name", JOIN, instead('To: "Bob, B." <bobbb0002@relay.test>')
    yield "join-bot", JOIN, join(more_top=["Auto-Submitted: auto-generated"])
    yield "join-bot-text", note, join(more_top=["Auto-Submitted: meet me"])
    yield "join-bot-replied", note, join(
        more_top=["Auto-Submitted: auto-replied"])
    yield "join-ephemeral", JOIN, join(more_top=["Ephemeral-Timer: 604800"])
    yield "join-ephemeral-text", note, join(
        more_top=["Ephemeral-Timer: 6 days"])
    yield "join-ephemeral-long", note, join(
        more_top=["Ephemeral-Timer: 12345678901"])
    yield "join-date-zone", JOIN, instead(
        "Date: Fri, 20 Nov 2026 10:00:00 +0545")
    yield "join-date-words", note, instead("Date: Sad you are not here :-)")


def join_provider_cases():
    """and in what the sender's provider adds, which goes before delivery"""
    out_in = {"outgoing": "securejoin", "incoming": JOIN}
    yield "join-x-note", out_in, join(more_top=["X-Note: read this"] * 2)
    yield "join-from-gmail", out_in, join(
        top=["X-Google-DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;",
             "\td=1e100.net; s=20230601; h=from; bh=x; b=y",
             "X-Gm-Message-State: AOJu0Yz",
             "X-Received: by 2002:a05 with SMTP id x; Fri, 20 Nov 2026",
             "Received: from [10.0.0.2] by smtp.gmail.com"] + JOIN_TOP)
    yield "join-from-gmx", out_in, join(
        more_top=["X-Provags-ID: V03:K1:abc", "X-Spam-Flag: NO",
                  "UI-OutboundReport: notjunk:1;M01:P0:abc"])
    yield "join-from-fastmail", out_in, join(
        top=["X-ME-Sender: <xms:abc>", "X-ME-Proxy: <xmx:abc>",
             "Feedback-ID: i0000:Fastmail"] + JOIN_TOP)
    yield "join-forwarded", out_in, join(
        top=["ARC-Seal: i=1; a=rsa-sha256; d=b.test; cv=none; b=y",
             "ARC-Message-Signature: i=1; a=rsa-sha256; d=b.test; b=y",
             "ARC-Authentication-Results: i=1; b.test; spf=pass",
             "Received-SPF: pass (b.test: read this)",
             "DKIM-Filter: OpenDKIM Filter v2.11.0 b.test x"] + JOIN_TOP)
    yield "join-x-control", {"outgoing": "control-character",
                             "incoming": "control-character"}, join(
        more_top=["X-Note: \x01"])


GROUPS = (join_key_cases, join_trace_cases, join_provider_cases)
