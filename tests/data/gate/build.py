# SPDX-License-Identifier: MIT
"""Builds messages, armor and OpenPGP packets, good and bad ones.
Deterministic: all randomness is from one fixed seed."""
import base64
import os
import random
import re

HERE = os.path.dirname(os.path.abspath(__file__))
RANDOM = random.Random(4880)


# ---- OpenPGP packets ----

def noise(size):
    return RANDOM.randbytes(size)


def packet(tag, body, length=None):
    """New format; length replaces the octets of the body's length."""
    if length is None:
        n = len(body)
        if n < 192:
            length = bytes([n])
        elif n < 8384:
            length = bytes([192 + (n - 192 >> 8), n - 192 & 255])
        else:
            length = b"\xff" + n.to_bytes(4, "big")
    return bytes([0xc0 | tag]) + length + body


def legacy(tag, body):
    return bytes([0x80 | tag << 2 | 1]) + len(body).to_bytes(2, "big") + body


def partial(tag, *chunks, last=b""):
    """Chunks of a power of two each, then the rest."""
    out = bytes([0xc0 | tag])
    for chunk in chunks:
        out += bytes([224 + len(chunk).bit_length() - 1]) + chunk
    return out + bytes([len(last)]) + last


def pkesk(key=None):
    """v3, ECDH with Curve25519"""
    return (b"\x03" + (noise(8) if key is None else key) + b"\x12" +
            b"\x01\x07\x40" + noise(32) + b"\x30" + noise(48))


def rsa_pkesk(mpi):
    return (b"\x03" + noise(8) + b"\x01" +
            (len(mpi) * 8).to_bytes(2, "big") + mpi)


def seipd(size=200):
    return b"\x01" + noise(size)


def seipd2(cipher=7, aead=2, chunk=6, size=200, version=2):
    return bytes([version, cipher, aead, chunk]) + noise(32 + size)


def skesk4():
    return b"\x04\x09\x03\x0a" + noise(8) + b"\x60"


GOOD = packet(1, pkesk()) + packet(18, seipd())
TEXT = (b"This is cleartext that somebody wants to smuggle through the gate, "
        b"and it is long enough to be of use to whoever sends it on. ") * 3


# ---- armor ----

def armor_lines(binary, width=64):
    text = base64.b64encode(binary).decode("ascii")
    return [text[i:i + width] for i in range(0, len(text), width)]


def crc24(binary):
    crc = 0xb704ce
    for octet in binary:
        crc ^= octet << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1864cfb
    return "=" + base64.b64encode(crc.to_bytes(3, "big")).decode("ascii")


BEGIN, END = "-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----"


def armor(binary=GOOD, width=64, headers=(), checksum=True, data=None):
    lines = armor_lines(binary, width) if data is None else list(data)
    if checksum is True:
        lines.append(crc24(binary))
    elif checksum:
        lines += checksum if isinstance(checksum, list) else [checksum]
    return [BEGIN, *headers, "", *lines, END]


# ---- messages ----

TYPE = ('multipart/encrypted; protocol="application/pgp-encrypted"; '
        'boundary="b1"')
TOP = ["From: <alice0001@relay.test>", 'To: "hidden-recipients": ;',
       "Subject: [...]", "Date: Fri, 20 Nov 2026 10:00:00 +0000",
       "Message-ID: <c0ffee00-0000-4000-8000-000000000002@localhost>",
       "MIME-Version: 1.0", "Chat-Version: 1.0"]
TYPE1 = "Content-Type: application/pgp-encrypted"
TYPE2 = "Content-Type: application/octet-stream"
JOIN_TOP = TOP[:6] + ["Chat-Version: 1.0", "Secure-Join: vc-request",
                      "Secure-Join-Invitenumber: 123456789"]


def raw(lines):
    return b"\r\n".join(line if isinstance(line, bytes) else
                        line.encode("utf-8") for line in lines)


def message(content_type=TYPE, top=TOP, more_top=(), preamble=(),
            part1=(TYPE1,), body1=("Version: 1",), part2=(TYPE2,),
            body2=None, epilogue=(), boundary="b1", close=True, extra=(),
            first=True):
    lines = list(top) + list(more_top)
    if content_type is not None:
        lines.append("Content-Type: " + content_type)
    lines += ["", *preamble]
    if first:
        lines += ["--" + boundary, *part1, "", *body1]
    lines += ["--" + boundary, *part2, ""]
    lines += armor() if body2 is None else list(body2)
    for part in extra:
        lines += ["--" + boundary, *part]
    if close:
        lines.append("--" + boundary + "--")
    lines += [*epilogue, ""]
    return raw(lines)


def join(**changes):
    """A legacy SecureJoin request, the one cleartext that passes."""
    what = {"top": JOIN_TOP, "content_type": 'multipart/mixed; boundary="b1"',
            "first": False,
            "part2": ("Content-Type: text/plain; charset=utf-8",),
            "body2": ("Secure-Join: vc-request",)}
    what.update(changes)
    return message(**what)


def public_key():
    """Packets of the key in a real request to join."""
    with open(os.path.join(HERE, "..", "deltachat", "legacy-vc-request.eml"),
              "rb") as file:
        data = re.search(rb"keydata=([A-Za-z0-9+/=\s]*)\r\n[A-Z]",
                         file.read()).group(1)
    return base64.b64decode(b"".join(data.split()))


def autocrypt(key=None, addr="alice0001@relay.test", last=""):
    """Lines of an Autocrypt header, folded as core does."""
    text = base64.b64encode(public_key() if key is None else key)
    text = text.decode("ascii")
    return ["Autocrypt: addr=%s; prefer-encrypt=mutual; keydata=%s" %
            (addr, text[:70])] + \
        ["\t " + text[i:i + 78] for i in range(70, len(text), 78)] + \
        ([last] if last else [])


def encoded(encoding, lines, **changes):
    return message(part2=(TYPE2, "Content-Transfer-Encoding: " + encoding),
                   body2=lines, **changes)


def b64(text):
    return base64.encodebytes(text).decode("ascii").split("\n")[:-1]


def quoted_printable(lines):
    out = []
    for line in lines:
        line = line.replace("=", "=3D")
        while len(line) > 76:
            cut = line.find("=", 73, 76)
            cut = 75 if cut < 0 else cut
            out.append(line[:cut] + "=")
            line = line[cut:]
        out.append(line)
    return out


def real():
    with open(os.path.join(HERE, "..", "deltachat", "text.eml"),
              "rb") as file:
        return file.read()


def pgp(*packets):
    return message(body2=armor(b"".join(packets)))


ACCEPT = "accept encrypted"
JOIN = "accept securejoin-request"
