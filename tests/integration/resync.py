# SPDX-License-Identifier: MIT
"""What `doveadm force-resync` has to repair, also after a kill -9."""
import pathlib
import re
import subprocess

from harness import LIB, RELAY_SECONDS, SLEPT_LONG, drop_locks

# Dovecot appends to dovecot.index.log in two writes, the first four bytes last
# (mail-transaction-log-append.c, 2.3 and 2.4). Who is killed between the two
# leaves the first of these. It is found at the next access, which may fail for
# it; Dovecot 2.4 mends it at the one after, and says the second then.
TORN_LOG = "Unexpected garbage at EOF"
MARKED = "index.log: marked corrupted"


def tear_log(box):
    """What that kill leaves."""
    with open(pathlib.Path(box, "dovecot.index.log"), "ab") as log:
        log.write(bytes(4) + b"torn" * 8)


def resync(relay, name):
    """What force-resync says, to us and to the log; but that it rebuilds an
    sdbox, which it always does (nothing else says so)."""
    log = pathlib.Path(relay.dir, "log", "dovecot.log")
    size = log.stat().st_size
    done = subprocess.run(
        ["sh", "-c", '. "$0" && relay_doveadm "$@"', str(LIB / "relay.sh"),
         relay.dir, "force-resync", "-u", name, "*"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=RELAY_SECONDS)
    err = re.sub(r"(?m)^.*Warning: .*: Rebuilding index\n", "",
                 done.stderr)
    # Who was killed is logged late, and so is what it said before, and what a
    # session has said that met the log before us.
    said = [line for line in log.read_bytes()[size:].decode().splitlines()
            if re.search(r": (Warning|Error|Fatal|Panic): ", line)
            and not re.search(r"lmtp|signal 9| imap[(<]", line)
            and SLEPT_LONG not in line]
    return done.stdout + err + "\n".join(said) + (
        f"exit {done.returncode}" if done.returncode else "")


def resync_after_kill(relay, name):
    """The same, but for what a kill may leave; and whether it left a torn
    log."""
    drop_locks(pathlib.Path(relay.mailboxes, name))
    said = resync(relay, name)
    torn = TORN_LOG in said
    if torn:
        said = resync(relay, name)
        if MARKED in said:
            said = resync(relay, name)
    return said, torn
