# SPDX-License-Identifier: MIT
"""DKIM signatures as another server would make them, or as nobody should.

Only Python's library and the openssl program. relaxed/simple, rsa-sha256; every
tag can be set to something odd, because forgeries are what it is for.
"""
import base64
import hashlib
import re
import subprocess

SECONDS = 30


def relaxed(name, value):
    """One header field in relaxed canonical form (RFC 6376 3.4.2)."""
    value = re.sub(r"\r\n(?=[ \t])", "", value)
    value = re.sub(r"[ \t]+", " ", value).strip(" ")
    return f"{name.lower().strip()}:{value}"


def fields(header):
    """(name, value) of each field, folds kept."""
    return [tuple(field.split(":", 1))
            for field in re.split(r"\r\n(?![ \t])", header) if field]


def signature(message, key, domain, selector="opendkim", extra=None,
              signed=("From", "To", "Subject", "Date", "Message-ID",
                      "Content-Type")):
    """The value of a DKIM-Signature for message (bytes with CR LF).

    key: file of a private key. extra: list of (tag, value) that are put
    between the usual tags, such as i=.
    """
    header, body = message.split(b"\r\n\r\n", 1)
    body = re.sub(rb"(\r\n)*\Z", b"\r\n", body, count=1)
    body_hash = base64.b64encode(hashlib.sha256(body).digest()).decode()
    have = fields(header.decode("latin-1"))
    names, data = [], ""
    for wanted in signed:
        # the lowest of that name is signed first; each stands once here
        found = [field for field in have
                 if field[0].lower() == wanted.lower()]
        if found:
            names.append(wanted)
            data += relaxed(*found[-1]) + "\r\n"
    tags = [("v", "1"), ("a", "rsa-sha256"), ("c", "relaxed/simple"),
            ("d", domain), ("s", selector)] + list(extra or [])
    tags += [("h", ":".join(names)), ("bh", body_hash)]
    value = "; ".join(f"{tag}={text}" for tag, text in tags) + "; b="
    data += relaxed("DKIM-Signature", value)
    raw = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key],
                         input=data.encode("latin-1"), capture_output=True,
                         timeout=SECONDS, check=True).stdout
    return value + base64.b64encode(raw).decode()


def sign(message, key, domain, **options):
    """message with a DKIM-Signature on top."""
    value = signature(message, key, domain, **options)
    return b"DKIM-Signature: " + value.encode("latin-1") + b"\r\n" + message
