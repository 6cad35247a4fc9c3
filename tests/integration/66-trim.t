#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mailboxes that get full: the oldest messages go, by Dovecot's own means."""
import contextlib
import fcntl
import os
import pathlib
import random
import signal
import subprocess
import threading
import time

from harness import Tap, dovecot_processes, expect, started_relay
from imap_metadata import MetadataClient
from resync import resync_after_kill
from trim import (deliver, home, lmtp, message, messages, new_mailbox, own,
                  put_old, quota, recalculated, wait_until)
import relay_client as rc

LIMIT = 1024 * 1024
ABOVE = LIMIT * 75 // 100
TO = LIMIT * 70 // 100
KIB = 1024
SIZE = 10000
# What Postfix has, by default_destination_concurrency_limit.
PARALLEL = 20
KILLS = 6
# What trimming takes here, about, and how long it may be until it begins.
KILL_SECONDS = 0.03
LOCK_SECONDS = 2
# Less than a delivery waits for the lock that needs it: five seconds.
WAIT_SECONDS = 4


def used(relay, login):
    return quota(relay, login)[0]


def trimmed(relay, login):
    return used(relay, login) <= TO + KIB


def check_same_as_recalculated(relay, login):
    before = quota(relay, login)
    expect(recalculated(relay, login), before)


class Expunges(threading.Thread):
    """Reads what an idling client is told."""

    def __init__(self, relay, login):
        super().__init__(daemon=True)
        self.conn = relay.imap(login)
        self.idle = rc.Idle(self.conn)
        self.idle.__enter__()
        self.count = 0
        self.start()

    def run(self):
        try:
            while line := self.conn.readline():
                self.count += line.endswith(b"EXPUNGE\r\n")
        except OSError:
            pass

    def close(self):
        self.conn.sock.shutdown(2)
        self.join()


def check_level(tap, relay):
    login = new_mailbox(relay)
    put_old(relay, login, 75, SIZE)
    before, validity = messages(relay, login)
    with tap.check("below the level nothing goes"):
        expect(deliver(relay, login, SIZE)[0], 250)
        time.sleep(0.5)
        expect(quota(relay, login)[1], 76)
    client = Expunges(relay, login)
    with tap.check("above the level the oldest go"):
        for i in range(3):
            expect(deliver(relay, login, SIZE, f"new {i}")[0], 250)
        wait_until(lambda: trimmed(relay, login), "trimmed")
        after, now = messages(relay, login)
        gone = sorted(set(before) - set(after))
        tap.note(f"{len(gone)} of {len(before) + 4} went, "
                 f"{used(relay, login)} bytes are left")
        expect(gone, sorted(before)[:len(gone)])
        assert TO - SIZE - KIB < used(relay, login) <= TO + KIB
        expect([s for s in after.values() if s.startswith("new")],
               ["new 0", "new 1", "new 2"])
    with tap.check("UIDVALIDITY and the UIDs that are left are the same"):
        expect(now, validity)
        expect(sorted(after)[:70 - 6], sorted(before)[len(gone):][:64])
    with tap.check("an idling client was told of every one"):
        wait_until(lambda: client.count == len(gone), "EXPUNGE")
    client.close()
    with tap.check("the quota is what a recalculation finds"):
        check_same_as_recalculated(relay, login)
    with tap.check("the files are gone"):
        files = len(list(home(relay, login).glob("cur/*"))) + \
            len(list(home(relay, login).glob("new/*")))
        expect(files, len(after))


def check_folders(tap, relay):
    login = new_mailbox(relay)
    put_old(relay, login, 40, SIZE, days=5)
    put_old(relay, login, 20, SIZE, days=9, folder="Archive")
    put_old(relay, login, 18, SIZE, days=3, folder="Archive.Deep")
    conn = relay.imap(login)
    for folder in "INBOX", "Archive", "Archive.Deep":
        conn.select(folder)
    with tap.check("the oldest of all folders go, also of those that are read"):
        conn.select("Archive")
        # renames the files: their ctime is new, their age is not
        conn.store("1:*", "+FLAGS", r"(\Seen)")
        conn.select("INBOX")
        expect(deliver(relay, login, SIZE)[0], 250)
        wait_until(lambda: trimmed(relay, login), "trimmed")
        left = messages(relay, login, "Archive")[0]
        expect(len(messages(relay, login)[0]), 41)
        expect(len(messages(relay, login, "Archive.Deep")[0]), 18)
        assert 10 <= len(left) < 20, left
        expect(sorted(left), list(range(21 - len(left), 21)))
        check_same_as_recalculated(relay, login)
    conn.logout()


def deliver_parallel(relay, login, count):
    codes = {}

    def one(i):
        codes[f"parallel {i}"] = deliver(relay, login, SIZE,
                                         f"parallel {i}")[0]

    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def check_at_once(tap, relay):
    login = new_mailbox(relay)
    with tap.check(f"{PARALLEL} deliveries to one user are begun at once"):
        conns = [lmtp(relay) for _ in range(PARALLEL)]
        codes = []
        for conn in conns:
            conn.ehlo_or_helo_if_needed()
            conn.mail("")
            codes.append(conn.rcpt(login[0])[0])
        for conn in conns:
            conn.quit()
        expect(codes, [250] * PARALLEL)


def check_parallel(tap, relay):
    for name, count in ("nearly full", 78), ("full", 104):
        login = new_mailbox(relay)
        put_old(relay, login, count, SIZE)
        messages(relay, login)
        with tap.check(f"{PARALLEL} at a time into a {name} mailbox: "
                       "none is lost"):
            start = time.monotonic()
            codes = deliver_parallel(relay, login, PARALLEL)
            tap.note(f"{time.monotonic() - start:.2f} s")
            expect(list(codes.values()), [250] * PARALLEL)
            wait_until(lambda: used(relay, login) <= ABOVE, "below the level")
            have = set(messages(relay, login)[0].values())
            expect(set(codes) - have, set())
            check_same_as_recalculated(relay, login)


def check_young(tap, relay):
    login = new_mailbox(relay)
    with tap.check("what was filled within a day is refused as quota"):
        accepted = []
        for i in range(15):
            code, text = deliver(relay, login, 10 * SIZE, f"burst {i}")
            if code != 250:
                break
            accepted.append(f"burst {i}")
        expect(code, 552)
        assert text.startswith(b"5.2.2"), text
        expect(list(messages(relay, login)[0].values()), accepted)
        expect(len(accepted), 10)
    with tap.check("so it is while some are old, but not enough"):
        put_old(relay, login, 2, 2000)
        messages(relay, login)
        expect(deliver(relay, login, 10 * SIZE)[0], 552)
        check_same_as_recalculated(relay, login)
    with tap.check("a message larger than the quota costs no other"):
        login = new_mailbox(relay)
        put_old(relay, login, 5, SIZE)
        messages(relay, login)
        expect(deliver(relay, login, LIMIT + SIZE)[0], 552)
        time.sleep(0.3)
        expect(quota(relay, login)[1], 5)


def open_lock(relay, login):
    """What a process that trims has locked."""
    sdbox = home(relay, login) / "box/mailboxes/INBOX/dbox-Mails"
    return os.open(sdbox if sdbox.exists() else home(relay, login) / "cur",
                   os.O_RDONLY)


def check_lock(tap, relay):
    login = new_mailbox(relay)
    put_old(relay, login, 78, SIZE)
    messages(relay, login)
    fd = open_lock(relay, login)
    with tap.check("a delivery does not wait for who trims"):
        fcntl.flock(fd, fcntl.LOCK_EX)
        start = time.monotonic()
        expect(deliver(relay, login, SIZE)[0], 250)
        took = time.monotonic() - start
        assert took < WAIT_SECONDS, took
        time.sleep(0.5)
        expect(quota(relay, login)[1], 79)
    with tap.check("but for one that would be refused, a while"):
        put_old(relay, login, 25, SIZE, days=4)
        messages(relay, login)
        start = time.monotonic()
        threading.Timer(1, fcntl.flock, (fd, fcntl.LOCK_UN)).start()
        expect(deliver(relay, login, 3 * SIZE)[0], 250)
        took = time.monotonic() - start
        assert took > 0.9, took
        expect(trimmed(relay, login), True)
    with tap.check("a device leaves its token while the mailbox is trimmed"):
        fcntl.flock(fd, fcntl.LOCK_EX)
        with MetadataClient(relay, login) as client:
            answer = client.set("INBOX", "/private/devicetoken", b"token")
            assert answer.startswith("OK"), answer
    os.close(fd)
    with tap.check("and it is trimmed while a token is written"):
        fd = os.open(home(relay, login), os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        put_old(relay, login, 8, SIZE, days=3)
        messages(relay, login)
        expect(deliver(relay, login, SIZE)[0], 250)
        wait_until(lambda: trimmed(relay, login), "trimmed")
        os.close(fd)


def check_recipients(tap, relay):
    logins = [new_mailbox(relay) for _ in range(4)]
    for login in logins[:3]:
        put_old(relay, login, 78, SIZE)
        messages(relay, login)
    with tap.check("one message for several: each full mailbox is trimmed"):
        conn = lmtp(relay)
        conn.ehlo_or_helo_if_needed()
        conn.mail("")
        for login in logins:
            expect(conn.rcpt(login[0])[0], 250)
        conn.putcmd("data")
        expect(conn.getreply()[0], 354)
        conn.send(message(SIZE) + b".\r\n")
        expect([conn.getreply()[0] for _ in logins], [250] * 4)
        for login in logins[:3]:
            wait_until(lambda: trimmed(relay, login), "trimmed")
        expect(quota(relay, logins[3])[1], 1)
        # the connection goes on
        expect(deliver(relay, logins[3], SIZE, conn=conn)[0], 250)
        conn.quit()


def check_links(tap, relay):
    victim, login = new_mailbox(relay), new_mailbox(relay)
    put_old(relay, victim, 20, SIZE, days=30)
    put_old(relay, victim, 20, SIZE, days=30, folder="Archive")
    expect(len(messages(relay, victim)[0]), 20)
    expect(len(messages(relay, victim, "Archive")[0]), 20)
    victim_files = sorted(home(relay, victim).glob("**/*,S=*"))
    expect(len(victim_files), 40)

    put_old(relay, login, 70, SIZE, days=2)
    put_old(relay, login, 1, SIZE, days=2, folder="Half")
    here, there = home(relay, login), home(relay, victim)
    # a mailbox, the folder of its messages, and a message
    (here / ".Evil").symlink_to(there / ".Archive")
    (here / ".Half" / "new").rename(here / ".Half" / "away")
    (here / ".Half" / "new").symlink_to(there / "new")
    (here / ".Half" / "cur").rmdir()
    (here / ".Half" / "cur").symlink_to(there / "cur")
    message_link = here / "cur" / (
        f"{int(time.time()) - 40 * 86400}.M1P1.relay,S={SIZE},W={SIZE}:2,")
    message_link.symlink_to(victim_files[0])
    messages(relay, login)
    with tap.check("links in a mailbox are not followed"):
        for i in range(10):
            if deliver(relay, login, SIZE)[0] != 250:
                break
        wait_until(lambda: not message_link.is_symlink(), "the link went")
        time.sleep(0.5)
        expect(sorted(home(relay, victim).glob("**/*,S=*")), victim_files)
        expect(len(messages(relay, victim)[0]), 20)
        expect(len(messages(relay, victim, "Archive")[0]), 20)


def uidvalidity(relay, login):
    conn = relay.imap(login)
    answer = conn.status("INBOX", "(UIDVALIDITY)")[1][0]
    conn.logout()
    return answer


def lock_is_free(relay, login):
    fd = open_lock(relay, login)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


def check_kill(tap, relay, mailbox, kills, at_least, sdbox=False):
    hit = torn = 0
    with tap.check(f"kill -9, {kills} times: nothing is to be repaired"):
        # a fast machine is done before most of them
        for tries in range(4 * kills):
            if tries >= kills and hit >= at_least:
                break
            login = mailbox()
            validity = uidvalidity(relay, login)
            conn = lmtp(relay)
            # one of these has the connection; looking takes its time
            pids = dovecot_processes(relay, "lmtp")
            expect(deliver(relay, login, SIZE, "last", conn)[0], 250)
            end = time.monotonic() + LOCK_SECONDS
            while lock_is_free(relay, login) and time.monotonic() < end:
                pass
            time.sleep(random.uniform(0, KILL_SECONDS))
            hit += not lock_is_free(relay, login)
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            conn.close()
            said, was_torn = resync_after_kill(relay, login[0])
            torn += was_torn
            expect(said, "")
            # sdbox has it in the log only
            assert uidvalidity(relay, login) == validity or \
                sdbox and was_torn
            check_same_as_recalculated(relay, login)
            assert "last" in messages(relay, login)[0].values()
            # our lock is free, and the rest is done
            expect(deliver(relay, login, SIZE)[0], 250)
            wait_until(lambda: used(relay, login) <= ABOVE, "trimmed")
        tap.note(f"{hit} of them while it trimmed, {torn} in the middle of an "
                 "entry of Dovecot's log")
        # else something writes that log otherwise than Dovecot does
        assert torn < tries
        assert hit >= at_least


def many_small(relay):
    login = new_mailbox(relay)
    put_old(relay, login, 4600, 170, link="x")
    relay.imap(login).select("INBOX")
    return login


def fill(relay, login, count, size=SIZE):
    conn = lmtp(relay)
    for _ in range(count):
        expect(deliver(relay, login, size, conn=conn)[0], 250)
    conn.quit()


def trash(relay, login):
    return len(list((home(relay, login) / ".Trash").glob("[cn]*/*")))


def deliver_and_wait(relay, login, size):
    """Until what comes after the reply is done, too: lmtp reads no further
    command before. The reply's code."""
    conn = lmtp(relay)
    code = deliver(relay, login, size, conn=conn)[0]
    time.sleep(0.5)
    conn.noop()
    conn.quit()
    return code


def check_ignored(tap, relay):
    login = new_mailbox(relay)
    put_old(relay, login, 80, SIZE, days=1 / 24)
    put_old(relay, login, 600, 2000, days=3, folder="Trash")
    messages(relay, login)
    with tap.check("a folder that does not count for the quota is left alone"):
        expect(deliver_and_wait(relay, login, KIB), 250)
        expect((quota(relay, login)[1], trash(relay, login)), (81, 600))
    with tap.check("nor does it go for a message that is refused all the same"):
        put_old(relay, login, 23, SIZE, days=1 / 24)
        messages(relay, login)
        expect(deliver_and_wait(relay, login, 3 * SIZE), 552)
        expect((quota(relay, login)[1], trash(relay, login)), (104, 600))
    with tap.check("what counts goes, if it is old"):
        login = new_mailbox(relay)
        put_old(relay, login, 78, SIZE)
        put_old(relay, login, 600, 2000, days=30, folder="Trash")
        messages(relay, login)
        expect(deliver(relay, login, SIZE)[0], 250)
        wait_until(lambda: trimmed(relay, login), "trimmed")
        expect(trash(relay, login), 600)


def check_unwritable(tap, relay):
    """Dovecot takes such messages out of the index, does not get rid of the
    files, and finds them again."""
    login = new_mailbox(relay)
    put_old(relay, login, 90, SIZE)
    # moves them into cur
    relay.imap(login).select("INBOX")
    cur = home(relay, login) / "cur"
    log = pathlib.Path(relay.dir, "log", "dovecot.log")
    size = log.stat().st_size
    with tap.check("files that cannot be removed: it is tried, and left"):
        cur.chmod(0o500)
        expect(deliver_and_wait(relay, login, KIB), 250)
        lines = log.read_bytes()[size:].decode().splitlines()
        tap.note(f"{len(lines)} lines in the log")
        assert len(lines) < 100, len(lines)
        expect([line for line in lines if "Trimmed" in line], [])
        expect(len([line for line in lines if "did not fall" in line]), 1)
    with tap.check("nothing is lost, and once they can be they go"):
        cur.chmod(0o700)
        expect(len(messages(relay, login)[0]), 91)
        # the process of before would wait some minutes
        end_lmtp(relay)
        deliver(relay, login, SIZE)
        wait_until(lambda: trimmed(relay, login), "trimmed")


def end_lmtp(relay):
    pids = dovecot_processes(relay, "lmtp")
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}")
                               for pid in pids), "lmtp ended")


def check_broken_ini(tap, relay):
    login = new_mailbox(relay)
    path = pathlib.Path(relay.env["RELAY_CONFIG"])
    text = path.read_text()

    def complaints():
        log = pathlib.Path(relay.env["RELAY_LOG"], "dovecot.log")
        return log.read_text(errors="replace").count("no mailbox is trimmed")

    with tap.check("a broken chatmail.ini: mail comes, one complaint a minute"):
        end_lmtp(relay)
        try:
            path.write_text(text + "\ntrim_above = many\n")
            with lmtp(relay) as conn:
                for _ in range(5):
                    expect(deliver(relay, login, 1000, conn=conn)[0], 250)
        finally:
            path.write_text(text)
        wait_until(lambda: complaints() > 0, "a complaint")
        # what the others would have said is there by now
        end_lmtp(relay)
        expect(complaints(), 1)


IGNORE_TRASH = {
    "2.3": "plugin {\n  quota_rule2 = Trash:ignore\n}\n",
    "2.4": "namespace inbox {\n  mailbox Trash {\n    quota_ignore = yes\n"
           "  }\n}\n",
}
SDBOX = {
    "2.3": "mail_location = sdbox:~/box\n",
    "2.4": "mail_driver = sdbox\nmail_path = ~/box\n",
}


def check_sdbox(tap, relay):
    """Its messages have no date that a test could set, so none is
    protected here."""
    login = new_mailbox(relay)
    with tap.check("sdbox: the oldest go"):
        fill(relay, login, 77)
        before, validity = messages(relay, login)
        expect(len(before), 77)
        fill(relay, login, 1, 3 * SIZE)
        wait_until(lambda: trimmed(relay, login), "trimmed")
        after, now = messages(relay, login)
        expect(now, validity)
        expect(sorted(after), list(range(79 - len(after), 79)))
        check_same_as_recalculated(relay, login)
    with tap.check("sdbox: one process at a time, all the same"):
        held = new_mailbox(relay)
        fill(relay, held, 78)
        fd = open_lock(relay, held)
        fcntl.flock(fd, fcntl.LOCK_EX)
        fill(relay, held, 1)
        time.sleep(0.5)
        expect(quota(relay, held)[1], 79)
        os.close(fd)
        fill(relay, held, 1)
        wait_until(lambda: trimmed(relay, held), "trimmed")
    with tap.check("sdbox: a link in place of a mailbox is not followed"):
        other = new_mailbox(relay)
        fill(relay, other, 5)
        boxes = home(relay, login) / "box" / "mailboxes"
        (boxes / "Evil").symlink_to(
            home(relay, other) / "box" / "mailboxes" / "INBOX")
        for _ in range(10):
            deliver(relay, login, SIZE)
        time.sleep(0.5)
        expect(quota(relay, other)[1], 5)

    def mailbox():
        login = new_mailbox(relay)
        fill(relay, login, 78)
        return login

    check_kill(tap, relay, mailbox, 3, 0, sdbox=True)


def main(tap):
    series = subprocess.run(["dovecot", "--version"], capture_output=True,
                            text=True, check=True).stdout[:3]
    with started_relay(tap, "max_mailbox_size=1M",
                       local_conf=IGNORE_TRASH[series]) as relay:
        check_level(tap, relay)
        check_folders(tap, relay)
        check_at_once(tap, relay)
        check_parallel(tap, relay)
        check_young(tap, relay)
        check_lock(tap, relay)
        check_recipients(tap, relay)
        check_links(tap, relay)
        check_ignored(tap, relay)
        check_unwritable(tap, relay)
        check_broken_ini(tap, relay)
        check_kill(tap, relay, lambda: many_small(relay), KILLS, 1)
    with started_relay(tap, "max_mailbox_size=1M", "trim_keep_hours=0",
                       local_conf=SDBOX[series]) as relay:
        check_sdbox(tap, relay)


with Tap() as tap:
    main(tap)
