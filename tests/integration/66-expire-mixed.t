#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`doveadm chatmail expire` where a Maildir is not all there is, or where not
all of it is Dovecot's."""
import os

from expire_tree import DAY, Expire, account, message, owned
from harness import Tap, expect, started_relay

LARGE = 200000
EX_TEMPFAIL = 75
# As many as are removed in one go.
LOT = 100000


def fill(box):
    """What must go, and what must stay."""
    go = {message(box, "cur", 21 * DAY),
          message(box, "cur", 8 * DAY, size=LARGE + 1),
          # by the file's mtime; its ctime is now
          message(box, "cur", 40 * DAY, name="imported"),
          message(box, "cur", 40 * DAY, name="1."),
          message(box, "cur", 40 * DAY, name="20241105.eml")}
    stay = {message(box, "cur", 1 * DAY),
            message(box, "new", 2 * DAY),
            message(box, "new", 8 * DAY, size=LARGE + 1),
            message(box, "cur", 3 * DAY, name="imported-later"),
            message(box, "cur", 3 * DAY, name="2."),
            message(box, "cur", 3 * DAY, name="20241106.eml")}
    return go, stay


def check_agree(tap, relay, exp):
    """What a dry run says is what a run does, whichever way is taken."""
    for name, beside in ("maildir01", None), ("sieve0001", "sieve"):
        home = account(relay.mailboxes, name, 1)
        go, stay = fill(home)
        if beside:
            (home / beside).mkdir()
            owned(home / beside)
        with tap.check(f"{name}: -n lists each once, and -v the same"):
            dry = exp.rows("-n", "-u", home.name)
            expect(len(dry), len(go))
            expect(len({row["item"] for row in dry}), len(go))
            real = exp.rows("-v", "-u", home.name)
            expect(sorted(map(str, real)), sorted(map(str, dry)))
            expect(exp.mail_files(home), stay)
        with tap.check(f"{name}: its figures"):
            row = exp.summary("-u", home.name)
            expect((row["messages"], row["messages_removed"], row["failed"]),
                   (len(stay), 0, 0))
            message(home, "cur", 30 * DAY)
            err = exp.run("-n", "-u", home.name)[2]
            assert f"1 of {len(stay) + 1} messages" in err, err
            row = exp.summary("-u", home.name)
            expect((row["messages"], row["messages_removed"], row["failed"]),
                   (len(stay) + 1, 1, 0))
        exp.remove(home)


def restored(box, name):
    """A folder as somebody has copied it in."""
    for sub in "cur", "new", "tmp":
        path = box / name / sub
        path.mkdir(parents=True)
        owned(path)
    owned(box / name)
    return box / name


def check_not_known(tap, relay, exp):
    """Maildir++ folders whose names are none to Dovecot."""
    home = account(relay.mailboxes, "unlisted1", 1)
    stay = {f"{name}/" + message(restored(home, name), "cur", 30 * DAY)
            for name in (".a..b", ".Foo&bar", ".INBOX")}
    go = {message(home, "cur", 30 * DAY),
          ".Archive/" + message(restored(home, ".Archive"), "cur", 30 * DAY)}
    with tap.check("folders that are none to Dovecot are complained of"):
        got, out, err = exp.doveadm("chatmail", "expire", "-v", "-u",
                                    home.name)
        left = exp.mail_files(home)
        tap.note(f"left: {sorted(left)}")
        expect(got, EX_TEMPFAIL)
        assert "no mailbox of Dovecot's" in err, err
        assert "a..b" not in err and "@" not in err, err
    with tap.check("the others go, and are listed"):
        assert ".a..b/" in {name[:6] for name in left} and left <= stay
        for name in go | stay - left:
            assert name in out, (name, out)
        for name in left:
            assert name not in out, (name, out)
        expect(exp.summary("-u", home.name, code=EX_TEMPFAIL)["failed"], 1)
    with tap.check("to a terminal it says which"):
        out = exp.on_terminal("-u", home.name)
        assert ".a..b" in out, out
    exp.remove(home)


def check_many_not_known(tap, relay, exp):
    home = account(relay.mailboxes, "unlisted2", 1)
    none = restored(home, ".a..b") / "cur"
    for i in range(LOT):
        os.close(os.open(none / f"1500000000.M{i}P1.host,S=0,W=0:2,S",
                         os.O_CREAT | os.O_WRONLY))
    # some of these are read behind the other one
    for i in range(20):
        message(restored(home, f".Folder{i}"), "cur", 30 * DAY)
    with tap.check(f"{LOT} of them do not keep others from going"):
        row = exp.summary("-u", home.name, code=EX_TEMPFAIL)
        expect((row["messages_removed"], row["failed"]), (20, 1))
        expect(len(os.listdir(none)), LOT)
        expect(list(home.glob(".Folder*/cur/*")), [])
    exp.remove(home)


with Tap() as tap, started_relay(tap) as relay:
    exp = Expire(relay)
    check_agree(tap, relay, exp)
    check_not_known(tap, relay, exp)
    check_many_not_known(tap, relay, exp)
