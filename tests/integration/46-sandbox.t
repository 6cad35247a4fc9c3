#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The milter needs no system call that its systemd unit forbids."""
import os
import pathlib
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import time

from harness import Tap, expect, shell, started_relay
import relay_client as rc

# Of strace, which makes everything slow.
SECONDS = 60

for wanted in "strace", "systemd-analyze":
    if not shutil.which(wanted):
        print(f"1..0 # SKIP {wanted} is not installed", flush=True)
        sys.exit(77)


def group(name):
    """The system calls of one of systemd's groups, those in it included."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", name],
                          capture_output=True, text=True, check=True).stdout
    found = set()
    for line in text.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            found |= group(word)
        elif word and not word.startswith("#"):
            found.add(word)
    return found


def allowed(unit):
    """systemd.exec(5): the first SystemCallFilter is the list; of those that
    follow, "~" takes away and the others add."""
    calls = set()
    lines = re.findall(r"(?m)^SystemCallFilter=(~?)(.*)$", unit.read_text())
    assert lines and not lines[0][0], lines
    for minus, words in lines:
        for word in words.split():
            some = group(word) if word.startswith("@") else {word}
            calls = calls - some if minus else calls | some
    # what no list can take away
    return calls | group("@default")


def wait_for(what, condition):
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {SECONDS} s"
        time.sleep(0.1)


def work(relay, login, gpg, pid):
    """A message each way through the gate, a reload, the end."""
    log = pathlib.Path(relay.env["RELAY_LOG"], "milter.log")
    armor = gpg.encrypt("Hello", login[0])
    with relay.smtp(login) as smtp:
        smtp.sendmail(login[0], [login[0]],
                      rc.pgp_mime(login[0], login[0], armor))
        try:
            smtp.sendmail(login[0], [login[0]],
                          rc.cleartext(login[0], login[0]))
            raise AssertionError("accepted")
        except smtplib.SMTPDataError as error:
            expect(error.smtp_code, 523)
    with relay.port25() as smtp:
        smtp.sendmail("a@other.test", [login[0]],
                      rc.pgp_mime("a@other.test", login[0], armor))
    os.kill(pid, signal.SIGHUP)
    wait_for("its settings", lambda: "settings read again" in log.read_text())
    os.kill(pid, signal.SIGTERM)
    wait_for("its end", lambda: "stopped" in log.read_text())


with Tap() as tap, started_relay(tap, "require_dkim=no") as relay, \
        rc.Gpg() as gpg:
    alice = relay.new_login()
    relay.imap(alice).logout()
    gpg.make_key(alice[0])
    trace = pathlib.Path(relay.dir, "strace")
    trace.mkdir()
    trace.chmod(0o777)
    unit, = pathlib.Path(relay.env["RELAY_STAGE"]).glob(
        "**/chatmail-milter.service")
    calls = set()
    with tap.check("below strace the milter works"):
        shell(relay.dir, "relay_stop_milter")
        log = pathlib.Path(relay.env["RELAY_LOG"], "milter.log")
        log.write_text("")
        # -D: the milter keeps the number of the process that was started
        shell(relay.dir, "relay_start_milter", env={
            "RELAY_MILTER_ENV": f"strace -D -f -qq -o {trace}/calls"})
        pid = int(pathlib.Path(relay.env["RELAY_MILTER_PID"]).read_text())
        work(relay, alice, gpg, pid)
        wait_for("strace", lambda: "exit_group" in
                 (trace / "calls").read_text())
        calls = set(re.findall(r"(?m)^\d+ +(\w+)\(",
                               (trace / "calls").read_text()))
    with tap.check("its unit allows every system call of it"):
        # the one that gives the socket to Postfix's group
        assert {"chown", "accept", "execve"} <= calls or \
            {"fchownat", "accept", "execve"} <= calls, sorted(calls)
        expect(sorted(calls - allowed(unit)), [])
    with tap.check("what comes back by itself never gives up"):
        units = [path for path in
                 pathlib.Path(relay.env["RELAY_STAGE"]).rglob("systemd/**/*")
                 if path.is_file() and "Restart=" in path.read_text()]
        assert len({path.name for path in units}) >= 5, units
        for path in units:
            assert "\nStartLimitIntervalSec=0\n" in path.read_text(), path
    with tap.check("and few others: none of mounting, tracing, clocks"):
        for name in "mount", "ptrace", "settimeofday", "reboot", "setuid":
            assert name not in allowed(unit), name
    shell(relay.dir, "relay_start_milter")
