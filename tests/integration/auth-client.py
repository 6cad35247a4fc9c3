#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A client of Dovecot's auth socket, for logins that no mail client sends.

auth-client.py SOCKET plain USER PASSWORD   one SASL PLAIN login
auth-client.py SOCKET raw RESPONSE          the same with any response
auth-client.py SOCKET big USER N            a password of N bytes
auth-client.py SOCKET spid                  no login: the process id of auth
auth-client.py SOCKET race USER N           N logins at once, each with its
                                            own password
auth-client.py SOCKET burst DOMAIN N        N first logins, sent as one write,
                                            of burst0@DOMAIN and so on
auth-client.py SOCKET guess USER N SECONDS  N wrong passwords, sent as one
                                            write, and the answers until then

All but the last three print one line: ok USER | fail | tempfail | disabled | closed.
These print how many of each; race leaves the winning password on the
second line. USER, PASSWORD and RESPONSE may have Python's backslash escapes.
Protocol: doc/auth-protocol of Dovecot 2.3, version 1.2 (2.4 speaks it, too).
"""
import base64
import collections
import os
import socket
import sys
import threading
import time

TIMEOUT = 60


def unescape(text):
    return os.fsencode(text).decode("unicode_escape").encode("latin1")


def verdict(line):
    fields = line.rstrip("\n").split("\t")
    if fields[0] == "OK":
        user = [f[5:] for f in fields if f.startswith("user=")]
        return "ok " + (user[0] if user else "")
    if fields[0] != "FAIL":
        return "unexpected " + line.strip()
    # 2.3: temp, user_disabled; 2.4: code=temp_fail, code=user_disabled
    if "temp" in fields or "code=temp_fail" in fields:
        return "tempfail"
    if "user_disabled" in fields or "code=user_disabled" in fields:
        return "disabled"
    return "fail"


def auth_line(number, response):
    return (b"AUTH\t%d\tPLAIN\tservice=imap\tsecured\tno-penalty\tresp=%s\n"
            % (number, base64.b64encode(response)))


class Client:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(path)
        self.file = self.sock.makefile("rb")
        # the process id names the client and must be unique
        Client.last = getattr(Client, "last", os.getpid() * 1000) + 1
        self.sock.sendall(b"VERSION\t1\t2\nCPID\t%d\n" %
                          (Client.last % 2**31))
        for line in self.file:
            if line.startswith(b"SPID\t"):
                self.spid = line.split()[1].decode()
            if line == b"DONE\n":
                return
        raise SystemExit("no handshake from " + path)

    def login(self, response):
        try:
            self.sock.sendall(auth_line(1, response))
            answer = self.file.readline().decode("latin1")
        except (BrokenPipeError, ConnectionResetError):
            answer = ""
        return verdict(answer) if answer else "closed"


def show_counts(results):
    counts = collections.Counter(results)
    print(" ".join("%s=%d" % item for item in sorted(counts.items())))


def burst(path, domain, count):
    client = Client(path)
    lines = b""
    for i in range(count):
        response = b"\0burst%d@%s\0burst-password" % (i, domain)
        lines += auth_line(i + 1, response)
    client.sock.sendall(lines)
    answers = [client.file.readline().decode("latin1") for _ in range(count)]
    show_counts(verdict(answer).split()[0] if answer else "closed"
                for answer in answers)


def guess(path, user, count, seconds):
    client = Client(path)
    end = time.monotonic() + seconds
    client.sock.sendall(b"".join(
        auth_line(i + 1, b"\0%s\0wrong guess %d" % (user, i))
        for i in range(count)))
    answers = b""
    try:
        while (left := end - time.monotonic()) > 0:
            client.sock.settimeout(left)
            answers += client.sock.recv(65536)
    except TimeoutError:
        pass
    show_counts(verdict(line.decode("latin1"))
                for line in answers.splitlines())


def race(path, user, count):
    passwords = ["race-password-%03d" % i for i in range(count)]
    clients = [Client(path) for _ in passwords]
    results = [None] * count
    start = threading.Barrier(count)

    def run(i):
        start.wait()
        response = b"\0" + user + b"\0" + passwords[i].encode()
        results[i] = clients[i].login(response).split()[0]

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    show_counts(results)
    print(" ".join(p for p, r in zip(passwords, results) if r == "ok"))


def main(argv):
    path, command = argv[1], argv[2]
    if command == "plain":
        response = b"\0" + unescape(argv[3]) + b"\0" + unescape(argv[4])
        print(Client(path).login(response))
    elif command == "raw":
        print(Client(path).login(unescape(argv[3])))
    elif command == "big":
        response = b"\0" + unescape(argv[3]) + b"\0" + b"x" * int(argv[4])
        print(Client(path).login(response))
    elif command == "race":
        race(path, unescape(argv[3]), int(argv[4]))
    elif command == "burst":
        burst(path, unescape(argv[3]), int(argv[4]))
    elif command == "spid":
        print(Client(path).spid)
    elif command == "guess":
        guess(path, unescape(argv[3]), int(argv[4]), float(argv[5]))
    else:
        raise SystemExit(__doc__)


main(sys.argv)
