#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What it costs to trim one folder of many messages. Not part of `make bench`:
a million files take minutes to make.

    RELAY_STAGE=/tmp/stage tests/bench/bench_trim.py [MESSAGES [off-2.3|off-2.4]]

off: without the plugin, for comparison.
Maildir with one INBOX of MESSAGES (default 1,000,000) small messages, all old.
The deliveries that pass the level, and one that does not fit, are measured;
memory is the peak of the lmtp process.
"""
import pathlib
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


def fill(relay, login, count):
    box = home(relay, login) / "cur"
    start = int(time.time()) - 10 * DAY
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


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    local_conf = LOCAL_CONF
    if len(sys.argv) > 2:
        local_conf += OFF[sys.argv[2].removeprefix("off-")]
    # all of them are 74.9 percent
    limit = count * SIZE * 1000 // 749
    with Tap() as tap, started_relay(tap, f"max_mailbox_size={limit // 1024}K",
                                     "max_message_size=1G",
                                     local_conf=local_conf) as relay:
        login = new_mailbox(relay)
        start = time.monotonic()
        fill(relay, login, count)
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
        with tap.check("below the level"):
            assert measure(relay, login, "below", SIZE)
        with tap.check("the level is passed"):
            assert measure(relay, login, "above", limit // 500)
        with tap.check("what does not fit makes room"):
            assert measure(relay, login, "full", limit // 3)


main()
