#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Registration tokens, and names that are held: what `doveadm chatmail`
sets, logins obey."""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import time

from harness import Tap, early_in_day, shell, started_relay

SECRET = "sesame-open"
REST = "long-enough-password"
RACERS = 100
USES = 10
DEVICES = 20
ROUNDS = 5
DAY = 86400
LOG_SECONDS = 20


def doveadm(relay, *args):
    return shell(relay.dir, "relay_doveadm", "chatmail", *args)


def rows(relay, *args):
    text = shell(relay.dir, "relay_doveadm", "-f", "json", "chatmail", *args)
    return json.loads(text)


def login(relay, name, password):
    """"ok", "no" for what a client takes for a wrong password, or the rest of
    the answer: try again."""
    conn = relay.imap()
    try:
        conn.login(f"{name}@{relay.domain}", password)
        conn.logout()
        return "ok"
    except conn.error as error:
        text = str(error)
        return "no" if "AUTHENTICATIONFAILED" in text else text


def token_of(relay, name):
    path = pathlib.Path(relay.mailboxes, f"{name}@{relay.domain}",
                        "account.json")
    return json.loads(path.read_text()).get("token")


def exists(relay, name):
    return pathlib.Path(relay.mailboxes, f"{name}@{relay.domain}",
                        "password").exists()


def used(relay, name):
    return {row["name"]: row["used"] for row in rows(relay, "token",
                                                     "list")}[name]


def status(relay):
    return rows(relay, "registration", "status")[0]["registration"]


def log_of(relay):
    return pathlib.Path(relay.dir, "log", "dovecot.log").read_text(
        errors="replace")


def wait_logged(relay, text):
    """Dovecot's log process writes a little after the answer."""
    end = time.monotonic() + LOG_SECONDS
    while text not in log_of(relay):
        assert time.monotonic() < end, f"not in the log: {text}"
        time.sleep(0.05)


def check_tokens(tap, relay):
    with tap.check("the first token is asked for at once"):
        assert status(relay) == "open"
        assert login(relay, "before001", REST) == "ok"
        doveadm(relay, "token", "add", "-m", "2", "-c", "für zwei", "pair",
                SECRET)
        assert status(relay) == "token"
        assert login(relay, "token0001", REST) == "no"
        assert login(relay, "before001", REST) == "ok"
    with tap.check("a token in front of the password makes an account"):
        assert login(relay, "token0001", SECRET + REST) == "ok"
        assert token_of(relay, "token0001") == "pair"
        assert token_of(relay, "before001") is None
    with tap.check("it stays part of the password"):
        assert login(relay, "token0001", REST) == "no"
        assert login(relay, "token0001", SECRET + REST) == "ok"
        assert used(relay, "pair") == "1", used(relay, "pair")
    with tap.check("what is behind it is counted, and in its middle it is "
                   "none"):
        assert login(relay, "token0002", SECRET + "short") == "no"
        assert login(relay, "token0002", REST + SECRET + REST) == "no"
        assert login(relay, "bad", SECRET + REST) == "no"
        assert used(relay, "pair") == "1"
    with tap.check("used up: no more accounts, the old ones go on"):
        assert login(relay, "token0002", SECRET + REST) == "ok"
        assert login(relay, "token0003", SECRET + REST) == "no"
        assert login(relay, "token0002", SECRET + REST) == "ok"
        assert rows(relay, "token", "list")[0]["state"] == "used up"
    with tap.check("a token made by us works; one of yesterday does not"):
        early_in_day(20)
        made = rows(relay, "token", "add", "made")[0]["token"]
        assert login(relay, "token0004", made + REST) == "ok"
        yesterday = time.strftime("%Y-%m-%d", time.gmtime(time.time() - DAY))
        today = time.strftime("%Y-%m-%d", time.gmtime())
        doveadm(relay, "token", "add", "-e", yesterday, "past", "yesterdays-1")
        doveadm(relay, "token", "add", "-e", today, "now", "todays-one")
        assert login(relay, "token0005", "yesterdays-1" + REST) == "no"
        assert login(relay, "token0005", "todays-one" + REST) == "ok"
    with tap.check("closed goes over any token"):
        doveadm(relay, "registration", "close")
        assert status(relay) == "closed"
        assert login(relay, "token0006", made + REST) == "no"
        doveadm(relay, "registration", "open")
        assert status(relay) == "token"
        assert login(relay, "token0006", made + REST) == "ok"


def check_race(tap, relay):
    with tap.check(f"{RACERS} logins at once, {USES} uses: {USES} accounts"):
        doveadm(relay, "token", "add", "-m", str(USES), "race", "race-token-1")
        names = [f"racer{i:04}" for i in range(RACERS)]
        with concurrent.futures.ThreadPoolExecutor(RACERS) as pool:
            answers = list(pool.map(
                lambda name: login(relay, name, "race-token-1" + REST),
                names))
        made = [name for name in names if exists(relay, name)]
        assert len(made) == USES, len(made)
        assert [name for name, answer in zip(names, answers)
                if answer == "ok"] == made, answers
        assert all(token_of(relay, name) == "race" for name in made)
        assert used(relay, "race") == str(USES)


def check_same(tap, relay):
    """Delta Chat logs in by IMAP and SMTP at the same time."""
    with tap.check(f"{DEVICES} logins at once to one address, one use: all "
                   "get in"), \
            concurrent.futures.ThreadPoolExecutor(DEVICES) as pool:
        for i in range(ROUNDS):
            token, name = f"same-token-{i}", f"same0000{i}"
            doveadm(relay, "token", "add", "-m", "1", f"same{i}", token)
            answers = list(pool.map(
                lambda password, name=name: login(relay, name, password),
                [token + REST] * DEVICES))
            assert answers == ["ok"] * DEVICES, answers
            assert used(relay, f"same{i}") == "1"
    with tap.check("and a wrong password is still wrong"):
        assert login(relay, "same00000", "same-token-0" + REST + "x") == "no"


def check_damage(tap, relay):
    tokens = pathlib.Path(relay.dir, "state", "tokens")
    doveadm(relay, "token", "add", "frail", "frail-token-1")
    doveadm(relay, "token", "add", "sound", "sound-token-1")
    path = next(path for path in tokens.glob("13/*")
                if '"frail"' in path.read_text())
    text = path.read_text()
    with tap.check("a damaged token: try again, the others go on"):
        path.write_text(text[:-9])
        assert login(relay, "frail0001", "frail-token-1" + REST) not in (
            "ok", "no")
        assert login(relay, "sound0001", "sound-token-1" + REST) == "ok"
        assert login(relay, "token0001", SECRET + REST) == "ok"
        wait_logged(relay, "a registration token is damaged")
    with tap.check("mended by hand it works"):
        path.write_text(text)
        assert login(relay, "frail0001", "frail-token-1" + REST) == "ok"
    with tap.check("nothing in state_dir or the log tells a token"):
        log = "\n".join(line for line in log_of(relay).splitlines()
                        if ": Debug: " not in line)
        state = subprocess.run(["grep", "-rlE", "frail-token|sesame-open",
                                str(tokens)], capture_output=True,
                               check=False).stdout
        assert not state, state
        assert "frail-token" not in log and "frail0001" not in log


def check_removed(tap, relay):
    with tap.check("without a token left nobody registers until the admin "
                   "opens"):
        for row in rows(relay, "token", "list"):
            doveadm(relay, "token", "remove", row["name"])
        assert rows(relay, "token", "list") == []
        assert status(relay) == "token"
        assert login(relay, "opened001", REST) == "no"
        doveadm(relay, "registration", "open")
        assert status(relay) == "open"
        assert login(relay, "opened001", REST) == "ok"
        assert login(relay, "token0001", SECRET + REST) == "ok"


def check_hold(tap, relay):
    held = pathlib.Path(relay.dir, "state", "held")
    with tap.check("a deleted address is held for its owner"):
        assert login(relay, "holder001", REST) == "ok"
        doveadm(relay, "user", "delete", f"holder001@{relay.domain}")
        assert not exists(relay, "holder001")
        assert login(relay, "holder001", REST + "x") == "no"
        assert not exists(relay, "holder001")
        entries = list(held.iterdir())
        assert len(entries) == 1
        assert "holder001" not in entries[0].name
        assert b"holder001" not in entries[0].read_bytes()
    with tap.check("the old password brings it back, empty"):
        assert login(relay, "holder001", REST) == "ok"
        assert exists(relay, "holder001")
        assert login(relay, "holder001", REST + "x") == "no"
        assert login(relay, "holder001", REST) == "ok"
    with tap.check("no token is needed for that, but registration be open"):
        doveadm(relay, "user", "delete", f"holder001@{relay.domain}")
        doveadm(relay, "token", "add", "any")
        doveadm(relay, "registration", "close")
        assert login(relay, "holder001", REST) == "no"
        doveadm(relay, "registration", "open")
        assert login(relay, "holder001", REST) == "ok"
        doveadm(relay, "token", "remove", "any")
        doveadm(relay, "registration", "open")
    with tap.check("after its days the address is free"):
        doveadm(relay, "user", "delete", f"holder001@{relay.domain}")
        assert login(relay, "holder001", "another-" + REST) == "no"
        for path in held.iterdir():
            past = path.stat().st_mtime - 4 * DAY
            os.utime(path, (past, past))
        assert login(relay, "holder001", "another-" + REST) == "ok"
        assert login(relay, "freed0001", REST) == "ok"
        doveadm(relay, "user", "delete", f"freed0001@{relay.domain}")
        assert len(list(held.iterdir())) == 1
    with tap.check("a damaged entry: try again, others are free"):
        next(held.iterdir()).write_bytes(b"\0\1\2")
        assert login(relay, "freed0001", REST) not in ("ok", "no")
        assert login(relay, "freed0002", REST) == "ok"
        wait_logged(relay, "the file of a held name is damaged")


def main():
    with Tap() as tap, started_relay(
            tap, "hold_deleted_days=3", "login_brake_after=0",
            # Dovecot has ten for a user and address; check_same() has more
            local_conf="mail_max_userip_connections = 100\n") as relay:
        check_tokens(tap, relay)
        check_race(tap, relay)
        check_same(tap, relay)
        check_damage(tap, relay)
        check_removed(tap, relay)
        check_hold(tap, relay)


main()
