#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`doveadm chatmail expire` on real mailboxes: Maildir."""
import imaplib
import json
import os
import pathlib
import re
import signal
import subprocess
import time

from expire_tree import (DAY, Expire, account, message, owned, snapshot,
                         write)
from harness import RELAY_SECONDS, Tap, expect, started_relay
from resync import tear_log

EX_USAGE, EX_DATAERR, EX_NOUSER, EX_TEMPFAIL = 64, 65, 67, 75
LARGE = 200000
# Messages of the mailbox that is killed, and how often.
KILL_MESSAGES = 1500
KILLS = 12


def uids(conn, folder):
    """UIDVALIDITY and the UIDs of a folder, which is left unselected."""
    assert conn.select(folder)[0] == "OK"
    validity = conn.response("UIDVALIDITY")[1][0]
    found = conn.uid("SEARCH", "ALL")[1][0].split()
    conn.unselect()
    return validity, found


def uid_by_name(box):
    """From dovecot-uidlist: name without flags -> UID."""
    lines = (box / "dovecot-uidlist").read_text().splitlines()[1:]
    return {line.split(":", 1)[1]: int(line.split()[0]) for line in lines}


def fill(box):
    """What must go and what must stay; the former, as rows name it."""
    gone = {
        message(box, "cur", 21 * DAY): "old",
        message(box, "cur", 20 * DAY + 60): "old",
        message(box, "cur", 8 * DAY, size=LARGE + 1): "large",
        message(box, "cur", 7 * DAY + 60, size=LARGE + 1): "large",
        # the name tells less, or nothing
        message(box, "cur", 30 * DAY, plain=True): "old",
        message(box, "cur", 8 * DAY, size=LARGE + 1, plain=True): "large",
        message(box, "cur", 40 * DAY, name="imported"): "old",
    }
    message(box, "cur", 20 * DAY - 600)
    message(box, "cur", 8 * DAY, size=LARGE)
    message(box, "cur", 7 * DAY - 600, size=LARGE + 1)
    message(box, "cur", 8 * DAY, size=LARGE, plain=True)
    message(box, "cur", -30 * DAY)
    message(box, "cur", 3 * DAY, name="imported-later")
    return gone


def fill_new(box):
    """As deliveries that no client has asked for yet."""
    message(box, "new", 8 * DAY, size=LARGE + 1)
    message(box, "new", 1 * DAY)
    return {message(box, "new", 22 * DAY): "old"}


def check_messages(tap, relay, exp):
    alice = relay.new_login()
    conn = relay.imap(alice)
    conn.create("Archive")
    conn.create("Archive.2025")
    box = pathlib.Path(relay.mailboxes, alice[0])
    wanted = {}
    for folder in "", ".Archive.2025/":
        wanted.update({folder + name: why for name, why in
                       fill(box / folder).items()})
    before = {folder: uids(conn, folder)
              for folder in ("INBOX", "Archive.2025")}
    names = uid_by_name(box)
    wanted.update(fill_new(box))
    tree = snapshot(box)
    with tap.check("dry run: lists what is due and changes nothing"):
        dry = exp.rows("-n", "-u", alice[0])
        expect({row["item"]: row["reason"] for row in dry}, wanted)
        expect({(row["account"], row["what"]) for row in dry},
               {(alice[0], "message")})
        expect(snapshot(box), tree)
    with tap.check("quota before: as recalculated"):
        exp.quota_is_right(alice[0])
        usage = exp.quota(alice[0])
    with tap.check("a run removes exactly what the dry run has listed"):
        before_files = exp.mail_files(box)
        real = exp.rows("-v", "-u", alice[0])
        expect(sorted(map(str, real)), sorted(map(str, dry)))
        gone = before_files - exp.mail_files(box)
        expect(gone, set(wanted))
    with tap.check("quota after: less, and as recalculated"):
        after = exp.quota(alice[0])
        assert 0 < after[0] < usage[0] and after[1] == usage[1] - \
            len(wanted), (usage, after)
        exp.quota_is_right(alice[0])
    with tap.check("a second run finds nothing"):
        expect(exp.rows("-v", "-u", alice[0]), [])
        expect(exp.summary("-u", alice[0])["opened"], 0)
    with tap.check("what was new is still new"):
        expect(len(os.listdir(box / "new")), 2)
    with tap.check("UIDVALIDITY and UIDs are what they were"):
        for folder, (validity, found) in before.items():
            now = uids(conn, folder)
            expect(now[0], validity)
            kept = [uid for uid in now[1] if uid in found]
            expect(len(kept), len(found) - 7)
        for name, uid in uid_by_name(box).items():
            assert names.get(name, uid) == uid, (name, uid)
    exp.resync_is_silent(tap, alice[0])
    conn.logout()


def check_idle(tap, relay, exp):
    bob = relay.new_login()
    conn = relay.imap(bob)
    box = pathlib.Path(relay.mailboxes, bob[0])
    message(box, "cur", 1 * DAY)
    message(box, "cur", 30 * DAY)
    conn.select("INBOX")
    with tap.check("an idling client sees EXPUNGE"):
        conn.send(b"idle1 IDLE\r\n")
        assert conn.readline().startswith(b"+")
        expect(len(exp.rows("-v", "-u", bob[0])), 1)
        conn.sock.settimeout(20)
        line = conn.readline()
        while b"EXPUNGE" not in line:
            assert line, "the connection ended"
            line = conn.readline()
        conn.send(b"DONE\r\n")
        while not conn.readline().startswith(b"idle1 "):
            pass
    conn.logout()


def check_accounts(tap, relay, exp):
    """Whole accounts, and what is none."""
    root = pathlib.Path(relay.mailboxes)
    away = account(root, "inactive1", 92)
    message(away, "cur", 1 * DAY)
    other = account(root, "inactive2", 400)
    saved = account(root, "jsonsaved", 400)
    write(saved / "account.json", '{"last_login": %d}' %
          (time.time() // DAY - 10))
    damaged = account(root, "damaged00", 400)
    write(damaged / "account.json", "{")
    active = account(root, "active001", 89)
    foreign = account(root, "foreign01", None)
    message(foreign, "cur", 200 * DAY)
    write(foreign / ".password.0123456789abcdef", "x", 200 * DAY)
    elsewhere = root / "not an account"
    elsewhere.mkdir()
    message(elsewhere, "cur", 200 * DAY)
    stay = {path: snapshot(path) for path in
            (saved, damaged, active, foreign, elsewhere)}
    with tap.check("accounts without a login: dry run"):
        rows = exp.rows("-n", "-A", code=EX_DATAERR)
        expect(sorted(row["account"] for row in rows
                      if row["what"] == "account"),
               [away.name, other.name])
        assert away.exists() and other.exists()
    with tap.check("accounts without a login go, others stay"):
        real = exp.rows("-v", "-A", code=EX_DATAERR)
        expect(sorted(map(str, real)), sorted(map(str, rows)))
        assert not away.exists() and not other.exists()
        assert not (root / ".removed").exists()
    with tap.check("foreign accounts and other folders are as they were"):
        for path, was in stay.items():
            expect(snapshot(path), was)
    with tap.check("not even when named"):
        rows = exp.rows("-v", "-u", foreign.name, code=EX_NOUSER)
        expect((rows, snapshot(foreign)), ([], stay[foreign]))
    for path in stay:
        exp.remove(path)


def check_blocked(tap, relay, exp):
    home = account(relay.mailboxes, "blocked01", 400)
    write(home / "DISABLED", "")
    message(home, "cur", 30 * DAY)
    with tap.check("a blocked account stays, its old messages do not"):
        rows = exp.rows("-n", "-A")
        expect([(row["account"], row["what"]) for row in rows],
               [(home.name, "message")])
        expect(exp.rows("-v", "-A"), rows)
        assert (home / "DISABLED").exists() and (home / "password").exists()
    with tap.check("unblocked it goes"):
        (home / "DISABLED").unlink()
        expect([row["what"] for row in exp.rows("-n", "-A")], ["account"])
        exp.rows("-v", "-A")
        assert not home.exists()


def check_login_saves(tap, relay, exp):
    """Stopped in the middle of the walk, by a signal; those that are still
    there log in."""
    root = pathlib.Path(relay.mailboxes)
    logins = [relay.new_login() for _ in range(3)]
    for login in logins:
        relay.imap(login).logout()
    old = time.time() // DAY * DAY - 200 * DAY
    homes = [root / login[0] for login in logins]
    marks = [message(home, "cur", 1 * DAY) for home in homes]
    for home in homes:
        os.utime(home / "password", (old, old))
        write(home / "account.json", '{"created": 20000}')
    others = [account(root, f"gone{i:05}", 200) for i in range(300)]
    for path in others:
        for i in range(5):
            message(path, "cur", 1 * DAY, size=1)
    with tap.check("a login during the walk saves the account"):
        proc = exp.popen("-v", "-A")
        # the first batch is gone, so the process is in the middle
        end = time.monotonic() + 30
        while all(path.exists() for path in others):
            assert time.monotonic() < end and proc.poll() is None
            time.sleep(0.001)
        exp.signal(proc, signal.SIGSTOP)
        there = [i for i, home in enumerate(homes) if home.exists()]
        for i in there:
            relay.imap(logins[i]).logout()
        exp.signal(proc, signal.SIGCONT)
        out, err = proc.communicate(timeout=RELAY_SECONDS)
        expect((proc.returncode, [path.name for path in others
                                  if path.exists()]), (0, []))
        for i in there:
            assert (homes[i] / (marks[i] + ":2,S")).exists(), err
        tap.note(f"{len(there)} of 3 logged in before their turn")
    with tap.check("one that nobody logs in to goes"):
        for home in homes:
            if home.exists():
                os.utime(home / "password", (old, old))
                write(home / "account.json", "{}")
        exp.rows("-v", "-A")
        expect([home.exists() for home in homes], [False] * 3)
    with tap.check("its address is held for its owner"):
        try:
            relay.imap((logins[0][0], "not the password"))
            raise AssertionError("a stranger got it")
        except imaplib.IMAP4.error:
            pass
        conn = relay.imap(logins[0])
        expect(conn.select("INBOX")[1], [b"0"])
        conn.logout()


def check_session(tap, relay, exp):
    carol = relay.new_login()
    conn = relay.imap(carol)
    home = pathlib.Path(relay.mailboxes, carol[0])
    os.utime(home / "password", (0, 0))
    write(home / "account.json", "{}")
    with tap.check("a session of such an account ends"):
        exp.rows("-v", "-u", carol[0])
        assert not home.exists()
        conn.sock.settimeout(15)
        try:
            while conn.readline():
                pass
        except TimeoutError:
            raise AssertionError("it goes on")
        except OSError:
            pass


def check_leftovers(tap, relay, exp):
    root = pathlib.Path(relay.mailboxes)
    home = account(root, "leftover1", 1)
    old, young = 2 * DAY, DAY
    dead = subprocess.run(["sh", "-c", "echo $$"], capture_output=True,
                          text=True, check=True).stdout.strip()
    host = os.uname().nodename
    go = {"tmp/1.M1P1.host": "x", ".password.0123456789abcdef": "x",
          ".account.json.0123456789abcdef": "x",
          ".temp.host.1.0123456789abcdef": "x",
          "dovecot-uidlist.lock": f"{dead}:{host}",
          "subscriptions.lock": ""}
    stay = {"dovecot.index.log.lock": f"{os.getpid()}:{host}",
            "dovecot.index.log": "x", "metadata.json": "{}",
            "tmp/new": "x", ".password.new": "x"}
    for name, text in {**go, **stay}.items():
        write(home / name, text, young if "new" in name else old)
    aborted = root / f"aborted01@{relay.domain}"
    aborted.mkdir()
    write(aborted / "enforceE2EEincoming", "", old)
    write(aborted / ".password.0123456789abcdef", "", old)
    fresh = root / f"aborted02@{relay.domain}"
    fresh.mkdir()
    empty = root / f"empty0001@{relay.domain}"
    empty.mkdir()
    admins = root / f"foreign02@{relay.domain}"
    admins.mkdir()
    write(admins / "enforceE2EEincoming", "", old)
    with tap.check("leftovers: nothing while they may be in use"):
        expect(exp.rows("-n", "-A"), [])
    with tap.check("leftovers: temporary files, locks, aborted creations"):
        # ctime cannot be set, so the clock goes ahead
        rows = exp.rows("-n", "-A", ahead="+40h")
        expect(exp.rows("-v", "-A", ahead="+40h"), rows)
        items = {row["item"] for row in rows if row["account"] == home.name}
        expect(items, set(go) | {"tmp/new", ".password.new"})
        for name in stay:
            expect((home / name).exists(), "new" not in name)
        expect([path.exists() for path in (aborted, fresh, empty, admins)],
               [False, False, False, True])
    exp.remove(home)
    exp.remove(admins)


def check_push(tap, relay, exp):
    """Tokens that nobody has shown for 90 days, notices of nobody."""
    root = pathlib.Path(relay.mailboxes)
    home = account(root, "devices01", 1)
    now = int(time.time())
    write(home / "metadata.json", json.dumps({"devicetoken": {
        "old": now - 91 * DAY, "young": now - 89 * DAY}, "x": 1}))
    push = pathlib.Path(relay.dir, "state", "push")
    for folder in "new", "queue":
        (push / folder).mkdir(parents=True, exist_ok=True)
        write(push / folder / home.name, "")
        write(push / folder / f"nobodyyyy@{relay.domain}", "")
        write(push / folder / ".new", "")
    write(push / "queue" / home.name, "", 2 * DAY)
    before = snapshot(push), snapshot(home)
    with tap.check("push: old tokens, notices of accounts that are gone"):
        rows = exp.rows("-n", "-A")
        expect(sorted((row["account"][:9], row["what"], row["item"][:11])
                      for row in rows),
               [("devices01", "file", "push/queue/"),
                ("devices01", "token", "1"),
                ("nobodyyyy", "file", "push/new/no"),
                ("nobodyyyy", "file", "push/queue/")])
        expect((snapshot(push), snapshot(home)), before)
        expect(sorted(map(str, exp.rows("-v", "-A"))),
               sorted(map(str, rows)))
        data = json.loads((home / "metadata.json").read_text())
        expect((list(data["devicetoken"]), data["x"]), (["young"], 1))
        expect((home / "metadata.json").stat().st_uid, home.stat().st_uid)
        expect((os.listdir(push / "queue"), sorted(os.listdir(push / "new"))),
               ([".new"], [".new", home.name]))
        expect(exp.rows("-v", "-A"), [])
    exp.remove(home)
    exp.remove(push)


def check_links(tap, relay, exp):
    root = pathlib.Path(relay.mailboxes)
    victim = account(root, "victim001", 1)
    secret = message(victim, "cur", 30 * DAY)
    target = victim / (secret + ":2,S")
    home = account(root, "planted01", 1)
    message(home, "cur", 1 * DAY)
    os.symlink(target, home / "cur" / "1000000000.M1P1.h,S=3,W=3:2,S")
    os.symlink(victim, home / ".Linked")
    with tap.check("links in a mailbox are not followed"):
        rows = exp.rows("-v", "-u", home.name)
        expect(rows, [])
        assert target.exists() and os.path.islink(home / ".Linked")
    with tap.check("a link in place of cur, of the account"):
        exp.remove(home / "cur")
        os.symlink(victim / "cur", home / "cur")
        rows = exp.rows("-v", "-u", home.name, code=EX_TEMPFAIL)
        expect((rows, target.exists()), ([], True))
        exp.remove(home)
        os.symlink(victim, home)
        expect(exp.rows("-v", "-u", home.name, code=EX_NOUSER), [])
        expect(exp.rows("-n", "-A")[0]["account"], victim.name)
        os.unlink(home)
    with tap.check("links in an account that goes are not followed"):
        home = account(root, "planted02", 400)
        os.symlink(victim, home / ".Linked")
        expect(len(exp.rows("-v", "-u", home.name)), 1)
        assert target.exists() and not home.exists()
    exp.remove(victim)


def check_trouble(tap, relay, exp):
    home = account(relay.mailboxes, "trouble01", 1)
    message(home, "cur", 30 * DAY)
    (home / "dovecot-uidlist").mkdir()
    owned(home / "dovecot-uidlist")
    with tap.check("a mailbox that cannot be opened: our lines name nobody"):
        code, out, err = exp.run("-u", home.name)
        expect(code, EX_TEMPFAIL)
        ours = [line for line in err.splitlines() if "a mailbox" in line]
        assert ours and not any("@" in line for line in ours), err
    with tap.check("to a terminal it says more"):
        out = exp.on_terminal("-u", home.name)
        assert re.search(r"a mailbox: .*@", out), out
    exp.remove(home)


def wait_for_fewer(proc, path, count):
    while proc.poll() is None and len(os.listdir(path)) > count:
        pass


def check_kill(tap, relay, exp):
    dora = relay.new_login()
    conn = relay.imap(dora)
    box = pathlib.Path(relay.mailboxes, dora[0])
    kept = [message(box, "cur", DAY) for _ in range(5)]
    for _ in range(KILL_MESSAGES):
        message(box, "cur", 30 * DAY, size=100)
    before = uids(conn, "INBOX")
    keep = {uid for name, uid in uid_by_name(box).items()
            if "cur/" + name in kept}
    partly = 0
    with tap.check(f"kill -9, {KILLS} times: nothing to say for force-resync"):
        # a fast machine is done before many of them
        for tries in range(4 * KILLS):
            if tries >= KILLS and partly >= 2:
                break
            i = tries % KILLS
            proc = exp.popen("-u", dora[0])
            if i % 3 == 0:
                # before the first file goes
                exp.doveadm_of(proc)
                time.sleep(0.004 * (1 + i))
            else:
                wait_for_fewer(proc, box / "cur",
                               KILL_MESSAGES * (KILLS - i) // KILLS)
            exp.signal(proc, signal.SIGKILL)
            proc.communicate(timeout=RELAY_SECONDS)
            left = len(exp.mail_files(box))
            partly += 5 < left < KILL_MESSAGES + 5
            expect(exp.resync_after_kill(dora[0]), "")
            if left == 5:
                for _ in range(KILL_MESSAGES):
                    message(box, "cur", 30 * DAY, size=100)
                uids(conn, "INBOX")
        tap.note(f"{partly} of {tries} times in the middle of the files")
        assert partly >= 2
        # else something writes Dovecot's log otherwise than Dovecot does
        assert exp.torn < tries
    with tap.check("the same command does the rest"):
        expect(exp.summary("-u", dora[0])["failed"], 0)
        expect(exp.mail_files(box), set(kept))
        after = uids(conn, "INBOX")
        expect(after[0], before[0])
        expect({int(uid) for uid in after[1]}, keep)
        exp.quota_is_right(dora[0])
    with tap.check("a torn log of Dovecot's: nothing is lost, and it heals"):
        before = uids(conn, "INBOX")
        message(box, "cur", 30 * DAY)
        tear_log(box)
        expect(exp.resync_after_kill(dora[0]), "")
        expect(exp.summary("-u", dora[0])["messages_removed"], 1)
        expect(uids(conn, "INBOX"), before)
    with tap.check("a torn log of Dovecot's: expire heals it, too"):
        message(box, "cur", 30 * DAY)
        tear_log(box)
        for _ in range(2):
            exp.run("-u", dora[0])
        expect(exp.summary("-u", dora[0])["failed"], 0)
        expect(exp.mail_files(box), set(kept))
        expect(uids(conn, "INBOX"), before)
        expect(exp.resync(dora[0]), "")
    with tap.check("a signal: what is begun is finished, exit 75"):
        # enough that the walk takes a while
        homes = [account(pathlib.Path(relay.mailboxes), f"slow{i:05}", 1)
                 for i in range(200)]
        for _ in range(5):
            for home in homes:
                message(home, "cur", 30 * DAY)
            proc = exp.popen("-A")
            while proc.poll() is None and \
                    all(exp.mail_files(home) for home in homes):
                pass
            exp.signal(proc, signal.SIGTERM)
            out, err = proc.communicate(timeout=RELAY_SECONDS)
            if proc.returncode != 0:
                break
            # it was too quick
        expect(proc.returncode, EX_TEMPFAIL)
        assert "interrupted" in err and "accounts=" in out, out + err
        assert any(exp.mail_files(home) for home in homes)
        expect(exp.summary("-A")["failed"], 0)
        assert not any(exp.mail_files(home) for home in homes)
    with tap.check("without Dovecot: nothing goes, and it gives up soon"):
        for home in homes:
            message(home, "cur", 30 * DAY)
        got, out, err = exp.doveadm(
            "-o", f"auth_socket_path={relay.dir}/none", "chatmail", "expire",
            "-A")
        expect(got, EX_TEMPFAIL)
        assert all(exp.mail_files(home) for home in homes)
        assert len(err.splitlines()) < 20 and "failed=5" in out, out + err
    for home in homes:
        exp.remove(home)
    conn.logout()


def check_usage(tap, relay, exp):
    with tap.check("which accounts: must be said, once"):
        expect(exp.run()[0], EX_USAGE)
        expect(exp.run("-A", "-u", "x")[0], EX_USAGE)
        expect(exp.run("-u", f"nobodyyyy@{relay.domain}")[0], EX_NOUSER)
    home = account(relay.mailboxes, "nomail001", 1)
    for name in "cur", "new", "tmp":
        (home / name).rmdir()
    with tap.check("an account that has had no mail stays as it is"):
        expect(exp.rows("-v", "-A"), [])
        # but for Dovecot's list of mailboxes
        expect([name for name in os.listdir(home)
                if not name.startswith("dovecot.list.index")], ["password"])
    exp.remove(home)
    account(relay.mailboxes, "terminal1", 1)
    with tap.check("a terminal gets a line of progress, without rows only"):
        for args, wanted in (["-A"], True), (["-A", "-v"], False):
            out = exp.on_terminal(*args)
            expect(re.search(r"\r\d+ accounts", out) is not None, wanted)


def check_regular(tap, relay, exp):
    """A clock that goes ahead, which is what a machine that was off sees."""
    root = pathlib.Path(relay.mailboxes)
    file = pathlib.Path(relay.dir, "state", "expire.json")
    home, other = account(root, "asleep001", 5), account(root, "asleep002", 5)
    tomorrow = account(root, "asleep003", 5)
    message(home, "cur", 1 * DAY)

    def run(*args, ahead="+0d"):
        """What was done to these accounts, what was said, by whose days."""
        code, out, err = exp.doveadm("-f", "json", "chatmail", "expire", *args,
                                     env=exp.clock(ahead))
        expect(code, 0)
        return ({(row["account"][:9], row["what"]) for row in json.loads(out)
                 if row["account"].startswith("asleep")},
                [line[line.index("Inactive"):] for line in err.splitlines()
                 if "Inactive accounts are kept" in line],
                json.loads(file.read_text()))

    def day(number):
        return time.strftime("%Y-%m-%d", time.gmtime(number * DAY))

    with tap.check("the day of a run of all accounts is remembered"):
        file.unlink()
        done, kept, state = run("-v", "-A")
        expect((done, kept), (set(), []))
        today = int(time.time() // DAY)
        assert state["last"] in (today - 1, today), state
        expect((state["since"], state["gap"]), (0, 0))
        expect((file.stat().st_mode & 0o777, file.stat().st_uid),
               (0o600, file.parent.stat().st_uid))
    with tap.check("200 days later: a dry run keeps accounts, says until when"):
        before = file.read_bytes()
        done, kept, _ = run("-n", "-A", ahead="+200d")
        expect(done, {("asleep001", "message")})
        expect(len(kept), 1)
        expect(file.read_bytes(), before)
    with tap.check("and so does a run; mail goes all the same"):
        done, kept_then, state = run("-v", "-A", ahead="+200d")
        expect((done, kept_then), ({("asleep001", "message")}, kept))
        gap, since = state["gap"], state["since"]
        assert 199 <= gap <= 201, state
        assert f"until {day(since + 14)}" in kept[0], kept
        assert f"no run was made for {gap} days before {day(since)}" \
            in kept[0], kept
        assert home.exists() and other.exists() and "@" not in kept[0]
    with tap.check("one that is named goes, which is no run of all"):
        before = file.read_bytes()
        done, kept, _ = run("-v", "-u", other.name, ahead="+200d")
        expect((done, kept), ({("asleep002", "account")}, []))
        expect(file.read_bytes(), before)
    with tap.check("13 days later it still keeps them, after 14 no more"):
        done, kept, _ = run("-v", "-A", ahead="+213d")
        expect((done, len(kept)), (set(), 1))
        exp.remove(home)
        done, kept, _ = run("-v", "-A", ahead="+214d")
        expect((done, kept), ({("asleep003", "account")}, []))
        assert not tomorrow.exists()
    with tap.check("the clock is right again: it says so, and keeps them"):
        home = account(root, "asleep001", 95)
        done, kept, state = run("-v", "-A")
        expect((done, len(kept), state["gap"]), (set(), 1, 0))
        assert "a clock that was ahead" in kept[0], kept
    with tap.check("--force removes them at once; a dry run says it"):
        expect(run("-n", "-A", "--force")[0], {("asleep001", "account")})
        assert home.exists()
        done, kept, _ = run("-v", "-A", "-f")
        expect((done, kept), ({("asleep001", "account")}, []))
        assert not home.exists()
    with tap.check("a file that is damaged: as before the first run"):
        home = account(root, "asleep001", 95)
        file.write_text("{")
        code, _, err = exp.run("-n", "-A")
        expect(code, 0)
        assert "expire.json in state_dir is damaged" in err, err
        done, kept, state = run("-v", "-A")
        expect((done, kept), ({("asleep001", "account")}, []))
        expect((state["since"], state["gap"]), (0, 0))


# Without chatmail-push, which would take what check_push leaves in its spool
LOCAL_CONF = """
service chatmail-push {
  process_min_avail = 0
}
"""

with Tap() as tap, started_relay(
        tap, "login_brake_after=0", "hold_deleted_days=30",
        local_conf=LOCAL_CONF) as relay:
    exp = Expire(relay)
    check_usage(tap, relay, exp)
    check_messages(tap, relay, exp)
    check_idle(tap, relay, exp)
    check_accounts(tap, relay, exp)
    check_blocked(tap, relay, exp)
    check_login_saves(tap, relay, exp)
    check_session(tap, relay, exp)
    check_leftovers(tap, relay, exp)
    check_push(tap, relay, exp)
    check_links(tap, relay, exp)
    check_trouble(tap, relay, exp)
    check_kill(tap, relay, exp)
    check_regular(tap, relay, exp)
