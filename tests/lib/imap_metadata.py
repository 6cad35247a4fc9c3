# SPDX-License-Identifier: MIT
"""GETMETADATA and SETMETADATA (RFC 5464) as bytes: Python's imaplib has no
words for them, and hides what tests want to see.

    with MetadataClient(relay, login) as client:
        client.get("", "/shared/comment")           {entry: bytes or None}
        client.set("INBOX", "/private/devicetoken", b"token")   "OK ..."
"""
import socket

TIMEOUT = 60


class MetadataClient:
    """One connection over TLS, logged in if login is given."""

    def __init__(self, relay, login=None):
        raw = socket.create_connection((relay.host, relay.port("imaps")),
                                       TIMEOUT)
        self.sock = relay.tls().wrap_socket(raw, server_hostname="localhost")
        self.file = self.sock.makefile("rb")
        self.greeting = self.file.readline().decode()
        self.tag = 0
        self.untagged = []
        self.capabilities = set()
        if login:
            answer = self.command(f'LOGIN "{login[0]}" "{login[1]}"')
            if not answer.startswith("OK"):
                raise RuntimeError(answer)
            self.capabilities = capabilities_in(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def line(self):
        """One line with the literals in it, without the last CRLF."""
        whole = b""
        while True:
            part = self.file.readline()
            if not part.endswith(b"\n"):
                raise ConnectionError(f"the server hung up after {whole!r}")
            whole += part
            if not part.endswith(b"}\r\n"):
                return whole[:-2]
            size = int(part[part.rindex(b"{") + 1:-3])
            whole += self.file.read(size)

    def answer(self, tag):
        """The tagged line without its tag; self.untagged is what came
        before."""
        self.untagged = []
        while True:
            line = self.line()
            if line.startswith(tag + b" "):
                return line[len(tag) + 1:].decode(errors="replace")
            if line.startswith(b"+"):
                return line.decode(errors="replace")
            self.untagged.append(line)

    def command(self, *parts):
        """Parts that are text go out as they are; (bytes,) is a literal,
        whose first byte waits for the server's "+"."""
        self.tag += 1
        tag = b"t%d" % self.tag
        self.send(tag + b" ")
        for part in parts:
            if not isinstance(part, tuple):
                self.send(part)
                continue
            self.send(b"{%d}\r\n" % len(part[0]))
            answer = self.answer(tag)
            if not answer.startswith("+"):
                return answer
            self.send(part[0])
        self.send(b"\r\n")
        return self.answer(tag)

    def get(self, mailbox, *entries, options=""):
        """{entry: bytes, or None for NIL} of an answer that is OK."""
        answer = self.command(f'GETMETADATA {options}"{mailbox}" '
                              f'({" ".join(entries)})')
        if not answer.startswith("OK"):
            raise RuntimeError(answer)
        return self.entries(mailbox)

    def entries(self, mailbox):
        values = {}
        for line in self.untagged:
            head = b'* METADATA %s (' % (mailbox.encode() or b'""')
            if line.startswith(head):
                values.update(parse_entries(line[len(head):]))
        return values

    def set(self, mailbox, entry, value):
        """The server's answer. None is NIL, text is quoted, bytes are a
        literal."""
        head = f'SETMETADATA "{mailbox}" ({entry} '
        if value is None:
            return self.command(head + "NIL)")
        if isinstance(value, str):
            return self.command(f'{head}"{value}")')
        return self.command(head, (value,), ")")


def parse_entries(rest):
    """What stands between the parentheses: name and {n} literal or NIL."""
    values = {}
    while rest != b")":
        name, rest = rest.split(b" ", 1)
        if rest.startswith(b"NIL"):
            value, rest = None, rest[3:]
        else:
            size, rest = rest[1:].split(b"}\r\n", 1)
            value, rest = rest[:int(size)], rest[int(size):]
        values[name.decode()] = value
        rest = rest.removeprefix(b" ")
    return values


def capabilities_in(text):
    words = text.upper().split("[CAPABILITY ", 1)
    return set(words[1].split("]")[0].split()) if len(words) == 2 else set()
