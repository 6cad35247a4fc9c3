#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`doveadm chatmail ...` on the command line and over Dovecot's HTTP API."""
import base64
import imaplib
import json
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from harness import (LIB, RELAY_SECONDS, Tap, dovecot_processes, expect,
                     shell, started_relay)
import relay_client as rc

# sysexits.h
EX_USAGE, EX_DATAERR, EX_NOUSER, EX_TEMPFAIL, EX_CONFIG = 64, 65, 67, 75, 78
KEY = secrets.token_urlsafe(32)
# Seconds for a session to notice that it was ended.
END_SECONDS = 15
BAD_NAMES = ("../x@chat.test", "a/b@chat.test", "..", "/", "%u@chat.test/",
             "with space@chat.test", "tab\tname@chat.test",
             "line\nfeed@chat.test", "\x1b[2J@chat.test", "nobody",
             "a@b@chat.test", ".hidden@chat.test", "other@example.org", "",
             "x" * 300 + "@chat.test", "*/..", "mask*\n")


class Doveadm:
    def __init__(self, relay, port):
        self.relay = relay
        self.port = port

    def run(self, *args, stdin=""):
        """Exit status, standard output, standard error."""
        done = subprocess.run(
            ["sh", "-c", '. "$0" && relay_doveadm "$@"',
             str(LIB / "relay.sh"), self.relay.dir, *args],
            input=stdin, capture_output=True, text=True, check=False,
            timeout=RELAY_SECONDS)
        return done.returncode, done.stdout, done.stderr

    def rows(self, *args, stdin="", code=0):
        """The rows of one of our commands, as dictionaries."""
        got, out, err = self.run("-f", "json", "chatmail", *args, stdin=stdin)
        assert got == code, f"exit {got}, expected {code}: {out}{err}"
        return json.loads(out) if out.strip() else []

    def http(self, body=None, key=KEY):
        """POST if there is a body, else GET."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/doveadm/v1", body,
            {"Content-Type": "application/json", "Authorization":
             "X-Dovecot-API " + base64.b64encode(key.encode()).decode()})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def post(self, *commands):
        """What the API answers to [name, parameters] pairs."""
        return self.http(json.dumps(
            [[name, parameters, f"tag{i}"] for
             i, (name, parameters) in enumerate(commands)]).encode())

    def api(self, name, /, **parameters):
        """The rows of one command over HTTP."""
        answer = self.post((name, parameters))
        kind, rows, tag = answer[0]
        assert kind == "doveadmResponse" and tag == "tag0", answer
        return rows

    def api_error(self, name, /, **parameters):
        """The exit code of one that must fail."""
        answer = self.post((name, parameters))
        assert answer[0][0] == "error", answer
        return answer[0][1]["exitCode"]


def http_conf(port):
    """What the shipped fragment has commented out, with a key and a port."""
    stage = pathlib.Path(os.environ["RELAY_STAGE"])
    series = subprocess.run(["dovecot", "--version"], capture_output=True,
                            text=True, check=True).stdout[:3]
    path = next(stage.glob(f"**/conf.d/dovecot-{series}/80-*.conf"))
    lines = [line[1:] for line in path.read_text().splitlines()
             if line[:1] == "#" and line[1:2] not in ("", " ") or
             line.startswith("#  ") or line == "#}"]
    text = "\n".join(lines)
    assert "doveadm_api_key = ..." in text and "port = 8080" in text
    text = text.replace("doveadm_api_key = ...", f"doveadm_api_key = {KEY}")
    return text.replace("port = 8080", f"port = {port}") + "\n"


def http_code(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def can_login(relay, login):
    try:
        relay.imap(login).logout()
    except imaplib.IMAP4.error:
        return False
    return True


def ended(conn):
    """Whether the server ends this session within END_SECONDS."""
    conn.sock.settimeout(END_SECONDS)
    try:
        while conn.readline():
            pass
    except (OSError, imaplib.IMAP4.abort):
        pass
    else:
        return True
    return False


def box(relay, login, name=""):
    return os.path.join(relay.mailboxes, login[0], name)


def check_list(tap, relay, adm, logins):
    names = sorted(login[0] for login in logins)
    with tap.check("user list: all accounts, sorted"):
        expect([row["account"] for row in adm.rows("user", "list")], names)
        got, out, _ = adm.run("chatmail", "user", "list")
        expect((got, out.split()), (0, names))
    with tap.check("user list: a mask, a name in upper case"):
        expect([row["account"] for row in
                adm.rows("user", "list", names[0][:4].upper() + "*")],
               [name for name in names if name[:4] == names[0][:4]])
        expect(adm.rows("user", "list", names[1].upper()),
               [{"account": names[1]}])
    with tap.check("user list: -f tab"):
        got, out, _ = adm.run("-f", "tab", "chatmail", "user", "list")
        expect((got, out.split()[-len(names):]), (0, names))
    with tap.check("user list: over HTTP"):
        expect(adm.api("chatmailUserList"),
               [{"account": name} for name in names])
    with tap.check("a mask that matches nobody, a name that is nobody's"):
        adm.rows("user", "list", "zz-*", code=EX_NOUSER)
        adm.rows("user", "info", f"nobodyyyy@{relay.domain}", code=EX_NOUSER)
        expect(adm.api_error("chatmailUserInfo",
                             mask=[f"nobodyyyy@{relay.domain}"]), EX_NOUSER)


def today():
    return time.strftime("%Y-%m-%d", time.gmtime())


STARTED = today()


def check_info(tap, relay, adm, alice):
    wanted = {"account": alice[0], "state": "active", "cleartext": "off",
              "last_login": adm.rows("user", "info",
                                     alice[0])[0]["last_login"],
              "scheme": "SHA512-CRYPT", "home": box(relay, alice)[:-1]}
    with tap.check("user info"):
        # it may be past midnight
        expect(wanted["last_login"], STARTED, today())
        rows = adm.rows("user", "info", alice[0])
        expect(rows, [wanted])
        expect(adm.api("chatmailUserInfo", mask=[alice[0]]), [wanted])
        got, out, _ = adm.run("chatmail", "user", "info", alice[0])
        assert got == 0 and "last_login" in out and alice[0] in out, out
    with tap.check("user info: the later day of the two that are kept"):
        info = pathlib.Path(box(relay, alice, "account.json"))
        kept, password = info.read_text(), box(relay, alice, "password")
        mtime = os.stat(password).st_mtime
        day = int(mtime) // 86400
        for there, mine, shown in (day - 3, day - 9, day - 3), \
                (day - 9, day - 3, day - 3), (None, day - 9, day - 9):
            os.utime(password, (mine * 86400,) * 2)
            info.write_text("{" if there is None else
                            json.dumps({"last_login": there}))
            expect(adm.rows("user", "info", alice[0])[0]["last_login"],
                   time.strftime("%Y-%m-%d", time.gmtime(shown * 86400)))
        info.write_text(kept)
        os.utime(password, (mtime, mtime))
    with tap.check("user cleartext on, off"):
        adm.rows("user", "cleartext", alice[0], "on")
        assert not os.path.exists(box(relay, alice, "enforceE2EEincoming"))
        expect(adm.rows("user", "info", alice[0])[0]["cleartext"], "on")
        adm.api("chatmailUserCleartext", account=alice[0], state="off")
        stat = os.stat(box(relay, alice, "enforceE2EEincoming"))
        expect((stat.st_uid, stat.st_mode & 0o777),
               (os.stat(box(relay, alice)).st_uid, 0o600))
        expect(adm.run("chatmail", "user", "cleartext", alice[0], "maybe")[0],
               EX_USAGE)
    with tap.check("user info: a damaged account"):
        damaged = "damaged00@" + relay.domain
        os.mkdir(os.path.join(relay.mailboxes, damaged), 0o700)
        os.symlink("/etc/passwd",
                   os.path.join(relay.mailboxes, damaged, "password"))
        row = adm.rows("user", "info", damaged, code=EX_DATAERR)[0]
        assert row["state"].startswith("damaged: "), row
    with tap.check("user delete: a damaged account, not what it links to"):
        before = os.stat("/etc/passwd")
        expect(adm.rows("user", "delete", damaged),
               [{"account": damaged, "result": "deleted"}])
        assert not os.path.exists(os.path.join(relay.mailboxes, damaged))
        expect(os.stat("/etc/passwd").st_ctime, before.st_ctime)


def check_block(tap, relay, adm, alice, bob):
    with tap.check("user block ends sessions and keeps out, others stay"):
        idle, other = relay.imap(alice), relay.imap(bob)
        expect(adm.rows("user", "block", alice[0]),
               [{"account": alice[0], "result": "blocked"}])
        assert ended(idle)
        assert not can_login(relay, alice)
        expect(other.noop()[0], "OK")
        expect(adm.rows("user", "info", alice[0])[0]["state"], "blocked")
        stat = os.stat(box(relay, alice, "DISABLED"))
        expect(stat.st_uid, os.stat(box(relay, alice)).st_uid)
        other.logout()
    with tap.check("user unblock lets in again; both over HTTP, too"):
        adm.rows("user", "unblock", alice[0])
        assert can_login(relay, alice)
        idle = relay.imap(alice)
        adm.api("chatmailUserBlock", mask=[alice[0]])
        assert ended(idle) and not can_login(relay, alice)
        adm.api("chatmailUserUnblock", mask=[alice[0]])
        assert can_login(relay, alice)


def check_stopped(tap, relay, adm, alice):
    """A master process that ends leaves its sockets where they are."""
    base = pathlib.Path(relay.dir, "stopped")
    base.mkdir()
    with tap.check("user block, unblock where no Dovecot runs"):
        for left in False, True:
            if left:
                with socket.socket(socket.AF_UNIX) as anvil:
                    anvil.bind(str(base / "anvil"))
            for command, result in (("block", "blocked"),
                                    ("unblock", "unblocked")):
                got, out, err = adm.run(
                    "-f", "tab", "-o", f"base_dir={base}", "chatmail", "user",
                    command, alice[0])
                expect((got, out.splitlines()[-1:], err),
                       (0, [f"{alice[0]}\t{result}"], ""))


def check_block_at_login(tap, relay, adm, alice):
    with tap.check("user block ends a session that anvil does not know yet"):
        relay.imap(alice).logout()  # one imap process waits for the next
        conn = relay.imap()
        waiting = dovecot_processes(relay, "imap")
        assert waiting, "no imap process waits"
        try:
            for pid in waiting:
                os.kill(pid, signal.SIGSTOP)
            conn.send(b'in LOGIN "%s" "%s"\r\n' %
                      (alice[0].encode(), alice[1].encode()))
            time.sleep(2)  # auth has answered, imap has not
            adm.rows("user", "block", alice[0])
        finally:
            for pid in waiting:
                os.kill(pid, signal.SIGCONT)
        conn.sock.settimeout(END_SECONDS)
        line = conn.readline()
        while line.startswith(b"*"):
            line = conn.readline()
        assert line.startswith(b"in OK"), line
        assert ended(conn)
        adm.rows("user", "unblock", alice[0])
        relay.imap(alice).logout()


def check_hibernated(tap, relay, adm, alice, bob):
    with tap.check("user block ends an idling session, others idle on"):
        one, other = relay.imap(alice), relay.imap(bob)
        with rc.Idle(other):
            one.select("INBOX")
            one.send(b"idle1 IDLE\r\n")
            one.readline()
            # imap_hibernate_timeout of the relay is 1 s here
            time.sleep(3)
            adm.rows("user", "block", alice[0])
            assert ended(one)
        expect(other.noop()[0], "OK")
        other.logout()
        adm.rows("user", "unblock", alice[0])


def check_passwd(tap, relay, adm, alice):
    new = "new password of hers"
    day = 20 * 86400
    os.utime(box(relay, alice, "password"), (day, day))
    with tap.check("user passwd: from standard input"):
        expect(adm.rows("user", "passwd", alice[0], stdin=new + "\n"),
               [{"account": alice[0], "result": "password changed"}])
        expect(int(os.stat(box(relay, alice, "password")).st_mtime), day)
        expect(os.stat(box(relay, alice, "password")).st_uid,
               os.stat(box(relay, alice)).st_uid)
        expect(can_login(relay, alice), False)
        assert can_login(relay, (alice[0], new))
        expect([name for name in os.listdir(box(relay, alice))
                if name.startswith(".password")], [])
    with tap.check("user passwd: as an argument, over HTTP"):
        adm.rows("user", "passwd", alice[0], new + "2")
        assert can_login(relay, (alice[0], new + "2"))
        adm.api("chatmailUserPasswd", account=alice[0], password=alice[1])
        assert can_login(relay, alice)
    with tap.check("user passwd: too short, too long, missing, a mask"):
        for word in "", "x" * 8, "x" * 512:
            adm.rows("user", "passwd", alice[0], stdin=word + "\n",
                     code=EX_DATAERR)
        expect(adm.api_error("chatmailUserPasswd", account=alice[0]), EX_USAGE)
        expect(adm.run("chatmail", "user", "passwd", "*", new)[0], EX_USAGE)
        assert can_login(relay, alice)
    with tap.check("user passwd: what nobody could log in with"):
        for byte in "\1\t\r\n":
            word = f"long{byte}enough for us"
            adm.rows("user", "passwd", alice[0], word, code=EX_DATAERR)
            expect(adm.api_error("chatmailUserPasswd", account=alice[0],
                                 password=word), EX_DATAERR)
        assert can_login(relay, alice)
    with tap.check("user passwd: 511 bytes"):
        adm.rows("user", "passwd", alice[0], stdin="x" * 511)
        assert can_login(relay, (alice[0], "x" * 511))
        adm.rows("user", "passwd", alice[0], alice[1])


def check_registration(tap, relay, adm):
    def status():
        return tuple(adm.rows("registration", "status")[0].values())

    nocreate = pathlib.Path(relay.dir, "nocreate")
    switch = pathlib.Path(relay.dir, "state", "registration-closed")
    with tap.check("registration close, open, status"):
        expect(status(), ("open", ""))
        adm.rows("registration", "close")
        expect(status(), ("closed", "switch"))
        expect(switch.stat().st_uid, switch.parent.stat().st_uid)
        expect(adm.api("chatmailRegistrationStatus"),
               [{"registration": "closed", "closed_by": "switch"}])
        adm.api("chatmailRegistrationOpen")
        expect((status(), switch.exists()), (("open", ""), False))
    with tap.check("while it is closed no login makes an account"):
        old, new = relay.new_login(), relay.new_login()
        relay.imap(old).logout()
        adm.rows("registration", "close")
        relay.imap(old).logout()
        try:
            relay.imap(new)
            raise AssertionError("an account came into being")
        except imaplib.IMAP4.error as error:
            assert "AUTHENTICATIONFAILED" in str(error), error
        assert not pathlib.Path(relay.mailboxes, new[0]).exists()
        adm.rows("registration", "open")
        relay.imap(new).logout()
        adm.rows("user", "delete", old[0], new[0])
    with tap.check("registration open does not touch nocreate_file"):
        nocreate.touch()
        adm.api("chatmailRegistrationClose")
        expect(status(), ("closed", "nocreate_file, switch"))
        adm.rows("registration", "open", code=EX_DATAERR)
        expect(status(), ("closed", "nocreate_file"))
        nocreate.unlink()


def check_tokens(tap, relay, adm):
    """What they do to logins is in 12-tokens.t."""
    with tap.check("token add, list, remove, over HTTP too"):
        added = adm.api("chatmailTokenAdd", name="autumn", token="a-token-1",
                        maxUses=3, expires="2030-01-31", comment="to öthers")
        expect(added, [{"name": "autumn", "token": "a-token-1",
                        "max_uses": "3", "expires": "2030-01-31"}])
        made = adm.rows("token", "add", "winter")[0]["token"]
        assert re.fullmatch("[a-z2-7]{16}", made), made
        rows = adm.rows("token", "list")
        expect([(row["name"], row["state"], row["used"], row["max_uses"],
                 row["expires"], row["comment"]) for row in rows],
               [("autumn", "active", "0", "3", "2030-01-31", "to öthers"),
                ("winter", "active", "0", "", "", "")])
        expect(adm.api("chatmailTokenList"), rows)
        expect(adm.api("chatmailTokenRemove", name="autumn"),
               [{"name": "autumn", "result": "removed"}])
    with tap.check("token add: one that fails does not close registration"):
        adm.rows("token", "remove", "winter")
        adm.rows("registration", "open")
        got, _, err = adm.run("chatmail", "token", "add", "-c",
                              os.fsdecode(b"f\xfcr"), "x")
        expect(got, EX_USAGE)
        assert "UTF-8" in err, err
        key = pathlib.Path(relay.dir, "state", "key")
        sound = key.read_bytes()
        key.write_bytes(b"no key")
        adm.rows("token", "add", "x", code=EX_DATAERR)
        key.write_bytes(sound)
        expect(adm.rows("registration", "status")[0]["registration"], "open")
        made = adm.rows("token", "add", "winter")[0]["token"]
    with tap.check("token: what is refused, and its exit codes"):
        for args in (["add"], ["add", "two words"], ["add", "x", "short"],
                     ["add", "-m", "0", "x"], ["add", "-e", "31.1.2030", "x"],
                     ["add", "-e", "2030-02-30", "x"],
                     ["add", "-c", "a\tb", "x"]):
            got = adm.run("chatmail", "token", *args)[0]
            assert got == EX_USAGE, (args, got)
        adm.rows("token", "add", "winter", code=EX_DATAERR)
        adm.rows("token", "add", "other", made, code=EX_DATAERR)
        adm.rows("token", "remove", "summer", code=EX_NOUSER)
        expect(adm.api_error("chatmailTokenRemove", name="summer"), EX_NOUSER)
        adm.rows("token", "remove", "winter")
        adm.rows("registration", "open")
        expect(adm.rows("registration", "status")[0]["registration"], "open")


def check_system(tap, relay, adm, logins):
    with tap.check("config: values, units and where they come from"):
        rows = {row["setting"]: row for row in adm.rows("config")}
        domain = rows["mail_domain"]
        expect(domain["value"], relay.domain)
        path, line = domain["origin"].rsplit(":", 1)
        text = pathlib.Path(path).read_text().splitlines()[int(line) - 1]
        assert text.startswith("mail_domain"), text
        expect((rows["delete_mails_after"]["unit"],
                rows["delete_mails_after"]["origin"]), ("days", "default"))
        expect({row["setting"]: row for row in adm.api("chatmailConfig")},
               rows)
    with tap.check("config: another file, a long value, a broken one, none"):
        path = pathlib.Path(relay.dir, "other.ini")
        path.write_text("[params]\nmail_domain = other.test\n")
        rows = adm.rows("config", "-F", str(path))
        expect(next(row["value"] for row in rows
                    if row["setting"] == "mail_domain"), "other.test")
        senders = "\n\t".join(["somebody@other.test"] * 380)
        path.write_text("[params]\nmail_domain = other.test\n"
                        f"passthrough_senders = {senders}\n")
        assert len(senders) > 7900
        shown = next(row["value"] for row in
                     adm.rows("config", "-F", str(path))
                     if row["setting"] == "passthrough_senders")
        assert shown == senders, f"{len(shown)} of {len(senders)}"
        path.write_text("[params]\nmail_domain = \n")
        adm.rows("config", "--config", str(path), code=EX_CONFIG)
        adm.rows("config", "-F", "/nonexistent", code=EX_CONFIG)
        expect(adm.api_error("chatmailConfig", config="/etc/passwd"), EX_USAGE)
    with tap.check("stats: accounts and the milter's counters"):
        rows = {row["name"]: int(row["value"]) for row in adm.rows("stats")}
        expect((rows["accounts"], rows["registration_closed"]),
               (len(logins), 0))
        expect(rows["milter_incoming_accept"], 0)
        expect({row["name"]: int(row["value"])
                for row in adm.api("chatmailStats")}, rows)


def check_federation(tap, relay, adm):
    rules = pathlib.Path(relay.dir, "state", "federation")
    target = "nobody123@" + relay.domain

    def rcpt(sender):
        """Postfix's answer on port 25; whom the rules decide about."""
        conn = relay.port25()
        conn.mail(sender)
        code = conn.rcpt(target)[0]
        conn.quit()
        return code

    with tap.check("federation block: heeded by Postfix at once"):
        expect(rcpt("a@evil.example"), 250)
        expect(adm.rows("federation", "block", "Evil.example",
                        ".evil.example"),
               [{"target": "evil.example", "result": "blocked"},
                {"target": ".evil.example", "result": "blocked"}])
        expect((rcpt("a@evil.example"), rcpt("a@sub.evil.example")),
               (550, 550))
        expect(adm.rows("federation", "block", "evil.example"),
               [{"target": "evil.example", "result": "blocked before"}])
        expect(rules.stat().st_uid, rules.parent.stat().st_uid)
    with tap.check("federation allow, list; over HTTP, too"):
        rules.write_text("# why\n" + rules.read_text())
        adm.api("chatmailFederationAllow", target=["good@evil.example"])
        expect((rcpt("good@evil.example"), rcpt("b@evil.example")),
               (250, 550))
        rows = [{"target": "evil.example", "rule": "block"},
                {"target": ".evil.example", "rule": "block"},
                {"target": "good@evil.example", "rule": "allow"}]
        expect(adm.rows("federation", "list"), rows)
        expect(adm.api("chatmailFederationList"), rows)
        assert rules.read_text().startswith("# why\n"), rules.read_text()
    with tap.check("federation forget, --dry-run first"):
        before = rules.read_bytes()
        rows = adm.rows("federation", "forget", "--dry-run", "evil.example",
                        "other.example", code=EX_NOUSER)
        expect([row["result"] for row in rows],
               ["would be forgotten", "unknown"])
        expect(adm.api("chatmailFederationForget", dryRun=True,
                       target=["evil.example"])[0]["result"],
               "would be forgotten")
        expect(rules.read_bytes(), before)
        expect(adm.rows("federation", "forget", "EVIL.example"),
               [{"target": "evil.example", "result": "forgotten"}])
        adm.rows("federation", "forget", "evil.example", code=EX_NOUSER)
        expect(rcpt("b@evil.example"), 250)
    with tap.check("federation: what is no target changes nothing"):
        before = rules.read_bytes()
        for name in ("", "a b", "x@", "@", "..", "line\nfeed.example",
                     "a" * 300 + ".example"):
            for command in "allow", "block", "forget":
                adm.rows("federation", command, "fine.example", name,
                         code=EX_DATAERR)
            expect(adm.api_error("chatmailFederationBlock", target=[name]),
                   EX_DATAERR)
        expect(adm.api_error("chatmailFederationBlock"), EX_USAGE)
        expect(adm.run("chatmail", "federation", "allow")[0], EX_USAGE)
        expect(rules.read_bytes(), before)
    with tap.check("federation list: a line that is no rule, no file"):
        rules.write_text("block a.example\nfrobnicate b.example\n")
        got, out, err = adm.run("-f", "tab", "chatmail", "federation", "list")
        expect((got, out.splitlines()[-1]), (EX_DATAERR, "a.example\tblock"))
        assert f"{rules}:2: " in err, err
        rules.unlink()
        expect(adm.rows("federation", "list"), [])
    with tap.check("federation: a folder in the file's place"):
        rules.mkdir()
        for command in (("list",), ("block", "a.example"),
                        ("forget", "-n", "a.example")):
            adm.rows("federation", *command, code=EX_TEMPFAIL)
        rules.rmdir()


def check_delete(tap, relay, adm, alice, bob):
    new = [relay.new_login() for _ in range(3)]
    for login in new:
        relay.imap(login).logout()
    before = sorted(os.listdir(relay.mailboxes))
    with tap.check("user delete --dry-run deletes nothing"):
        expect([row["result"] for row in
                adm.rows("user", "delete", "-n", new[0][0], alice[0])],
               ["would be deleted"] * 2)
        expect(len(adm.rows("user", "delete", "--dry-run", "*")), len(before))
        adm.api("chatmailUserDelete", mask=["*"], dryRun=True)
        expect(sorted(os.listdir(relay.mailboxes)), before)
    with tap.check("user delete ends sessions and leaves nothing"):
        session, other = relay.imap(new[0]), relay.imap(bob)
        session.create("INBOX.sub.deeper")
        session.append("INBOX", None, None, b"Subject: x\r\n\r\nx\r\n")
        outside = pathlib.Path(relay.dir, "outside")
        outside.mkdir()
        (outside / "file").touch()
        os.symlink(outside, box(relay, new[0], "link"))
        expect(adm.rows("user", "delete", new[0][0]),
               [{"account": new[0][0], "result": "deleted"}])
        assert ended(session)
        expect(sorted(os.listdir(relay.mailboxes)),
               [name for name in before if name != new[0][0]])
        assert (outside / "file").exists()
        expect(other.noop()[0], "OK")
        other.logout()
        adm.rows("user", "delete", new[0][0], code=EX_NOUSER)
    with tap.check("user delete: the address is free again"):
        assert can_login(relay, new[0])
        adm.api("chatmailUserDelete", mask=[new[0][0]])
        assert not os.path.exists(box(relay, new[0]))
    with tap.check("user delete: several, one unknown"):
        rows = adm.rows("user", "delete", new[1][0], new[0][0], new[1][0],
                        code=EX_NOUSER)
        expect({row["account"]: row["result"] for row in rows},
               {new[1][0]: "deleted", new[0][0]: "unknown"})
    with tap.check("user delete: an interrupted one is finished"):
        removed = os.path.join(relay.mailboxes, ".removed")
        os.mkdir(removed)
        os.rename(box(relay, new[2])[:-1], os.path.join(removed, new[2][0]))
        os.mkdir(os.path.join(removed, "somebody@" + relay.domain))
        adm.rows("user", "delete", new[2][0][:6] + "*", code=EX_NOUSER)
        expect(sorted(os.listdir(relay.mailboxes)),
               sorted(login[0] for login in (alice, bob)))


def check_bad(tap, relay, adm):
    before = sorted(map(str, pathlib.Path(relay.dir, "mail").rglob("*")))
    with tap.check("bad names are refused by each command"):
        for name in BAD_NAMES:
            for command in (("list",), ("info",), ("block",), ("unblock",),
                            ("delete",), ("passwd", "long enough for us"),
                            ("cleartext", "on")):
                if command[0] == "passwd" and "*" in name:
                    continue
                got, out, err = adm.run("chatmail", "user", command[0],
                                        "--", name, *command[1:])
                assert got == EX_DATAERR, (command, name, got, out, err)
                assert "\x1b" not in out + err, (out, err)
                if command[0] not in ("list", "delete"):
                    break
    with tap.check("bad names are refused over HTTP"):
        for name in BAD_NAMES:
            expect(adm.api_error("chatmailUserDelete", mask=[name]),
                   EX_DATAERR)
        # by Dovecot's JSON parser
        expect(http_code(adm.post, ("chatmailUserDelete",
                                    {"mask": ["nul\0@chat.test"]})), 400)
    with tap.check("one bad name among good ones: nothing is done"):
        adm.rows("user", "delete", "*", "../x", code=EX_DATAERR)
    with tap.check("wrong arguments are EX_USAGE"):
        for args in (("user", "info"), ("user", "delete"), ("user", "block"),
                     ("user", "passwd"), ("user", "cleartext"),
                     ("stats", "more"), ("user", "delete", "--frobnicate")):
            expect(adm.run("chatmail", *args)[0], EX_USAGE)
        for name in ("chatmailUserInfo", "chatmailUserDelete",
                     "chatmailUserCleartext"):
            expect(adm.api_error(name), EX_USAGE)
        expect(adm.api_error("chatmailUserDelete", mask=[]), EX_USAGE)
    with tap.check("all of this changed nothing"):
        expect(sorted(map(str, pathlib.Path(relay.dir, "mail").rglob("*"))),
               before)
    with tap.check("HTTP: a wrong key, another command of doveadm's"):
        # GET: to a POST with a wrong key 2.3 says nothing at all
        expect(http_code(adm.http, key=KEY), 200)
        expect(http_code(adm.http, key="wrong"), 401)
        expect(adm.post(("who", {}))[0][1]["type"], "unAuthorized")


def check_log(tap, relay, logins):
    with tap.check("the log names nobody"):
        text = pathlib.Path(relay.dir, "log", "dovecot.log").read_text()
        for login in logins:
            assert login[0] not in text and login[0][:9] not in text, login


with Tap() as tap:
    port = int(subprocess.run(
        ["sh", "-c", '. "$0" && relay_free_port', str(LIB / "relay.sh")],
        capture_output=True, text=True, check=True).stdout)
    with started_relay(tap, local_conf=http_conf(port) +
                       "imap_hibernate_timeout = 1s\n") as relay:
        adm = Doveadm(relay, port)
        logins = [relay.new_login() for _ in range(3)]
        for login in logins:
            relay.imap(login).logout()
        alice, bob, carol = logins
        check_list(tap, relay, adm, logins)
        check_info(tap, relay, adm, alice)
        check_block(tap, relay, adm, alice, bob)
        check_stopped(tap, relay, adm, alice)
        check_block_at_login(tap, relay, adm, alice)
        check_hibernated(tap, relay, adm, alice, bob)
        check_passwd(tap, relay, adm, alice)
        check_registration(tap, relay, adm)
        check_tokens(tap, relay, adm)
        check_system(tap, relay, adm, logins)
        check_federation(tap, relay, adm)
        adm.rows("user", "delete", carol[0])
        check_delete(tap, relay, adm, alice, bob)
        check_bad(tap, relay, adm)
        check_log(tap, relay, logins)
