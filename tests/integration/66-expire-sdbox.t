#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`doveadm chatmail expire` where directories do not tell what is due (sdbox),
and `doveadm chatmail report`."""
import os
import pathlib
import re
import signal
import subprocess
import time

from expire_tree import BODY, DAY, HASH, Expire, account, message, write
from harness import RELAY_SECONDS, Tap, expect, started_relay

LARGE = 200000
KILL_MESSAGES = 400
KILLS = 6
EX_USAGE, EX_CANTCREAT = 64, 73


def sdbox_conf():
    series = subprocess.run(["dovecot", "--version"], capture_output=True,
                            text=True, check=True).stdout[:3]
    if series == "2.3":
        return "mail_location = sdbox:~/\n"
    return "mail_driver = sdbox\nmail_path = ~/\n"


def append(conn, *sizes):
    """Messages that have these sizes once they are stored, without CR."""
    for size in sizes:
        answer = conn.append(
            "INBOX", None, None, BODY +
            b"x" * (size - len(BODY) + BODY.count(b"\r")))
        assert answer[0] == "OK", answer


def uids(conn):
    conn.select("INBOX")
    validity = conn.response("UIDVALIDITY")[1][0]
    found = conn.uid("SEARCH", "ALL")[1][0].split()
    conn.unselect()
    return validity, found


def stored(home):
    return {path.name for path in home.glob("mailboxes/INBOX/dbox-Mails/u.*")}


def check_sdbox(tap, relay, exp):
    alice = relay.new_login()
    conn = relay.imap(alice)
    append(conn, 300, LARGE + 1, LARGE)
    validity, _ = uids(conn)
    append(conn, 300, LARGE + 1)
    home = pathlib.Path(relay.mailboxes, alice[0])
    everything = stored(home)
    with tap.check("sdbox: nothing due"):
        row = exp.summary("-u", alice[0])
        expect((len(everything), row["opened"], row["messages"],
                row["messages_removed"]), (5, 1, 5, 0))
    with tap.check("sdbox, 6 days later: nothing due"):
        expect(exp.rows("-n", "-A", ahead="+6d"), [])
    with tap.check("sdbox, 8 days later: dry run changes nothing"):
        dry = exp.rows("-n", "-A", ahead="+8d")
        expect([(row["item"], row["reason"]) for row in dry],
               [("INBOX/2", "large")])
        expect(stored(home), everything)
    with tap.check("sdbox: a run removes what a client has been shown"):
        expect(exp.rows("-v", "-A", ahead="+8d"), dry)
        expect(stored(home), everything - {"u.2"})
        exp.quota_is_right(alice[0])
    with tap.check("sdbox: UIDVALIDITY and UIDs are what they were"):
        expect(uids(conn), (validity, [b"1", b"3", b"4", b"5"]))
    exp.resync_is_silent(tap, alice[0])
    with tap.check("sdbox: an idling client sees EXPUNGE"):
        conn.select("INBOX")
        conn.send(b"idle1 IDLE\r\n")
        assert conn.readline().startswith(b"+")
        expect(len(exp.rows("-v", "-A", ahead="+21d")), 4)
        conn.sock.settimeout(20)
        gone = 0
        while gone < 4:
            line = conn.readline()
            assert line, "the connection ended"
            gone += b"EXPUNGE" in line
        conn.send(b"DONE\r\n")
        while not conn.readline().startswith(b"idle1 "):
            pass
        expect((stored(home), exp.quota(alice[0])[1]), (set(), 0))
    with tap.check(f"sdbox: kill -9, {KILLS} times"):
        append(conn, *[300] * KILL_MESSAGES)
        before = uids(conn)
        mails = home / "mailboxes" / "INBOX" / "dbox-Mails"
        env = {**os.environ, **exp.clock("+21d")}
        for i in range(KILLS):
            proc = exp.popen("-u", alice[0], env=env)
            if i % 2 == 0:
                time.sleep(0.02 + 0.01 * i)
            else:
                limit = KILL_MESSAGES * (KILLS - i) // KILLS
                while proc.poll() is None and len(os.listdir(mails)) > limit:
                    pass
            exp.signal(proc, signal.SIGKILL)
            proc.communicate(timeout=RELAY_SECONDS)
            expect(exp.resync_after_kill(alice[0]), "")
        assert exp.torn < KILLS
        exp.rows("-u", alice[0], ahead="+21d")
        # Where the log was torn Dovecot has built the index of a sdbox anew:
        # the session of before does not get on with it, and with more than one
        # of these UIDVALIDITY is another.
        conn.logout()
        conn = relay.imap(alice)
        validity, left = uids(conn)
        expect((stored(home), left), (set(), []))
        assert validity == before[0] or exp.torn
        expect(exp.resync(alice[0]), "")
        exp.quota_is_right(alice[0])
    conn.logout()
    exp.rows("-v", "-A", "--force", ahead="+200d")
    with tap.check("sdbox: the account itself"):
        assert not home.exists()


# min_size of each bucket
BUCKETS = (0, 102400, 524288, 1048576, 2097152, 5242880, 10485760)


def check_report(tap, relay, exp):
    """Against a tree whose figures are counted by hand."""
    root = pathlib.Path(relay.mailboxes)
    one = account(root, "report001", 0)
    sizes = [2000, 102399, 102400, 1048576, 10485760]
    for size in sizes[:3]:
        message(one, "cur", 1 * DAY, size=size)
    message(one, "new", 1 * DAY, size=sizes[3])
    message(one / ".Archive", "cur", 1 * DAY, size=sizes[4])
    write(one / "dovecot.index.log", "x" * 100)
    account(root, "report002", 25)
    account(root, "report003", 95)
    ci = account(root, "ci-test01", 0)
    message(ci, "tmp", 1 * DAY, size=7000)
    foreign = account(root, "foreign01", None)
    message(foreign, "cur", 1 * DAY, size=5000)
    box = foreign / "mailboxes" / "INBOX" / "dbox-Mails"
    box.mkdir(parents=True)
    write(box / "u.1", "x" * 500)
    write(box / "dovecot.index.log", "x" * 50)
    os.symlink("/etc/passwd", foreign / "link")
    messages = sum(sizes) + 7000 + 5000 + 500
    extra = 100 + 50 + 4 * len(HASH)
    wanted = {"chatmail_storage_bytes": [messages, extra, messages + extra],
              "chatmail_messages_bytes": [
                  sum(size for size in sizes + [7000] if size >= least)
                  for least in BUCKETS],
              "chatmail_messages_count": [
                  sum(size >= least for size in sizes + [7000])
                  for least in BUCKETS],
              "chatmail_accounts": [4, 1, 3],
              "chatmail_accounts_active": [1, 1, 2, 2, 2, 3, 3]}
    with tap.check("report: figures of a known tree, as JSON"):
        rows = exp.rows(command="report")
        for metric, values in wanted.items():
            expect([int(row["value"]) for row in rows
                    if row["metric"] == metric], values)
        expect([row["label"] for row in rows
                if row["metric"] == "chatmail_accounts_active"],
               [f"days={n}" for n in (1, 10, 30, 40, 80, 100, 150)])
    with tap.check("report: a table for people"):
        got, out, _ = exp.doveadm("chatmail", "report")
        assert got == 0 and re.search(
            r"chatmail_storage_bytes +kind=total +\d+ +11\.8 MB", out), out
    folder = pathlib.Path(relay.dir, "textfiles")
    folder.mkdir()
    with tap.check("report: Prometheus, into a folder"):
        expect(exp.doveadm("chatmail", "report", "-t", str(folder)),
               (0, "", ""))
        path = folder / "fsreport.prom"
        lines = path.read_text().splitlines()
        got = {}
        for line in lines:
            found = re.fullmatch(r'(\w+)\{\w+="\w+"\} (\d+)', line)
            if found:
                got.setdefault(found[1], []).append(int(found[2]))
            else:
                assert re.match("# (HELP|TYPE) chatmail_", line), line
        expect(got, wanted)
        expect((path.stat().st_mode & 0o777, os.listdir(folder)),
               (0o644, ["fsreport.prom"]))
    with tap.check("report: the file is replaced at once"):
        stop = time.monotonic() + 2
        proc = exp.popen_report("-t", str(path), times=20)
        reads = 0
        while proc.poll() is None or time.monotonic() < stop:
            expect(path.read_text().splitlines(), lines)
            reads += 1
        expect(proc.returncode, 0)
        assert reads > 20
    with tap.check("report: a folder that is not there"):
        got, _, err = exp.doveadm("chatmail", "report", "-t",
                                  str(folder / "none" / "x.prom"))
        assert got == EX_CANTCREAT and "x.prom" in err, (got, err)
        expect(os.listdir(folder), ["fsreport.prom"])


with Tap() as tap, started_relay(tap, local_conf=sdbox_conf()) as relay:
    exp = Expire(relay)
    check_sdbox(tap, relay, exp)
    check_report(tap, relay, exp)
