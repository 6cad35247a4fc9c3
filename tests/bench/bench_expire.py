#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make bench-expire: what `doveadm chatmail expire` costs. See README."""
import os
import pathlib
import pwd
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from bench import fail, need

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
sys.dont_write_bytecode = True

import relay_client  # noqa: E402

DAY = 86400
KEEP_DAYS = 20
LARGE_DAYS = 7
LARGE = 200000
LOGIN_DAYS = 90
# accounts x messages
TREES = (2000, 50), (20000, 5)
# part of the messages that is due
DUE = 0, 0.22, 0.40
# seconds: what chatmail/relay's Python expiry takes here, and a ceiling
GOAL_NOTHING = {(2000, 50): 0.40, (20000, 5): 1.4}
GOAL_REMOVE = {(20000, 5): 60}
GOAL_KB = 16 * 1024
HASH = "{SHA512-CRYPT}$6$saltsaltsalt$" + "x" * 86
BODY = b"From: a@chat.test\r\n\r\n" + b"x" * 1000 + b"\r\n"
LIMIT = 900


def shell(command, *args):
    done = subprocess.run(
        ["sh", "-c", f'. "$0" && {command} "$@"',
         str(HERE.parent / "lib" / "relay.sh"), *args],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, timeout=LIMIT)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stderr}")
    return done.stdout


def make_account(home, messages, due, number, owner, rand):
    """As Dovecot would have left it; how many messages are due."""
    os.mkdir(home, 0o700)
    now = int(time.time())
    count = 0
    for name in "cur", "new", "tmp":
        os.mkdir(f"{home}/{name}", 0o700)
    day = now // DAY * DAY - 3 * DAY
    for name, text in ("password", HASH), ("enforceE2EEincoming", ""):
        with open(f"{home}/{name}", "w") as out:
            out.write(text)
    os.utime(f"{home}/password", (day, day))
    for i in range(messages):
        old = rand.random() < due
        count += old
        age = rand.uniform(21, 40) if old else rand.uniform(0, 19)
        saved = int(now - age * DAY)
        size = len(BODY)
        path = (f"{home}/cur/{saved}.M{number}P{i}.host,S={size},W={size}"
                ":2,S")
        with open(path, "wb") as out:
            out.write(BODY)
        os.utime(path, (saved, saved))
    for base, _, files in os.walk(home):
        os.chown(base, *owner)
        for name in files:
            os.chown(f"{base}/{name}", *owner)
    return count


def make_tree(root, accounts, messages, due):
    vmail = pwd.getpwnam("vmail")
    rand = random.Random(1)
    return sum(make_account(f"{root}/{number:09}@chat.test", messages, due,
                            number, (vmail.pw_uid, vmail.pw_gid), rand)
               for number in range(accounts))


class Other:
    """The same job as a Python program would do it: one pass of listdir and
    stat, and unlink behind Dovecot's back. Written after the rules, in the
    plainest way; run as a process of its own."""

    def __init__(self, root):
        self.root = root

    def run(self):
        begin = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-B", str(HERE / "bench_expire.py"), "--other",
             self.root], capture_output=True, text=True, check=True,
            timeout=LIMIT)
        seconds = time.monotonic() - begin
        removed, cpu = done.stdout.split()
        return seconds, float(cpu), int(removed)


def listdir(path):
    try:
        return os.listdir(path)
    except (FileNotFoundError, NotADirectoryError):
        return []


def other_folder(path, now):
    removed = 0
    for name in listdir(path):
        full = f"{path}/{name}"
        if name not in ("cur", "new", "tmp"):
            if os.path.isdir(full):
                removed += other_folder(full, now)
            else:
                os.stat(full)
            continue
        for file in listdir(full):
            stat = os.stat(f"{full}/{file}")
            age = now - stat.st_mtime
            if age > KEEP_DAYS * DAY or (name == "cur" and
                                         stat.st_size > LARGE and
                                         age > LARGE_DAYS * DAY):
                os.unlink(f"{full}/{file}")
                removed += 1
    return removed


def other(root):
    now = time.time()
    removed = 0
    for name in os.listdir(root):
        home = f"{root}/{name}"
        try:
            last = os.stat(f"{home}/password").st_mtime
        except FileNotFoundError:
            continue
        if last < now - LOGIN_DAYS * DAY:
            shutil.rmtree(home)
        else:
            removed += other_folder(home, now)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(removed, usage.ru_utime + usage.ru_stime)


class Ours:
    def __init__(self, relay):
        self.relay = relay
        with open(relay.env["RELAY_DOVECOT_PID"]) as file:
            self.pid = file.read().strip()

    def doveadm(self, *args):
        """Seconds, of CPU, output, largest resident memory in kB. By time(1):
        what the kernel says of our child includes us, before it was
        doveadm."""
        begin = time.monotonic()
        done = subprocess.run(
            ["nsenter", "-t", self.pid, "-m", "-r", "-w", "time", "-q", "-f",
             "%U %S %M", "doveadm", "-c", self.relay.env["RELAY_DOVECOT_CONFIG"],
             *args], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, check=False, timeout=LIMIT)
        seconds = time.monotonic() - begin
        if done.returncode != 0:
            raise RuntimeError(f"doveadm: exit {done.returncode}: " +
                               done.stdout + done.stderr)
        user, system, memory = done.stderr.split()[-3:]
        return seconds, float(user) + float(system), done.stdout, int(memory)

    def run(self):
        seconds, cpu, out, kilobytes = self.doveadm("chatmail", "expire", "-A")
        row = dict(word.split("=") for word in out.split())
        return (seconds, cpu), kilobytes, \
            {key: int(value) for key, value in row.items()}


def empty(root):
    for name in os.listdir(root):
        shutil.rmtree(f"{root}/{name}")


def nothing_due(ours, theirs, runs):
    """Medians of (seconds, of CPU), in turn; and our memory."""
    mine, others, memory = [], [], 0
    for _ in range(runs + 1):
        times, kilobytes, row = ours.run()
        if row["messages_removed"] or row["opened"]:
            raise RuntimeError(f"something was due: {row}")
        mine.append(times)
        memory = max(memory, kilobytes)
        others.append(theirs.run()[:2])
    # the first of each has warmed the cache
    return medians(mine[1:]), medians(others[1:]), memory


def medians(rows):
    return [statistics.median(column) for column in zip(*rows)]


def line(tree, due, mine, others, memory, goal, rest=""):
    missed = " " if goal is None or mine[0] <= goal else "!"
    print(f"{tree[0]:>6} x {tree[1]:<3} {due:>4.0%}  {mine[0]:6.2f} "
          f"({mine[1]:5.2f})  {others[0]:6.2f} ({others[1]:5.2f}) "
          f"{memory:>7} {goal if goal else '':>5}{missed} {rest}", flush=True)
    return missed == "!" or (due == 0 and memory > GOAL_KB)


def measure(ours, theirs, root, tree, runs):
    missed = False
    for due in DUE:
        empty(root)
        count = make_tree(root, *tree, due)
        if due == 0:
            mine, others, memory = nothing_due(ours, theirs, runs)
            missed |= line(tree, due, mine, others, memory,
                           GOAL_NOTHING[tree])
            continue
        # as clients leave them: with indexes
        ours.doveadm("index", "-A", "INBOX")
        copy = root + ".copy"
        subprocess.run(["cp", "-a", root, copy], check=True, timeout=LIMIT)
        *other_times, removed = Other(copy).run()
        shutil.rmtree(copy)
        times, memory, row = ours.run()
        if row["messages_removed"] != count or removed != count:
            raise RuntimeError(f"{count} were due: {row}, {removed}")
        missed |= line(
            tree, due, times, other_times, memory, GOAL_REMOVE.get(tree),
            f"{times[0] / row['opened'] * 1000:.2f} ms a mailbox, "
            f"{times[0] / count * 1000:.3f} ms a message")
    return missed


def main():
    if sys.argv[1:2] == ["--other"]:
        other(sys.argv[2])
        return 0
    if os.geteuid() != 0 or not os.environ.get("RELAY_STAGE"):
        fail("needs root and RELAY_STAGE: make install DESTDIR=...")
    need(("dovecot", "dovecot-imapd"), ("nsenter", "util-linux"),
         ("time", "time"))
    runs = int(os.environ.get("BENCH_RUNS") or 5)
    where = os.environ.get("BENCH_TREE") or (
        "/dev/shm" if os.path.isdir("/dev/shm") else "/tmp")
    # so that the relay ends, too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    trees = [tree for tree in TREES if not os.environ.get("BENCH_SIZES") or
             f"{tree[0]}x{tree[1]}" in os.environ["BENCH_SIZES"].split()]
    base = tempfile.mkdtemp(prefix="cm-bench.", dir=where)
    missed = False
    try:
        shell("relay_init", base)
        relay = relay_client.Relay(base)
        shell("relay_start", base)
        print("accounts x messages, due; seconds ours (CPU), Python's "
              "(CPU), kB ours, goal")
        for tree in trees:
            missed |= measure(Ours(relay), Other(relay.mailboxes),
                              relay.mailboxes, tree, runs)
    finally:
        shell("relay_stop", base)
        shutil.rmtree(base, ignore_errors=True)
    return 1 if missed and os.environ.get("BENCH_CHECK") == "1" else 0


if __name__ == "__main__":
    sys.exit(main())
