#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two relays at once on one tree of mailboxes and one state_dir: twice the
processes that one has, none of which knows of the others. Nothing is lost,
and nothing is given out twice."""
import concurrent.futures
import contextlib
import json
import pathlib
import random
import re
import threading
import time

from harness import Tap, shell, started_relay

PASSWORD = "password-number-{:03}".format
# For one address, each with a password of its own.
RACERS = 200
# Addresses that are all made at both relays at once.
ADDRESSES = 60
THREADS = 40
USES = 10
TOKEN = "shared-token"


def attempt(relay, name, password):
    """"ok", "no", or the rest of the answer."""
    conn = relay.imap()
    try:
        conn.login(f"{name}@{relay.domain}", password)
        conn.logout()
        return "ok"
    except conn.error as error:
        return "no" if "AUTHENTICATIONFAILED" in str(error) else str(error)


def both(pool, relays, jobs):
    """The jobs, (name, password), by turns to one relay and the other."""
    return list(pool.map(lambda pair: attempt(relays[pair[0] % 2], *pair[1]),
                         enumerate(jobs)))


def again(relays, jobs, got):
    """Some may be told to try again; these do."""
    for _ in range(5):
        for i, text in enumerate(got):
            if text not in ("ok", "no"):
                got[i] = attempt(relays[i % 2], *jobs[i])


def check_one_address(tap, pool, relays):
    with tap.check(f"{RACERS} first logins to one address with {RACERS} "
                   "passwords: one owner"):
        words = [PASSWORD(i) for i in range(RACERS)]
        jobs = [("oneowner1", word) for word in words]
        got = both(pool, relays, jobs)
        again(relays, jobs, got)
        winners = [word for word, text in zip(words, got) if text == "ok"]
        assert len(winners) == 1, (winners, set(got))
        for relay in relays:
            assert attempt(relay, "oneowner1", winners[0]) == "ok"
        home = pathlib.Path(relays[0].mailboxes,
                            f"oneowner1@{relays[0].domain}")
        assert not list(home.glob(".password.*"))


def check_many(tap, pool, relays):
    with tap.check(f"{ADDRESSES} addresses at both relays at once"):
        names = [f"shared{i:03}" for i in range(ADDRESSES)]
        jobs = [(name, PASSWORD(0)) for name in names for _ in relays]
        got = both(pool, relays, jobs)
        again(relays, jobs, got)
        assert set(got) == {"ok"}, set(got)
        for name in names:
            info = json.loads(pathlib.Path(
                relays[0].mailboxes, f"{name}@{relays[0].domain}",
                "account.json").read_text())
            assert {"created", "last_login"} <= set(info), (name, info)


def check_token(tap, pool, relays):
    with tap.check(f"a token for {USES}: {USES} accounts at both together"):
        shell(relays[0].dir, "relay_doveadm", "chatmail", "token", "add",
              "-m", str(USES), "shared", TOKEN)
        jobs = [(f"tokens{i:03}", TOKEN + PASSWORD(0))
                for i in range(5 * USES)]
        got = both(pool, relays, jobs)
        again(relays, jobs, got)
        assert sorted(set(got)) == ["no", "ok"], set(got)
        assert got.count("ok") == USES, got.count("ok")
        for relay in relays:
            out = shell(relay.dir, "relay_doveadm", "-f", "json", "chatmail",
                        "token", "list")
            assert json.loads(out)[0]["used"] == str(USES), out
        shell(relays[1].dir, "relay_doveadm", "chatmail", "token", "remove",
              "shared")
        shell(relays[0].dir, "relay_doveadm", "chatmail", "registration",
              "open")


def check_mail(tap, pool, relays):
    """Both append to the same mailbox while both delete other accounts."""
    doomed = [f"shared{i:03}" for i in range(20)]
    # Dovecot has ten for a user and address (mail_max_userip_connections), and
    # forgets one that has logged out a little later, later still if busy.
    slots = threading.BoundedSemaphore(3)

    def append(i):
        relay = relays[i % 2]
        with slots:
            conn = relay.imap((f"oneowner2@{relay.domain}", PASSWORD(1)))
            conn.append("INBOX", None, None,
                        b"Subject: %d\r\n\r\nx\r\n" % i)
            conn.logout()

    def delete(i):
        relay = relays[i % 2]
        shell(relay.dir, "relay_doveadm", "chatmail", "user", "delete",
              f"{doomed[i // 2]}@{relay.domain}")

    with tap.check("mail for one account through both, while both delete "
                   "others"):
        assert attempt(relays[0], "oneowner2", PASSWORD(1)) == "ok"
        work = [(append, i) for i in range(60)]
        work += [(delete, i) for i in range(20)]
        random.Random(4).shuffle(work)
        for future in [pool.submit(*job) for job in work]:
            with contextlib.suppress(RuntimeError):
                # two deletions of one: the other was quicker
                future.result()
        conn = relays[1].imap((f"oneowner2@{relays[1].domain}", PASSWORD(1)))
        conn.select("INBOX")
        uids = conn.uid("SEARCH", "ALL")[1][0].split()
        subjects = {int(re.search(rb"Subject: (\d+)", row[1]).group(1))
                    for row in conn.uid(
                        "FETCH", "1:*",
                        "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
                    if isinstance(row, tuple)}
        conn.logout()
        assert len(uids) == 60 and subjects == set(range(60)), len(uids)
        mailboxes = pathlib.Path(relays[0].mailboxes)
        for name in doomed[:10]:
            assert not (mailboxes / f"{name}@{relays[0].domain}").exists()
        for name in doomed[10:]:
            assert attempt(relays[1], name, PASSWORD(0)) == "ok", name


def main():
    with Tap() as tap, \
            started_relay(tap, "login_brake_after=0") as first:

        def share(relay):
            path = pathlib.Path(relay.dir, "chatmail.ini")
            text = path.read_text()
            text = re.sub(r"(?m)^mailboxes_dir *=.*",
                          f"mailboxes_dir={first.mailboxes}", text)
            path.write_text(text + f"\nstate_dir={first.dir}/state\n")
            relay.mailboxes = first.mailboxes

        with started_relay(tap, "login_brake_after=0",
                           before_start=share) as second, \
                concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            relays = [first, second]
            check_one_address(tap, pool, relays)
            check_many(tap, pool, relays)
            check_token(tap, pool, relays)
            check_mail(tap, pool, relays)
            time.sleep(0.1)


main()
