#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kill -9 of auth-worker in front of each of the steps by which a first login
makes an account: the client is told to try again, and its next try gets in."""
import concurrent.futures
import os
import pathlib
import shutil
import struct
import subprocess
import sys

from harness import SKIP, Tap, shell, started_relay

HERE = pathlib.Path(__file__).resolve().parent
PASSWORD = "long-enough-password"
# More steps than there are; the loop ends with the last one.
MAX_STEPS = 80
MAX_TOKEN_STEPS = 40
# The least that must be seen: make the directory, open, write, time, sync,
# the second file, link, unlink, sync twice, and the answer.
MIN_STEPS = 11


class Killer:
    """The file that kill-at.c reads."""

    def __init__(self, path):
        self.path = path
        self.arm(0)

    def arm(self, step):
        with open(self.path, "r+b" if self.path.exists() else "wb") as file:
            file.write(struct.pack("=II", step, 0))

    def count(self):
        return struct.unpack("=II", self.path.read_bytes())[1]


def login(relay, name, password):
    """"ok", "no" for a wrong password, or "again"."""
    conn = relay.imap()
    try:
        conn.login(f"{name}@{relay.domain}", password)
        conn.logout()
        return "ok"
    except conn.error as error:
        text = str(error)
    if "AUTHENTICATIONFAILED" in text:
        return "no"
    assert "UNAVAILABLE" in text, text
    return "again"


def leftovers(relay, name):
    """That of account.json goes with the next day's login."""
    path = pathlib.Path(relay.mailboxes, f"{name}@{relay.domain}")
    return [entry.name for entry in path.iterdir()
            if entry.name.startswith(".password.")]


def all_refused(relay, logins):
    """Refusals take their time: many at once."""
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda pair: login(relay, *pair), logins))
    assert answers == ["no"] * len(logins), list(zip(logins, answers))


def each_step(relay, killer, prefix, password_of):
    """The names and passwords of those that were killed."""
    killed = []
    for step in range(1, MAX_STEPS):
        name = f"{prefix}{step:03}"
        password = password_of(step)
        # the worker that the last one took with it is there again
        assert login(relay, "steady001", PASSWORD) == "ok"
        killer.arm(step)
        answer = login(relay, name, password)
        reached = killer.count() >= step
        killer.arm(0)
        if not reached:
            assert answer == "ok", (step, answer)
            all_refused(relay, [(name, word + "x")
                                for name, word in killed])
            return killed
        killed.append((name, password))
        # Dead in front of the answer, or behind all of it.
        assert answer in ("again", "ok"), (step, answer)
        again = login(relay, name, password)
        assert again == "ok", (step, again)
        assert not leftovers(relay, name), (step, leftovers(relay, name))
    raise AssertionError(f"more than {MAX_STEPS} steps")


def check_plain(tap, relay, killer):
    with tap.check("killed at each step of a creation"):
        killed = each_step(relay, killer, "plain0",
                           lambda step: PASSWORD)
        tap.note(f"{len(killed)} steps")
        assert len(killed) >= MIN_STEPS, killed


def check_token(tap, relay, killer):
    """With a token that is good for one account: it is not lost, and it is
    not good for a second one."""
    secret = "kill-token-{:03}".format
    for step in range(1, MAX_TOKEN_STEPS):
        shell(relay.dir, "relay_doveadm", "chatmail", "token", "add",
              "-m", "1", f"kill{step}", secret(step))

    with tap.check("the same with a token for one account"):
        killed = each_step(relay, killer, "token0",
                           lambda step: secret(step) + PASSWORD)
        tap.note(f"{len(killed)} steps")
        assert len(killed) > MIN_STEPS, killed
        all_refused(relay, [(name.replace("token", "other"), password)
                            for name, password in killed])


def check_hold(tap, relay, killer):
    """And a held name, brought back by its old password."""
    def password_of(step):
        name = f"held00{step:03}"
        assert login(relay, name, PASSWORD) == "ok"
        shell(relay.dir, "relay_doveadm", "chatmail", "user", "delete",
              f"{name}@{relay.domain}")
        return PASSWORD

    with tap.check("the same with a name that is held"):
        killed = each_step(relay, killer, "held00", password_of)
        tap.note(f"{len(killed)} steps")
        assert len(killed) >= MIN_STEPS, killed


def check_log(tap, relay):
    """Dovecot tells that a worker has died, and must not tell at whose
    login."""
    with tap.check("the log names nobody whose login was killed"):
        text = pathlib.Path(relay.dir, "log", "dovecot.log").read_text(
            errors="replace")
        told = [line for line in text.splitlines() if "Aborted " in line]
        tap.note(f"{len(told)} lines")
        assert any("PASSV request for a login" in line for line in told), told[:5]
        assert f"@{relay.domain}" not in text, \
            [line for line in text.splitlines() if "@" in line][:5]


def main():
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if not compiler:
        print("1..0 # SKIP no C compiler for kill-at.c")
        sys.exit(SKIP)

    def prepare(relay):
        base = pathlib.Path(relay.dir)
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o",
                        base / "kill-at.so", HERE / "kill-at.c", "-ldl"],
                       check=True)
        libexec = subprocess.run(
            ["doveconf", "-h", "libexec_dir"], capture_output=True,
            check=False).stdout.decode().strip() or "/usr/lib/dovecot"
        worker = base / "killed-worker"
        worker.write_text(
            "#!/bin/sh\n"
            f"CM_KILL_AT={base}/kill-at LD_PRELOAD={base}/kill-at.so "
            f"exec {libexec}/auth -w\n")
        worker.chmod(0o755)
        with open(base / "dovecot/etc/local.conf", "a") as conf:
            conf.write("service auth-worker {\n"
                       f"  executable = {worker}\n}}\n")

    with Tap() as tap:
        killers = []

        def before_start(relay):
            killers.append(Killer(pathlib.Path(relay.dir, "kill-at")))
            prepare(relay)

        with started_relay(tap, "hold_deleted_days=3", "login_brake_after=0",
                           before_start=before_start) as relay:
            assert login(relay, "steady001", PASSWORD) == "ok"
            check_plain(tap, relay, killers[0])
            check_hold(tap, relay, killers[0])
            check_token(tap, relay, killers[0])
            check_log(tap, relay)


main()
