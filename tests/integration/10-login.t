#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Logins over IMAP and SMTP: who gets in, and what a login creates."""
import base64
import concurrent.futures
import imaplib
import os
import pathlib
import smtplib
import socket
import ssl
import stat
import time

from harness import Tap, accounts, expect, inbox_size, shell, started_relay
from relay_client import TIMEOUT, imap_login

# name, user (D stands for "@domain"), password
GOOD = "long-enough-password"
REFUSED = [
    ("only dots", b"..D", GOOD),
    ("dots and a slash as long as a name", b"../......D", GOOD),
    ("a slash", b"abcd/efghD", GOOD),
    ("a path upwards", b"../../abcD", GOOD),
    ("an absolute path", b"/etc/abcdD", GOOD),
    ("percent signs", b"%u%u%u%uaD", GOOD),
    ("a dollar sign", b"$HOME1234D", GOOD),
    ("upper case", b"Abcdefgh1D", GOOD),
    ("one character too short", b"abcdefghD", GOOD),
    ("one character too long", b"abcdefghijD", GOOD),
    ("very long", b"a" * 300 + b"D", GOOD),
    ("nothing before the @", b"D", GOOD),
    ("no domain", b"abcdefghi", GOOD),
    ("another domain", b"abcdefghi@other.test", GOOD),
    ("a subdomain", b"abcdefghi@sub.chat.test", GOOD),
    ("two @", b"abcdefghi@chat.testD", GOOD),
    ("a plus", b"abcd+efghD", GOOD),
    ("a space", b"abcd efghD", GOOD),
    ("a line break", b"abcd\nefghD", GOOD),
    ("bytes above 127", b"abcd\xc3\xa4fgD", GOOD),
    ("bytes that are no UTF-8", b"abcd\xff\xfefgD", GOOD),
    ("a password one character too short", b"shortpassD", "12345678"),
    ("an empty password", b"emptypassD", ""),
    ("a password of 1 MB", b"largepassD", "x" * 1048576),
]


def user_of(relay, user):
    return user.replace(b"D", b"@" + relay.domain.encode()) \
        if user.endswith(b"D") else user


def plain(user, password, authzid=b""):
    raw = authzid + b"\0" + user + b"\0" + password.encode()
    return base64.b64encode(raw)


def imap_plain(relay, token):
    """AUTHENTICATE PLAIN with these very bytes; the tagged line, or b'' if
    the server hangs up."""
    conn = relay.imap()
    try:
        conn.send(b"a1 AUTHENTICATE PLAIN " + token + b"\r\n")
        while True:
            line = conn.readline()
            if not line or line.startswith((b"a1 ", b"* BYE")):
                return line
    except (OSError, imaplib.IMAP4.abort):
        return b""
    finally:
        conn.shutdown()


def smtp_plain(relay, token):
    """AUTH PLAIN with these very bytes; the code, or 0 on hang-up."""
    conn = relay.smtp()
    try:
        return conn.docmd("AUTH", "PLAIN " + token.decode())[0]
    except (OSError, smtplib.SMTPServerDisconnected):
        return 0
    finally:
        conn.close()


def check_greeting(tap, relay):
    with tap.check("XCHATMAIL and XDELTAPUSH are announced before the login"):
        caps = relay.imap().capabilities
        assert {"XCHATMAIL", "XDELTAPUSH", "IDLE"} <= set(caps), caps
    with tap.check("and after it, with what Delta Chat uses"):
        conn = relay.imap(relay.new_login())
        caps = conn.capability()[1][0].decode().split()
        wanted = {"XCHATMAIL", "XDELTAPUSH", "IDLE", "MOVE", "QUOTA"}
        assert wanted <= set(caps), wanted - set(caps)
        assert "COMPRESS=DEFLATE" not in caps, "prevents hibernation"


def check_tls(tap, relay):
    def version(port, newest):
        context = ssl._create_unverified_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.maximum_version = newest
        with socket.create_connection(
                (relay.host, relay.port(port)), TIMEOUT) as raw:
            with context.wrap_socket(raw) as tls:
                return tls.version()

    for port in "imaps", "smtps":
        with tap.check(f"{port}: TLS 1.3"):
            expect(version(port, ssl.TLSVersion.TLSv1_3), "TLSv1.3")
        with tap.check(f"{port}: TLS 1.2 is refused"):
            try:
                version(port, ssl.TLSVersion.TLSv1_2)
            except (ssl.SSLError, ConnectionError):
                pass
            else:
                raise AssertionError("TLS 1.2 was accepted")
    # Dovecot 2.3 takes a connection between equal addresses for safe, so it
    # has to come from another one.
    with tap.check("IMAP: no login without TLS"):
        before = accounts(relay)
        sock = socket.create_connection(
            (relay.host, relay.port("imap")), TIMEOUT, ("127.0.0.2", 0))
        lines = sock.makefile("rwb")
        assert b"LOGINDISABLED" in lines.readline()
        lines.write(f"a LOGIN {relay.new_login()[0]} {GOOD}\r\n".encode())
        lines.flush()
        while not (answer := lines.readline()).startswith(b"a "):
            assert answer, "hung up"
        sock.close()
        assert answer.startswith(b"a NO"), answer
        expect(accounts(relay), before)
    with tap.check("IMAP: login after STARTTLS"):
        conn = imaplib.IMAP4(relay.host, relay.port("imap"), timeout=TIMEOUT)
        conn.starttls(relay.tls())
        imap_login(conn, relay.new_login())
        conn.logout()
    with tap.check("submission: no AUTH without TLS"):
        conn = smtplib.SMTP(relay.host, relay.port("submission"),
                            timeout=TIMEOUT)
        conn.ehlo()
        assert "auth" not in conn.esmtp_features, conn.esmtp_features
        code = conn.docmd("AUTH", "PLAIN " + plain(b"x", "y").decode())[0]
        expect(code, 530, 503)
        conn.close()
    with tap.check("submission: AUTH after STARTTLS"):
        conn = smtplib.SMTP(relay.host, relay.port("submission"),
                            timeout=TIMEOUT)
        conn.starttls(context=relay.tls())
        conn.login(*relay.new_login())
        conn.quit()


def check_creation(tap, relay):
    login = relay.new_login()
    folder = pathlib.Path(relay.mailboxes, login[0])
    with tap.check("the first IMAP login creates the account"):
        assert not folder.exists()
        relay.imap(login).logout()
        assert (folder / "enforceE2EEincoming").exists()
        text = (folder / "password").read_text()
        assert text.startswith("{SHA512-CRYPT}$6$"), text[:20]
        assert login[1] not in text
    with tap.check("nobody else can look into it"):
        for path in folder, folder / "password":
            mode = stat.S_IMODE(path.stat().st_mode)
            assert mode & 0o077 == 0, f"{path}: {mode:o}"
    with tap.check("the second login finds it"):
        relay.imap(login).logout()
    with tap.check("a wrong password is refused and changes nothing"):
        before = (folder / "password").read_bytes()
        for wrong in "wrong-password", login[1] + "x", login[1][:-1]:
            line = imap_plain(relay, plain(login[0].encode(), wrong))
            assert b"[AUTHENTICATIONFAILED]" in line, line
            expect(smtp_plain(relay, plain(login[0].encode(), wrong)), 535)
        expect((folder / "password").read_bytes(), before)
        relay.imap(login).logout()
    with tap.check("an existing account is found in upper case too"):
        before = accounts(relay)
        relay.imap((login[0].upper(), login[1])).logout()
        expect(accounts(relay), before)
    with tap.check("nobody can act for somebody else (authzid)"):
        other = relay.new_login()
        relay.imap(other).logout()
        line = imap_plain(relay, plain(other[0].encode(), other[1],
                                       login[0].encode()))
        assert not line.startswith(b"a1 OK"), line
    second = relay.new_login()
    with tap.check("the first SMTP login creates an account as well"):
        relay.smtp(second).quit()
        expect(inbox_size(relay, second), 0)
    with tap.check("two accounts may have one password"):
        relay.imap((relay.new_login()[0], second[1])).logout()
    odd = (relay.new_login()[0], 'p"a\\s\'s %u {$} wörd')
    with tap.check("a password may have any characters"):
        relay.imap((odd[0], odd[1].replace("ö", "oe"))).logout()
        token = plain(relay.new_login()[0].encode(), odd[1])
        assert imap_plain(relay, token).startswith(b"a1 OK")
        assert imap_plain(relay, token).startswith(b"a1 OK")


def check_races(tap, relay):
    def attempt(login):
        try:
            relay.imap(login).logout()
            return login[1]
        except imaplib.IMAP4.error:
            return None

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        with tap.check("10 first logins at once with one password"):
            login = relay.new_login()
            got = list(pool.map(attempt, [login] * 10))
            expect(got, [login[1]] * 10)
        with tap.check("10 first logins at once with 10 passwords: one owner"):
            name = relay.new_login()[0]
            words = [f"password-number-{i}" for i in range(10)]
            got = list(pool.map(attempt, [(name, word) for word in words]))
            winners = [word for word in got if word]
            expect(len(winners), 1)
            again = [word for word in words if attempt((name, word))]
            expect(again, winners)


def check_refused(tap, relay):
    before = accounts(relay)

    # A refusal takes Dovecot half a second, so all of them at once.
    def attempt(row):
        token = plain(user_of(relay, row[1]), row[2])
        return imap_plain(relay, token), smtp_plain(relay, token)

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(attempt, REFUSED))
    for (name, _, _), (line, code) in zip(REFUSED, answers):
        with tap.check(f"refused: {name}"):
            assert not line.startswith(b"a1 OK"), line
            assert code == 0 or 400 <= code < 600, code
    with tap.check("none of these created anything"):
        expect(accounts(relay), before)
    with tap.check("refused: NUL in the name or the password"):
        for token in (b"\0abcd\0fgh@chat.test\0" + GOOD.encode(),
                      b"\0abcdefghi@chat.test\0long-en\0ough-password",
                      b"\0", b"", b"\0\0"):
            line = imap_plain(relay, base64.b64encode(token) or b"=")
            assert not line.startswith(b"a1 OK"), line
        expect(accounts(relay), before)
    with tap.check("after all that, a login works"):
        relay.imap(relay.new_login()).logout()


def check_closed(tap, relay):
    login = relay.new_login()
    relay.imap(login).logout()
    nocreate = os.path.join(relay.dir, "nocreate")
    with tap.check("registration closed: no new account"):
        pathlib.Path(nocreate).touch()
        before = accounts(relay)
        line = imap_plain(relay, plain(relay.new_login()[0].encode(), GOOD))
        assert b"[AUTHENTICATIONFAILED]" in line, line
        expect(accounts(relay), before)
    with tap.check("registration closed: existing accounts go on"):
        relay.imap(login).logout()
        os.unlink(nocreate)


def certificate(relay, service):
    """The one that this port shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection((relay.host, relay.port(service)),
                                  timeout=TIMEOUT) as plain_socket, \
            context.wrap_socket(plain_socket) as conn:
        return conn.getpeercert(binary_form=True)


def check_renewal(tap, relay):
    """What conf.d/README says to do with a new certificate."""
    before = {service: certificate(relay, service)
              for service in ("imaps", "smtps")}
    shell(relay.dir, "relay_certificate", relay.domain)
    shell(relay.dir, "relay_doveadm", "reload")
    shell(relay.dir, "relay_reload_postfix")
    for service in before:
        with tap.check(f"a new certificate after a reload: {service}"):
            end = time.monotonic() + TIMEOUT
            while certificate(relay, service) == before[service]:
                assert time.monotonic() < end, "still the old one"
                time.sleep(0.1)
            # Not by one of several processes only.
            shown = {certificate(relay, service) for _ in range(20)}
            expect(len(shown), 1)


with Tap() as tap, started_relay(tap) as relay:
    check_greeting(tap, relay)
    check_tls(tap, relay)
    check_creation(tap, relay)
    check_races(tap, relay)
    check_refused(tap, relay)
    check_closed(tap, relay)
    check_renewal(tap, relay)
