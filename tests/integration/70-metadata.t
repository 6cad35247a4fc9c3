#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""IMAP METADATA: what clients are told, the tokens that they leave, and what
becomes of everything else that somebody may send."""
import contextlib
import json
import os
import pathlib
import re
import stat
import time

from harness import (SLEPT_LONG, Tap, dovecot_processes, early_in_day, expect,
                     hibernated, shell, started_relay, wait_hibernated)
from imap_metadata import MetadataClient, capabilities_in
import relay_client as rc

SECRET = "0123456789abcdef" * 4
TOKEN = "/private/devicetoken"
DELTACHAT = "/shared/vendor/deltachat/"
# What Delta Chat asks for when it comes.
ALL = ["/shared/comment", "/shared/admin", DELTACHAT + "irohrelay",
       DELTACHAT + "turn", DELTACHAT + "maxsmtprecipients",
       DELTACHAT + "appversions"]
VERSIONS = {"clients": [{"clientId": "deltachat-android", "sources": [{
    "sourceId": "apk", "versionInteger": 754, "versionString": "2.60.0",
    "downloadUrl": "https://download.delta.chat/android/a.apk"}]}]}
MAX_TOKEN = 4096
MAX_TOKENS = 32
# cm-metadata-token.h
SETS_AT_ONCE = 64
FLOOD = 10_000
BIG = 10_000_000
HIBERNATE = 2
# Credentials are those of the day; what compares them takes less than this.
ENTRIES_SECONDS = 60

LOCAL_CONF = f"""
imap_hibernate_timeout = {HIBERNATE}s
verbose_proctitle = yes
mail_max_userip_connections = 100
"""


def write(path, text, mode=0o640):
    """As an admin would: a new file in its place, readable for vmail."""
    path = pathlib.Path(path)
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    vmail = pathlib.Path(path.parent, "mail").stat()
    os.chown(new, 0, vmail.st_gid)
    new.chmod(mode)
    new.rename(path)


def account(relay, login):
    return pathlib.Path(relay.mailboxes, login[0])


def stored(relay, login):
    """The tokens in the file."""
    file = account(relay, login) / "metadata.json"
    if not file.exists():
        return None
    return json.loads(file.read_text())["devicetoken"]


def tree(relay, login):
    """Names and contents of what the account has, Dovecot's indexes left
    out."""
    return {str(path): path.read_bytes()
            for path in account(relay, login).rglob("*")
            if path.is_file() and not path.name.startswith("dovecot")}


def log(relay):
    return pathlib.Path(relay.env["RELAY_LOG"], "dovecot.log").read_text(
        errors="replace")


def logged(relay, text, count):
    """Dovecot's log process writes a little after the answer."""
    end = time.monotonic() + 10
    while log(relay).count(text) < count and time.monotonic() < end:
        time.sleep(0.02)
    expect(log(relay).count(text), count)


def doveadm(relay, *args):
    return shell(relay.dir, "relay_doveadm", "mailbox", "metadata",
                 *args).strip()


def starts(answer, *wanted):
    assert answer.startswith(wanted), f"{answer!r} does not begin with " \
        f"{' or '.join(wanted)}"


def server_entries(tap, relay, login):
    early_in_day(ENTRIES_SECONDS)
    with tap.check("METADATA, XCHATMAIL and XDELTAPUSH before the login"):
        for greeting in MetadataClient(relay).greeting, \
                rc_greeting(relay):
            have = capabilities_in(greeting)
            assert {"METADATA", "XCHATMAIL", "XDELTAPUSH"} <= have, have
    client = MetadataClient(relay, login)
    with tap.check("and after it, in the answer to LOGIN and to CAPABILITY"):
        wanted = {"METADATA", "XCHATMAIL", "XDELTAPUSH"}
        assert wanted <= client.capabilities, client.capabilities
        client.command("CAPABILITY")
        assert wanted <= set(client.untagged[0].decode().split())
    with tap.check("all that Delta Chat asks for, in one answer"):
        got = client.get("", *ALL)
        expect(sorted(got), sorted(ALL))
        expect(len(client.untagged), 1)
        expect(got["/shared/comment"], b"Welcome to the test")
        expect(got["/shared/admin"], b"mailto:admin@chat.test")
        expect(got[DELTACHAT + "irohrelay"], b"https://iroh.chat.test")
        expect(got[DELTACHAT + "maxsmtprecipients"], b"77")
        host, port, name, password = \
            got[DELTACHAT + "turn"].decode().split(":")
        expect((host, port), ("chat.test", "3478"))
        assert name.isdecimal() and len(password) == 28
        expect(json.loads(got[DELTACHAT + "appversions"]), VERSIONS)
        assert b"\n" not in got[DELTACHAT + "appversions"]
    with tap.check("and what it asks for later"):
        got = client.get("", DELTACHAT + "turn", DELTACHAT + "appversions")
        assert all(got.values()) and len(got) == 2
    with tap.check("names in any case, upper-case included"):
        expect(client.get("", "/SHARED/Vendor/DeltaChat/MaxSmtpRecipients"),
               {DELTACHAT + "maxsmtprecipients": b"77"})
    with tap.check("the credential is the same on this day, for this account"):
        other = relay.new_login()
        mine = client.get("", DELTACHAT + "turn")
        with MetadataClient(relay, login) as again, \
                MetadataClient(relay, other) as foreign:
            expect(again.get("", DELTACHAT + "turn"), mine)
            assert foreign.get("", DELTACHAT + "turn") != mine
        name = int(mine[DELTACHAT + "turn"].split(b":")[2])
        assert 3 * 86400 <= name - time.time() <= 5 * 86400, name
    with tap.check("DEPTH shows those that are set"):
        got = client.get("", "/shared/vendor", options="(DEPTH infinity) ")
        expect(sorted(got), sorted(ALL[2:]))
    with tap.check("MAXSIZE leaves out what is longer, and says so"):
        answer = client.command(f'GETMETADATA (MAXSIZE 10) "" ({ALL[0]} '
                                f'{ALL[4]})')
        starts(answer, "OK [METADATA LONGENTRIES 19]")
        expect(client.entries(""), {ALL[4]: b"77"})
    with tap.check("what is not there is NIL, and no error"):
        unknown = [DELTACHAT + "nothing", "/shared/vendor/else/x", "/shared/x",
                   "/private/comment", TOKEN, "/shared/vendor/deltachat",
                   DELTACHAT + "turn/x"]
        expect(client.get("", *unknown), {key: None for key in unknown})
    with tap.check("none can be set, and none is"):
        before = client.get("", *ALL)
        for key in ALL + [DELTACHAT + "nothing"]:
            for value in "x", b"literal", None:
                starts(client.set("", key, value), "NO [NOPERM]")
        expect(client.get("", *ALL), before)
    with tap.check("doveadm sees what the client sees"):
        for key, value in client.get("", *ALL).items():
            expect(doveadm(relay, "get", "-u", login[0], "-s", "", key),
                   value.decode())
        expect(doveadm(relay, "list", "-u", login[0], "-s", "",
                       DELTACHAT.rstrip("/")).split(),
               ["appversions", "irohrelay", "maxsmtprecipients", "turn"])
    client.close()


def logged_in(relay, login):
    """While chatmail.ini is broken: an auth-worker that read a good one goes
    on with it, one that is new says UNAVAILABLE."""
    end = time.monotonic() + 20
    while True:
        try:
            return MetadataClient(relay, login)
        except RuntimeError as error:
            assert "[UNAVAILABLE]" in str(error), error
            assert time.monotonic() < end, error


@contextlib.contextmanager
def new_processes(relay, login):
    """Sessions, of which one at least is in a process that is new: others may
    go on where a client has left."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(logged_in(relay, login)) for _ in
               range(len(dovecot_processes(relay, "imap")) + 1)]


def rc_greeting(relay):
    """Of the port with STARTTLS."""
    import socket
    with socket.create_connection((relay.host, relay.port("imap")),
                                  rc.TIMEOUT) as sock:
        return sock.makefile("rb").readline().decode()


def files_change(tap, relay, login):
    """In one session that lives on."""
    early_in_day(ENTRIES_SECONDS)
    client = MetadataClient(relay, login)
    turn, versions = DELTACHAT + "turn", DELTACHAT + "appversions"
    directory = pathlib.Path(relay.dir)
    before = client.get("", turn, versions)
    with tap.check("another secret is another password, at once"):
        write(directory / "turn-secret", "f" * 64 + "\n")
        got = client.get("", turn)[turn]
        assert got and got != before[turn]
        write(directory / "turn-secret", SECRET + "\n")
        expect(client.get("", turn)[turn], before[turn])
    for name, text, mode, why in (
            ("that everybody can read", SECRET, 0o644, "others can read it"),
            ("that is too short", SECRET[:31], 0o640, "32 to 128"),
            ("with two lines", f"{SECRET}\n{SECRET}\n", 0o640, "one line")):
        with tap.check(f"a secret {name} is not used, and that is logged"):
            count = log(relay).count(why)
            write(directory / "turn-secret", text, mode)
            for _ in range(3):
                expect(client.get("", turn), {turn: None})
            logged(relay, why, count + 1)
            assert text[:31] not in log(relay)
    with tap.check("no secret: no TURN server, and no complaint"):
        size = len(log(relay))
        (directory / "turn-secret").unlink()
        expect(client.get("", turn), {turn: None})
        assert "chatmail_metadata" not in log(relay)[size:]
        write(directory / "turn-secret", SECRET + "\n")
        assert client.get("", turn)[turn]
    for name, text, why in (
            ("JSON", '{"clients": [', "line 1: is no JSON"),
            ("of the form", '{"clients": []}', "clients: must be a list"),
            ("what clients read",
             json.dumps(VERSIONS).replace("754", '"754"'),
             "clients[0].sources[0].versionInteger")):
        with tap.check(f"appversions that is not {name}: NIL, and logged"):
            write(directory / "appversions.json", text)
            for _ in range(3):
                expect(client.get("", versions), {versions: None})
            logged(relay, why, 1)
    with tap.check("without the file: NIL; a good one again: its value"):
        (directory / "appversions.json").unlink()
        expect(client.get("", versions), {versions: None})
        write(directory / "appversions.json", json.dumps(VERSIONS, indent=2))
        expect(json.loads(client.get("", versions)[versions]), VERSIONS)
    with tap.check("chatmail.ini counts when it changes; broken, as before"):
        ini = pathlib.Path(relay.env["RELAY_CONFIG"])
        text, mode = ini.read_text(), stat.S_IMODE(ini.stat().st_mode)
        write(ini, text.replace("max_smtp_recipients = 77",
                                "max_smtp_recipients = 78"), mode)
        expect(client.get("", ALL[4]), {ALL[4]: b"78"})
        with MetadataClient(relay, login) as other:
            expect(other.get("", ALL[4]), {ALL[4]: b"78"})
        try:
            write(ini, text.replace("max_smtp_recipients = 77",
                                    "max_smtp_recipients = many"), mode)
            expect(client.get("", ALL[4]), {ALL[4]: b"78"})
            logged(relay, "going on with what it said before", 1)
            with new_processes(relay, login) as sessions:
                broken = [session for session in sessions
                          if session.command(f'GETMETADATA "" {ALL[4]}')
                          .startswith("NO [SERVERBUG]")]
                assert broken, "all have settings"
                starts(broken[0].set("INBOX", TOKEN, "x"), "NO [SERVERBUG]")
                starts(broken[0].command("NOOP"), "OK")
        finally:
            write(ini, text, mode)
        expect(client.get("", ALL[4]), {ALL[4]: b"77"})
    client.close()


def tokens(tap, relay):
    login = relay.new_login()
    client = MetadataClient(relay, login)

    def get():
        return client.get("INBOX", TOKEN)[TOKEN]

    with tap.check("device tokens add up, and none stands there twice"):
        expect(get(), None)
        starts(client.set("INBOX", TOKEN, "1111"), "OK Setmetadata completed")
        expect(get(), b"1111")
        starts(client.set("INBOX", TOKEN, b"2222"), "OK Setmetadata completed")
        starts(client.set("INBOX", TOKEN, "1111"), "OK")
        expect(get(), b"1111 2222")
        expect(client.untagged[0],
               b"* METADATA INBOX (/private/devicetoken {9}\r\n1111 2222)")
    with tap.check("they are kept with the day, not the second"):
        today = int(time.time()) // 86400 * 86400
        for when in stored(relay, login).values():
            expect(when, today, today - 86400)
    with tap.check("the file is the owner's alone"):
        st = (account(relay, login) / "metadata.json").stat()
        expect(stat.S_IMODE(st.st_mode), 0o600)
        expect(st.st_uid, account(relay, login).stat().st_uid)
    with tap.check("while INBOX is selected, or examined"):
        for command in "SELECT", "EXAMINE":
            starts(client.command(f"{command} INBOX"), "OK")
            starts(client.set("INBOX", TOKEN, command), "OK")
            assert command.encode() in get()
        client.command("UNSELECT")
    with tap.check("another session, and doveadm, see them"):
        with MetadataClient(relay, login) as other:
            expect(other.get("INBOX", TOKEN)[TOKEN], get())
        expect(doveadm(relay, "get", "-u", login[0], "INBOX", TOKEN),
               get().decode())
        doveadm(relay, "set", "-u", login[0], "INBOX", TOKEN, "by-doveadm")
        assert b"by-doveadm" in get()
    with tap.check("NIL removes all"):
        starts(client.set("INBOX", TOKEN, None), "OK")
        expect(get(), None)
        expect(stored(relay, login), None)
        starts(client.set("INBOX", TOKEN, None), "OK")
        client.set("INBOX", TOKEN, "x")
        doveadm(relay, "unset", "-u", login[0], "INBOX", TOKEN)
        expect(get(), None)
    with tap.check("chatmail/relay's file: 90 days count, what is older goes"):
        now = int(time.time())
        write_tokens(relay, login, {"old": now - 90 * 86400 - 1,
                                    "mine": now - 89 * 86400,
                                    "future": now + 3600})
        expect(get(), b"mine")
        starts(client.set("INBOX", TOKEN, "new"), "OK")
        expect(sorted(stored(relay, login)), ["mine", "new"])
    with tap.check("a damaged file is set aside, and the log says so"):
        (account(relay, login) / "metadata.json").write_text("{")
        starts(client.command(f'GETMETADATA "INBOX" {TOKEN}'), "NO")
        starts(client.set("INBOX", TOKEN, "again"), "OK")
        expect(get(), b"again")
        expect((account(relay, login) / "metadata.json.damaged").read_text(),
               "{")
        logged(relay, "metadata.json is damaged: set aside", 1)
        (account(relay, login) / "metadata.json.damaged").unlink()
    with tap.check("a link in the file's place is not followed"):
        target = pathlib.Path(relay.mailboxes, "target")
        target.write_text("untouched")
        file = account(relay, login) / "metadata.json"
        file.unlink()
        file.symlink_to(target)
        starts(client.set("INBOX", TOKEN, "t"), "OK")
        expect(target.read_text(), "untouched")
        expect(get(), b"t")
        logged(relay, "set aside", 2)
        (account(relay, login) / "metadata.json.damaged").unlink()
        target.unlink()
    with tap.check("the 33rd token takes the place of the first"):
        client.set("INBOX", TOKEN, None)
        for number in range(MAX_TOKENS + 1):
            starts(client.set("INBOX", TOKEN, f"token{number}"), "OK")
            assert len(get().split()) == min(number + 1, MAX_TOKENS)
        expect(get().split()[0], b"token1")
        expect(get().split()[-1], b"token32")
    client.close()
    with tap.check("only INBOX has tokens"):
        with MetadataClient(relay, login) as client:
            starts(client.command("CREATE DeltaChat"), "OK")
            starts(client.set("DeltaChat", TOKEN, "x"), "NO [CANNOT]")
            expect(client.get("DeltaChat", TOKEN), {TOKEN: None})
    with tap.check("one user's are not another's"):
        with MetadataClient(relay, relay.new_login()) as stranger:
            expect(stranger.get("INBOX", TOKEN), {TOKEN: None})


def write_tokens(relay, login, values):
    file = account(relay, login) / "metadata.json"
    file.write_text(json.dumps({"devicetoken": values}))
    owner = account(relay, login).stat()
    os.chown(file, owner.st_uid, owner.st_gid)


def hostile(tap, relay):
    login = relay.new_login()
    client = MetadataClient(relay, login)
    client.command("SELECT INBOX")
    client.command("UNSELECT")
    empty = tree(relay, login)
    logged = len(log(relay))

    def refused(name, answer, *wanted):
        with tap.check(f"{name}: NO, nothing stored, session alive"):
            starts(answer, *(wanted or ("NO",)))
            expect(tree(relay, login), empty)
            expect(client.get("INBOX", TOKEN), {TOKEN: None})

    for size in MAX_TOKEN + 1, 200_000, BIG:
        refused(f"a token of {size} bytes",
                client.set("INBOX", TOKEN, b"a" * size),
                "NO [METADATA MAXSIZE 4096]")
        refused(f"{size} bytes for an entry that nobody knows",
                client.set("INBOX", "/private/x", b"a" * size), "NO [CANNOT]")
        refused(f"{size} bytes for an entry of the server",
                client.set("", DELTACHAT + "turn", b"a" * size),
                "NO [NOPERM]")
    refused(f"{BIG} bytes in a literal that waits for nobody",
            client.command(f'SETMETADATA "INBOX" ({TOKEN} {{{BIG}+}}\r\n',
                           b"a" * BIG, ")"), "NO [METADATA MAXSIZE 4096]")
    for name, value in {
            "nothing": b"", "NUL": b"a\0b", "only NUL": b"\0",
            "NUL behind 4096 bytes": b"a" * MAX_TOKEN + b"\0",
            "8 bit": "café".encode(), "bytes that are no text": b"\xff\xfe",
            "a line end": b"a\r\nb", "a blank": b"a b", "a tab": b"a\tb",
            "DEL": b"a\x7f", "a line end behind it": b"token\r\n"}.items():
        refused(f"a token with {name}", client.set("INBOX", TOKEN, value))
    refused("an empty string", client.set("INBOX", TOKEN, ""))
    refused("a literal of 8 bit (~{n})", client.command(
        f'SETMETADATA "INBOX" ({TOKEN} ~{{3+}}\r\n', b"a\0b", ")"))
    refused("8 bit in quotes", client.command(
        b'SETMETADATA "INBOX" (/private/devicetoken "caf\xc3\xa9")'),
        "NO", "BAD")
    refused("a list for a value", client.command(
        f'SETMETADATA "INBOX" ({TOKEN} (a b))'), "BAD")
    for key in ("/private/comment", "/shared/comment", "/private/x/y/z",
                "/private" + "/deep" * 1000, TOKEN + "/x", TOKEN + "x",
                "/private/vendor/vendor.dovecot/x", "/private", "/shared",
                "/private/vendor/vendor.dovecot/pvt/server/devicetoken",
                "/shared/vendor/vendor.dovecot/pvt/server/vendor/deltachat/x",
                "/shared/devicetoken", "/private/specialuse"):
        refused(f"{key[:60]} on INBOX", client.set("INBOX", key, "x"))
        refused(f"{key[:60]} of the server", client.set("", key, "x"))
    for key in ("/private//x", "/private/x/", "/private/*", "private/x", "/x",
                "/private/%"):
        refused(f"{key}, which is no name",
                client.set("INBOX", key, "x"), "BAD")
    refused("a good token beside an entry that nobody knows",
            client.command('SETMETADATA "INBOX" (/private/x "1" '
                           f'{TOKEN} "good-token")'))
    refused("a mailbox that is not there",
            client.set("nowhere", TOKEN, "x"))
    with tap.check("reading deep and many: NIL"):
        keys = ["/private" + "/deep" * 100 + str(n) for n in range(100)]
        expect(client.get("INBOX", *keys), {key: None for key in keys})
    with tap.check("DEPTH over everything"):
        for mailbox in "", "INBOX":
            for key in "/private", "/shared", "/private/x", "/shared/vendor":
                for depth in 0, 1, "infinity":
                    starts(client.command(
                        f'GETMETADATA (DEPTH {depth}) "{mailbox}" {key}'),
                        "OK")
    with tap.check("nothing of it is an error of ours in the log"):
        said = [line for line in log(relay)[logged:].splitlines()
                if re.search("Panic|Error:|Warning:", line)]
        expect([line for line in said if SLEPT_LONG not in line], [])
    client.close()


def flood(tap, relay):
    login = relay.new_login()
    client = MetadataClient(relay, login)
    answers = {"OK": 0, "NO [LIMIT]": 0}
    with tap.check(f"{FLOOD} SETMETADATA: a few are taken, then NO"):
        begin = time.monotonic()
        for start in range(0, FLOOD, 100):
            client.send("".join(
                f'f{n} SETMETADATA "INBOX" ({TOKEN} "flood{n}")\r\n'
                for n in range(start, start + 100)))
            for number in range(start, start + 100):
                answer = client.answer(b"f%d" % number)
                for known in answers:
                    answers[known] += answer.startswith(known)
        minutes = int((time.monotonic() - begin) / 60) + 1
        expect(sum(answers.values()), FLOOD)
        assert SETS_AT_ONCE <= answers["OK"] <= SETS_AT_ONCE + minutes, answers
        tap.note(f"{FLOOD} in {time.monotonic() - begin:.1f} s")
    with tap.check("32 of them are stored, and the session lives"):
        expect(len(client.get("INBOX", TOKEN)[TOKEN].split()), MAX_TOKENS)
        expect(len(stored(relay, login)), MAX_TOKENS)
        starts(client.command("NOOP"), "OK")
    with tap.check("32 of the largest fit and come back"):
        with MetadataClient(relay, login) as other:
            for number in range(MAX_TOKENS):
                value = (b"%02d" % number).ljust(MAX_TOKEN, b"\\")
                starts(other.set("INBOX", TOKEN, value), "OK")
            got = other.get("INBOX", TOKEN)[TOKEN].split()
            expect([len(token) for token in got], [MAX_TOKEN] * MAX_TOKENS)
            expect(got[5][:2], b"05")
    client.close()


def hibernation(tap, relay):
    early_in_day(ENTRIES_SECONDS)
    login = relay.new_login()
    client = MetadataClient(relay, login)
    with tap.check("a session that was hibernated answers as before"):
        turn = client.get("", DELTACHAT + "turn")
        client.set("INBOX", TOKEN, "before")
        starts(client.command("SELECT INBOX"), "OK")
        before = hibernated(relay)
        client.send("idle IDLE\r\n")
        starts(client.answer(b"idle"), "+")
        wait_hibernated(relay, before)
        client.send("DONE\r\n")
        starts(client.answer(b"idle"), "OK")
        expect(client.get("", DELTACHAT + "turn"), turn)
        starts(client.set("INBOX", TOKEN, "behind"), "OK")
        expect(client.get("INBOX", TOKEN)[TOKEN], b"before behind")
        client.command("CAPABILITY")
        assert b" METADATA " in client.untagged[0]
    client.close()


def quiet_logs(tap, relay):
    with tap.check("no token, secret or credential in the log"):
        text = log(relay)
        for word in "token5", "by-doveadm", "flood5", SECRET, \
                "good-token":
            assert word not in text, word


def prepare(relay):
    write(pathlib.Path(relay.dir, "turn-secret"), SECRET + "\n")
    write(pathlib.Path(relay.dir, "appversions.json"),
          json.dumps(VERSIONS, indent=2))


with Tap() as tap:
    with started_relay(
            tap, "server_comment=Welcome to the test",
            "privacy_mail=admin@chat.test", "max_smtp_recipients=77",
            "iroh_relay=https://iroh.chat.test", before_start=prepare,
            local_conf=LOCAL_CONF) as relay:
        login = relay.new_login()
        server_entries(tap, relay, login)
        files_change(tap, relay, login)
        tokens(tap, relay)
        hostile(tap, relay)
        flood(tap, relay)
        hibernation(tap, relay)
        quiet_logs(tap, relay)
    with started_relay(tap, "mail_domain=127.0.0.1",
                       before_start=prepare) as relay:
        with tap.check("a relay without a name: its address, bare; and with "
                       "nothing set, NIL"):
            with MetadataClient(relay, ("abcdefghi@[127.0.0.1]",
                                        "password-of-it")) as client:
                got = client.get("", *ALL)
                starts(got[DELTACHAT + "turn"].decode(), "127.0.0.1:3478:")
                expect([got[key] for key in ALL[:3]], [None] * 3)
                expect(got[ALL[4]], b"1000")
