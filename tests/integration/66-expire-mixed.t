#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`doveadm chatmail expire` where a Maildir is not all there is, or where not
all of it is Dovecot's."""
from expire_tree import DAY, Expire, account, message, owned
from harness import Tap, expect, started_relay

LARGE = 200000


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


with Tap() as tap, started_relay(tap) as relay:
    exp = Expire(relay)
    check_agree(tap, relay, exp)
