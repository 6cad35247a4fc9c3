# SPDX-License-Identifier: MIT
"""What the tests of expiry share: mailboxes with an age, and the command."""
import contextlib
import itertools
import json
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import time

from harness import LIB, RELAY_SECONDS, expect
from resync import resync, resync_after_kill

DAY = 86400
HASH = "{SHA512-CRYPT}$6$saltsaltsalt$" + "x" * 86
BODY = b"From: a@chat.test\r\n\r\n"

counter = itertools.count(1)


def owned(path):
    """As what Dovecot makes, it belongs to the user vmail."""
    vmail = pwd.getpwnam("vmail")
    os.chown(path, vmail.pw_uid, vmail.pw_gid)


def write(path, text, age=0):
    pathlib.Path(path).write_text(text)
    owned(path)
    os.utime(path, (time.time() - age,) * 2)


def account(root, local, days, domain="chat.test"):
    """The folder of an account whose last login was `days` days ago, None: it
    has no password. With an empty Maildir."""
    home = pathlib.Path(root, f"{local}@{domain}")
    home.mkdir()
    for name in "cur", "new", "tmp":
        (home / name).mkdir()
        owned(home / name)
    owned(home)
    if days is not None:
        write(home / "password", HASH)
        day = time.time() // DAY * DAY - days * DAY
        os.utime(home / "password", (day, day))
    return home


def message(box, sub, age, size=1000, plain=False, name=None):
    """Puts a message of that age into box/sub, as Dovecot would have named it
    then; plain: without sizes; or under another name. Returns sub/NAME, without
    flags."""
    saved = int(time.time() - age)
    if name is None:
        name = f"{saved}.M{next(counter)}P1.host"
        if not plain:
            name += f",S={max(size, len(BODY))},W={max(size, len(BODY))}"
    path = pathlib.Path(box, sub, name + (":2,S" if sub == "cur" else ""))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(BODY + b"x" * (size - len(BODY)))
    owned(path.parent)
    owned(path)
    os.utime(path, (saved, saved))
    return f"{sub}/{name}"


def snapshot(path):
    """All there is below it: names, inodes, sizes, times of change."""
    found = {}
    for base, dirs, files in os.walk(path):
        for name in dirs + files:
            full = os.path.join(base, name)
            stat = os.lstat(full)
            found[full] = (stat.st_ino, stat.st_size, stat.st_mtime_ns,
                           stat.st_ctime_ns)
    return found


class Expire:
    """doveadm on one relay."""

    def __init__(self, relay):
        self.relay = relay
        self.torn = 0

    def command(self, *args):
        return ["sh", "-c", '. "$0" && relay_doveadm "$@"',
                str(LIB / "relay.sh"), self.relay.dir, *args]

    def doveadm(self, *args, env=None):
        """Exit status, standard output, standard error."""
        done = subprocess.run(
            self.command(*args), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
            timeout=RELAY_SECONDS, env={**os.environ, **(env or {})})
        return done.returncode, done.stdout, done.stderr

    def run(self, *args):
        return self.doveadm("chatmail", "expire", *args)

    def rows(self, *args, code=0, ahead=None, command="expire"):
        """What `doveadm -f json chatmail expire` prints; ahead: by a clock
        that is so much ahead, for nothing but doveadm."""
        env = self.clock(ahead) if ahead else None
        got, out, err = self.doveadm("-f", "json", "chatmail", command, *args,
                                     env=env)
        assert got == code, f"exit {got}, expected {code}: {out}{err}"
        return json.loads(out) if out.strip() else []

    @staticmethod
    def clock(ahead):
        return {
            "LD_PRELOAD": faketime(), "FAKETIME": ahead,
            "NO_FAKE_STAT": "1",  # files keep their times
            "DOVECOT_PRESERVE_ENVS": "LD_PRELOAD FAKETIME NO_FAKE_STAT"}

    def summary(self, *args, code=0):
        row = self.rows(*args, code=code)[0]
        return {key: int(value) for key, value in row.items()}

    def popen(self, *args, env=None):
        return subprocess.Popen(
            self.command("chatmail", "expire", *args), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=env)

    def popen_report(self, *args, times):
        """`report` so many times, one after the other."""
        return subprocess.Popen(
            ["sh", "-c", '. "$0"; n=$1; shift; while [ $n -gt 0 ]; do '
             'relay_doveadm "$@" || exit 1; n=$((n - 1)); done',
             str(LIB / "relay.sh"), str(times), self.relay.dir, "chatmail",
             "report", *args])

    @staticmethod
    def doveadm_of(proc):
        """The process of doveadm below the shell of popen(), as soon as it is
        there; None: it has ended."""
        children = pathlib.Path(f"/proc/{proc.pid}/task/{proc.pid}/children")
        end = time.monotonic() + RELAY_SECONDS
        while proc.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError):
                for pid in children.read_text().split():
                    name = pathlib.Path("/proc", pid, "comm").read_text()
                    if name == "doveadm\n":
                        return int(pid)
        return None

    def signal(self, proc, number):
        pid = self.doveadm_of(proc)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def on_terminal(self, *args):
        """What a terminal would show."""
        import pty
        leader, follower = pty.openpty()
        with open(os.devnull, "w") as null:
            proc = subprocess.Popen(
                self.command("chatmail", "expire", *args),
                stdin=subprocess.DEVNULL, stdout=null, stderr=follower)
        os.close(follower)
        text = b""
        while True:
            try:
                data = os.read(leader, 4096)
            except OSError:
                break
            if not data:
                break
            text += data
        proc.wait(timeout=RELAY_SECONDS)
        os.close(leader)
        return text.decode()

    def quota(self, name):
        """STORAGE in kB and MESSAGE, as Dovecot counts them."""
        got, out, err = self.doveadm("-f", "json", "quota", "get", "-u", name)
        assert got == 0, err
        rows = {row["type"]: int(row["value"]) for row in json.loads(out)}
        return rows["STORAGE"], rows["MESSAGE"]

    def quota_is_right(self, name):
        usage = self.quota(name)
        got, _, err = self.doveadm("quota", "recalc", "-u", name)
        assert got == 0, err
        expect(self.quota(name), usage)

    def resync(self, name):
        return resync(self.relay, name)

    def resync_after_kill(self, name):
        said, torn = resync_after_kill(self.relay, name)
        self.torn += torn
        return said

    def resync_is_silent(self, tap, name):
        with tap.check("force-resync has nothing to say"):
            expect(self.resync(name), "")

    @staticmethod
    def mail_files(box):
        """folder/sub/NAME of all messages of a Maildir, without flags."""
        found = set()
        for sub in "cur", "new":
            for path in pathlib.Path(box).glob(f"**/{sub}/*"):
                name = str(path.relative_to(box))
                found.add(name.split(":")[0])
        return found

    @staticmethod
    def remove(path):
        shutil.rmtree(path)


def faketime():
    """The library that gives one process another clock."""
    for path in pathlib.Path("/usr/lib").glob("**/libfaketime.so.1"):
        return str(path)
    raise RuntimeError("libfaketime is missing: apt-get install faketime")
