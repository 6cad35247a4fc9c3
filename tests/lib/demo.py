# SPDX-License-Identifier: MIT
"""What quickstart shows: one relay, seen by two people.

    python3 tests/lib/demo.py RELAY_DIR [--links]

Every line is something that happened just now, over TLS, on the ports of the
relay in RELAY_DIR. Exit status 0 if all of it went as it should. --links
prints a dclogin: link and a QR code per account afterwards.
"""
import imaplib
import os
import shutil
import smtplib
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import relay_client as rc

TEXT = "Hello Bob, only you can read this."

# A minimal system may have no locale; the signs below are UTF-8 in any.
sys.stdout.reconfigure(encoding="utf-8", errors="replace")
sys.stderr.reconfigure(encoding="utf-8", errors="replace")

BOLD, GREEN, RED, PLAIN = "\033[1m", "\033[32m", "\033[31m", "\033[0m"
if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
    BOLD = GREEN = RED = PLAIN = ""


class Failed(Exception):
    """Something did not go as it should; the text says what."""


def title(text):
    print(f"\n{BOLD}{text}{PLAIN}", flush=True)


def say(text):
    first, *rest = text.splitlines()
    print(f"  {GREEN}✓{PLAIN} {first}")
    for line in rest:
        print(f"    {line}")
    sys.stdout.flush()


def elapsed(start):
    return f"{(time.monotonic() - start) * 1000:.0f} ms"


def reply(error):
    """An SMTP reply as it came over the wire."""
    lines = error.smtp_error.decode(errors="replace").splitlines()
    return "\n".join(f"{error.smtp_code} {line}" for line in lines)


def show_account(relay, login, who):
    folder = os.path.join(relay.mailboxes, login[0])
    if os.path.exists(folder):
        raise Failed(f"{folder} exists before the first login")
    start = time.monotonic()
    conn = relay.imap(login)
    took = elapsed(start)
    if not os.path.exists(os.path.join(folder, "password")):
        raise Failed(f"the login worked, but {folder} has no password file")
    say(f"{who} logged in as {login[0]} with a password just made up.\n"
        f"Nobody had registered it: the first login did, in {took}.")
    return conn


def show_wrong_password(relay, login):
    try:
        relay.imap((login[0], "not-the-password"))
    except imaplib.IMAP4.error as error:
        text = error.args[0]
        if isinstance(text, bytes):
            text = text.decode(errors="replace")
        say(f"IMAP login to {login[0]} with another password was refused:\n"
            f"{text}")
        return
    raise Failed("a wrong password was let in")


def show_cleartext(relay, alice, bob):
    conn = relay.smtp(alice)
    try:
        conn.sendmail(alice[0], [bob[0]], rc.cleartext(alice[0], bob[0]))
    except smtplib.SMTPDataError as error:
        say("Alice sent Bob a message without encryption. The server said:\n"
            + reply(error))
        if error.smtp_code != 523:
            raise Failed("that is not the reply to a cleartext message: "
                         "see the milter's log") from error
        return
    finally:
        conn.close()
    raise Failed("a cleartext message went through")


def show_encrypted(relay, alice, bob, inbox):
    with rc.Gpg() as gpg:
        gpg.make_key(alice[0])
        gpg.make_key(bob[0])
        armor = gpg.encrypt(TEXT, alice[0], bob[0])
        say(f"Alice encrypted a message to Bob's key: {len(armor)} bytes of "
            "OpenPGP.")
        with rc.Idle(inbox) as idle:
            conn = relay.smtp(alice)
            start = time.monotonic()
            conn.sendmail(alice[0], [bob[0]],
                          rc.pgp_mime(alice[0], bob[0], armor))
            say(f"SMTP accepted it after {elapsed(start)}.")
            number = idle.wait()
            took = elapsed(start)
            conn.close()
        if number is None:
            raise Failed("it never appeared in Bob's INBOX: see the log of "
                         "Postfix")
        say(f"Bob's waiting IMAP connection (IDLE) announced it {took} after "
            "Alice began to send.\n"
            "Dovecot by itself waits half a second more before it tells "
            "idling clients.")
        text = gpg.decrypt(rc.armor_of(rc.fetch(inbox, number)))
        if text != TEXT:
            raise Failed(f"Bob decrypted something else: {text!r}")
        say(f"Bob decrypted it: “{text}”")


def show_link(relay, login, who):
    link = relay.dclogin(login)
    title(f"{who}: {login[0]}")
    print(f"  {link}", flush=True)
    if shutil.which("qrencode"):
        subprocess.run(["qrencode", "-t", "ANSIUTF8", "-m", "2", link],
                       check=False)
    else:
        print("  (no QR code: qrencode is not installed)")


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    relay = rc.Relay(sys.argv[1])
    alice, bob = relay.new_login(), relay.new_login()
    try:
        title("Accounts come into being at first login")
        show_account(relay, alice, "Alice").logout()
        inbox = show_account(relay, bob, "Bob")
        title("Only with the right password")
        show_wrong_password(relay, alice)
        title("Nothing readable passes")
        show_cleartext(relay, alice, bob)
        title("Encrypted messages arrive at once")
        show_encrypted(relay, alice, bob, inbox)
        inbox.logout()
    except (Failed, OSError, RuntimeError, imaplib.IMAP4.error,
            smtplib.SMTPException) as error:
        print(f"  {RED}✗{PLAIN} {error}", file=sys.stderr)
        print(f"    The servers' logs are in {relay.env['RELAY_LOG']}",
              file=sys.stderr)
        return 1
    if "--links" in sys.argv[2:]:
        show_link(relay, alice, "Alice")
        show_link(relay, bob, "Bob")
    return 0


sys.exit(main())
