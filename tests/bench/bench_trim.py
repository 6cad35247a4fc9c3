#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What it costs to trim, or expire, one folder of many messages. Not part of
`make bench`: a million files take minutes to make.

    RELAY_STAGE=/tmp/stage tests/bench/bench_trim.py [MESSAGES [HOW]]

Maildir with one INBOX of MESSAGES (default 1,000,000) small messages, all old.
The deliveries that pass the level, and one that does not fit, are measured;
memory is the peak of the lmtp process. HOW: off-2.3, off-2.4, without the
plugin, for comparison; expire: `doveadm chatmail expire`, instead of
deliveries, with nothing due, a twentieth, and nothing again.
"""
import pathlib
import resource
import secrets
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from harness import Tap, shell, started_relay  # noqa: E402
from trim import (DAY, deliver, home, lmtp, message, new_mailbox,  # noqa: E402
                  own, quota)
import os  # noqa: E402

SIZE = 200
# ext4 allows 65,000 names of one file.
LINKS = 60000
# Nothing is older than the first; the twentieth part than the second.
KEEP_DAYS = 1000
EXPIRE_DAYS = 20
EXPIRE_PART = 20
EXPIRE_SECONDS = 1800
LOCAL_CONF = """
# Reading the names of a million messages needs it, with or without us.
default_vsz_limit = 4G
mail_max_lock_timeout = 10m
"""
OFF = {
    "2.3": "protocol lmtp {\n  mail_plugins = zlib quota\n}\n",
    "2.4": "protocol lmtp {\n  mail_plugins {\n    chatmail_expire = no\n"
           "  }\n}\n",
}


def fill(relay, login, count, first_second):
    """Ten a second from then on."""
    box = home(relay, login) / "cur"
    start = first_second
    text = message(SIZE)
    first = None
    for i in range(count):
        path = box / (f"{start + i // 10}.M{i}P1{secrets.token_hex(2)}.relay,"
                      f"S={len(text)},W={len(text)}:2,")
        if i % LINKS == 0:
            path.write_bytes(text)
            own(path)
            first = path
        else:
            os.link(first, path)


def peak(relay):
    out = subprocess.run(["ps", "-eo", "pid,comm"], capture_output=True,
                         text=True, check=True).stdout
    best = 0
    for line in out.splitlines()[1:]:
        pid, comm = line.split(None, 1)
        if comm.strip() != "lmtp":
            continue
        try:
            text = pathlib.Path("/proc", pid, "status").read_text()
        except OSError:
            continue
        best = max(best, int(text.split("VmHWM:")[1].split()[0]))
    return best


def measure(relay, login, name, size):
    before = quota(relay, login)
    conn = lmtp(relay)
    conn.sock.settimeout(600)
    start = time.monotonic()
    code = deliver(relay, login, size, conn=conn)[0]
    reply = time.monotonic() - start
    conn.quit()
    done = time.monotonic() - start
    memory = peak(relay)
    after = quota(relay, login)
    print(f"# {name}: {code}, reply after {reply * 1000:.0f} ms, done after "
          f"{done:.2f} s, {before[1] + 1 - after[1]} messages went, lmtp had "
          f"{memory // 1024} MB at most", flush=True)
    return code == 250


def expire(relay, login, name):
    """How many are left."""
    start = time.monotonic()
    done = subprocess.run(
        ["sh", "-c", '. "$0" && relay_doveadm "$@"',
         str(HERE.parent / "lib" / "relay.sh"), relay.dir, "chatmail",
         "expire", "-u", login[0]], capture_output=True, text=True,
        timeout=EXPIRE_SECONDS)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    left = len(os.listdir(home(relay, login) / "cur"))
    print(f"# {name}: {time.monotonic() - start:.1f} s, {left} left, at most "
          f"{memory // 1024} MB", flush=True)
    for line in (done.stdout + done.stderr).splitlines():
        print(f"#   {line}", flush=True)
    assert done.returncode == 0, done.returncode
    return left


def bench_expire(tap, relay, login, count):
    ini = pathlib.Path(relay.env["RELAY_CONFIG"])
    with tap.check("nothing is due"):
        assert expire(relay, login, "nothing due") == count
    ini.write_text(ini.read_text().replace(
        f"delete_mails_after = {KEEP_DAYS}\n",
        f"delete_mails_after = {EXPIRE_DAYS}\n"))
    with tap.check("a twentieth is due"):
        left = expire(relay, login, "a twentieth due")
        # those that became so meanwhile are among them
        assert 0.9 * count < left <= count - count // EXPIRE_PART, left
    with tap.check("and all that is left stays, where Dovecot finds it"):
        assert quota(relay, login)[1] == left, quota(relay, login)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    local_conf = LOCAL_CONF
    how = sys.argv[2] if len(sys.argv) > 2 else "trim"
    if how.startswith("off-"):
        local_conf += OFF[how.removeprefix("off-")]
    # all of them are 74.9 percent
    limit = count * SIZE * 1000 // 749
    first = int(time.time()) - 10 * DAY
    if how == "expire":
        first = int(time.time()) - EXPIRE_DAYS * DAY - \
            count // EXPIRE_PART // 10
    with Tap() as tap, started_relay(tap, f"max_mailbox_size={limit // 1024}K",
                                     "max_message_size=1G",
                                     f"delete_mails_after={KEEP_DAYS}",
                                     local_conf=local_conf) as relay:
        login = new_mailbox(relay)
        start = time.monotonic()
        fill(relay, login, count, first)
        print(f"# {count} files in {time.monotonic() - start:.0f} s",
              flush=True)
        start = time.monotonic()
        # doveadm does what a first login does
        for _ in range(20):
            try:
                shell(relay.dir, "relay_doveadm", "quota", "recalc", "-u",
                      login[0])
                break
            except (subprocess.TimeoutExpired, RuntimeError) as error:
                print(f"# {error}", flush=True)
        print(f"# indexed in {time.monotonic() - start:.0f} s, "
              f"{quota(relay, login)}", flush=True)
        if how == "expire":
            bench_expire(tap, relay, login, count)
            return
        with tap.check("below the level"):
            assert measure(relay, login, "below", SIZE)
        with tap.check("the level is passed"):
            assert measure(relay, login, "above", limit // 500)
        with tap.check("what does not fit makes room"):
            assert measure(relay, login, "full", limit // 3)


main()
