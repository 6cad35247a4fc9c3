#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mailboxes that chatmail/relay has made work here as they are, and what we
make of them works there: nothing is migrated, in either direction."""
import os
import pathlib
import pwd
import re
import subprocess
import tarfile
import time

from harness import HERE, Tap, started_relay

PASSWORD = "upstream-password"
TREE = HERE.parent / "data" / "upstream" / "tree.tar.gz"
USED = "upstream1"
OLD_NAME = "upstream-of-old-settings"
CLEARTEXT = "upstream2"
TORN = "upstream4"
NEW = "madehere1"
DAY = 86400
# Python 3.12 asks for it, that of Debian 12 may not know it.
SAFE = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}

# How chatmail/relay's dovecot.conf stores mail, for doveadm without a server.
THERE = """
mail_location = maildir:{mailboxes}/%u
mail_plugins = zlib quota
mail_uid = vmail
mail_gid = vmail
first_valid_uid = 1
first_valid_gid = 1
log_path = /dev/stderr
base_dir = {dir}/there
protocols =
ssl = no
namespace inbox {{
  inbox = yes
}}
plugin {{
  zlib_save = gz
  quota = maildir:User quota
  quota_rule = *:storage=500M
}}
"""


def folder(relay, name):
    return pathlib.Path(relay.mailboxes, f"{name}@{relay.domain}")


def unpack(relay):
    vmail = pwd.getpwnam("vmail")
    with tarfile.open(TREE) as tar:
        tar.extractall(relay.mailboxes, **SAFE)
    for path in pathlib.Path(relay.mailboxes).rglob("*"):
        os.chown(path, vmail.pw_uid, vmail.pw_gid)
        # as old as its password says, but not so old that mail expires
        if path.name != "password":
            os.utime(path)


def files(relay, *names):
    """Content and time of what belongs to chatmail/relay's programs."""
    return {path: (path.read_bytes(), path.stat().st_mtime)
            for name in names for path in folder(relay, name).iterdir()
            if path.name in ("metadata.json", "enforceE2EEincoming")}


def answer(relay, name, password):
    conn = relay.imap()
    try:
        conn.login(f"{name}@{relay.domain}", password)
        conn.logout()
        return "ok"
    except conn.error as error:
        return "no" if "AUTHENTICATIONFAILED" in str(error) else str(error)


def uids(conn, mailbox):
    """UIDVALIDITY and UIDs."""
    conn.select(mailbox)
    validity = conn.response("UIDVALIDITY")[1][0]
    return int(validity), [int(uid) for uid in
                           conn.uid("SEARCH", "ALL")[1][0].split()]


def check_accounts(tap, relay):
    before = {name: (folder(relay, name) / "password").read_bytes()
              for name in (USED, OLD_NAME, CLEARTEXT)}
    others = files(relay, USED, OLD_NAME, CLEARTEXT)
    with tap.check("accounts of chatmail/relay log in with their passwords"):
        for name in before:
            assert answer(relay, name, PASSWORD) == "ok", name
            assert answer(relay, name, PASSWORD + "x") == "no", name
    with tap.check("their files stay as they are; the day is noted as there"):
        for name, content in before.items():
            path = folder(relay, name) / "password"
            assert path.read_bytes() == content
            assert path.stat().st_mtime % DAY == 0
            assert time.time() - path.stat().st_mtime < 2 * DAY
        assert files(relay, USED, OLD_NAME, CLEARTEXT) == others
        assert not (folder(relay, CLEARTEXT) /
                    "enforceE2EEincoming").exists()
    with tap.check("a name that was left half made there is made here"):
        assert answer(relay, TORN, PASSWORD) == "ok"
        names = {path.name for path in folder(relay, TORN).iterdir()}
        assert not [name for name in names if ".tmp-" in name], names
        assert "password" in names


def check_mail(tap, relay):
    text = (folder(relay, USED) / "dovecot-uidlist").read_text()
    validity = int(re.search(r"V(\d+)", text).group(1))
    conn = relay.imap((f"{USED}@{relay.domain}", PASSWORD))
    with tap.check("mail is there, with the UIDs and flags that it had"):
        assert uids(conn, "INBOX") == (validity, [1, 3]), text
        flags = conn.uid("FETCH", "1:*", "(FLAGS)")[1]
        assert b"\\Seen" in flags[0] and b"\\Seen" not in flags[1], flags
        body = conn.uid("FETCH", "3", "(BODY.PEEK[])")[1][0][1]
        assert b"Message 3." in body, body[:200]
    with tap.check("so are folders and subscriptions"):
        assert b"DeltaChat" in conn.lsub()[1][0]
        assert uids(conn, "DeltaChat")[1] == [1]
    conn.logout()
    return validity


def doveadm_there(relay, config, name, *args, text=None):
    vmail = pwd.getpwnam("vmail")
    done = subprocess.run(
        ["doveadm", "-c", config, *args], input=text, capture_output=True,
        check=False, text=True, user=vmail.pw_uid, group=vmail.pw_gid,
        env={**os.environ, "USER": f"{name}@{relay.domain}",
             "HOME": str(folder(relay, name))})
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_back_accounts(tap, relay):
    """What chatmaild's user.py and expire.py look at."""
    with tap.check("an account made here is one of chatmail/relay's, too"):
        assert answer(relay, NEW, PASSWORD) == "ok"
        home = folder(relay, NEW)
        text = (home / "password").read_text()
        assert re.fullmatch(r"\{SHA512-CRYPT\}\$6\$[./0-9A-Za-z$=]+", text)
        check = subprocess.run(
            ["doveadm", "pw", "-t", text, "-p", PASSWORD],
            capture_output=True, check=False)
        assert check.returncode == 0, check.stderr
        assert (home / "enforceE2EEincoming").read_bytes() == b""
        assert (home / "password").stat().st_mtime % DAY == 0
        vmail = pwd.getpwnam("vmail")
        assert all((path.stat().st_uid, path.stat().st_gid) ==
                   (vmail.pw_uid, vmail.pw_gid) for path in home.rglob("*"))
    with tap.check("beside the accounts there is nothing with an @"):
        extra = [path.name for path in
                 pathlib.Path(relay.mailboxes).iterdir()
                 if "@" in path.name and
                 not (path / "password").exists()]
        assert not extra, extra


def check_back_mail(tap, relay, validity):
    if relay.env["RELAY_DOVECOT_SERIES"] != "2.3":
        tap.note("chatmail/relay has Dovecot 2.3; this one is another")
        return
    os.makedirs(f"{relay.dir}/there", exist_ok=True)
    config = f"{relay.dir}/there/dovecot.conf"
    pathlib.Path(config).write_text(
        THERE.format(mailboxes=relay.mailboxes, dir=relay.dir))
    os.chmod(relay.dir, 0o755)
    with tap.check("mail that came here is read there, and the other way"):
        conn = relay.imap((f"{USED}@{relay.domain}", PASSWORD))
        conn.append("INBOX", None, None,
                    b"Subject: here\r\n\r\nMessage made here.\r\n")
        conn.logout()
        out = doveadm_there(relay, config, USED, "fetch", "uid text",
                            "mailbox", "INBOX", "all")
        assert re.findall(r"^uid: (\d+)", out, re.M) == ["1", "3", "4"], out
        assert "Message made here." in out and "Message 3." in out, out
        out = doveadm_there(relay, config, USED, "mailbox", "status",
                            "uidvalidity", "INBOX")
        assert str(validity) in out, out
        doveadm_there(relay, config, USED, "save", "-m", "INBOX",
                      text="Subject: there\n\nMessage made there.\n")
        conn = relay.imap((f"{USED}@{relay.domain}", PASSWORD))
        assert uids(conn, "INBOX") == (validity, [1, 3, 4, 5])
        body = conn.uid("FETCH", "5", "(BODY.PEEK[])")[1][0][1]
        assert b"Message made there." in body
        conn.logout()


with Tap() as tap, started_relay(tap, "login_brake_after=0",
                                 before_start=unpack) as relay:
    check_accounts(tap, relay)
    validity = check_mail(tap, relay)
    check_back_accounts(tap, relay)
    check_back_mail(tap, relay, validity)
