#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""chatmail-policy below a real Postfix: rates, blocks, federation, failure."""
import os
import pathlib
import signal
import subprocess
import time

from harness import Tap, expect, reload_postfix, set_ini, shell, started_relay
import relay_client as rc

BURST = 10
MESSAGES = 180
RECIPIENTS = 20
# A process looks for changes once a second; the rest is for a busy machine.
NOTICE_SECONDS = 30


def program(relay, *args):
    return subprocess.run(
        [relay.env["RELAY_POLICY_PROGRAM"], "-c", relay.env["RELAY_CONFIG"],
         *args], capture_output=True, text=True, check=False,
        timeout=NOTICE_SECONDS)


def wait_for(what, condition):
    end = time.monotonic() + NOTICE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {NOTICE_SECONDS} s"
        time.sleep(0.2)


def try_rcpt(conn, sender, recipient):
    conn.mail(sender)
    reply = conn.rcpt(recipient)
    conn.rset()
    return reply[0], reply[1].decode()


def policy_processes(relay):
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0] == relay.env["RELAY_POLICY_PROGRAM"].encode() and \
                relay.env["RELAY_CONFIG"].encode() in words:
            found.append(int(path.name))
    return found


def use_up(relay, login):
    """Sends until refused; the connection stays open."""
    conn = relay.smtp(login)
    for _ in range(3 * BURST):
        code, text = try_rcpt(conn, login[0], login[0])
        if code != 250:
            expect(code, 450)
            return conn
    raise AssertionError("never refused")


def check_rate(tap, relay, alice, bob, message):
    with tap.check(f"{MESSAGES} messages: {BURST} at once, then 450 at RCPT"):
        conn = relay.smtp(alice)
        codes, texts = [], []
        start = time.monotonic()
        for _ in range(MESSAGES):
            conn.mail(alice[0])
            code, text = conn.rcpt(bob[0])
            codes.append(code)
            if code == 250:
                expect(conn.data(message)[0], 250)
            else:
                texts.append(text.decode())
                conn.rset()
        passed = codes.count(250)
        seconds = time.monotonic() - start
        expect(codes[:BURST], [250] * BURST)
        expect(set(codes), {250, 450})
        # one a second in the long run
        assert passed <= BURST + seconds + 1, (passed, seconds)
        tap.note(f"{passed} of {MESSAGES} passed in {seconds:.1f} s")
        assert all("4.7.1: Too much mail from " + alice[0] + ", try again in "
                   in text for text in texts), texts[0]
        tap.note(texts[0])
        conn.quit()
    with tap.check("another account is not concerned"):
        conn = relay.smtp(bob)
        expect(try_rcpt(conn, bob[0], alice[0])[0], 250)
        conn.quit()


def check_counting(tap, relay, message):
    with tap.check("a message counts once, however many recipients"):
        login = relay.new_login()
        conn = relay.smtp(login)
        names = [relay.new_login()[0] for _ in range(RECIPIENTS)]
        for _ in range(BURST - 1):
            conn.mail(login[0])
            expect([conn.rcpt(name)[0] for name in names],
                   [250] * RECIPIENTS)
            conn.rset()
        expect(try_rcpt(conn, login[0], names[0])[0], 250)
        conn.quit()
    with tap.check("a refused message stays so for all recipients, uncounted"):
        login = relay.new_login()
        conn = use_up(relay, login)
        names = [relay.new_login()[0] for _ in range(3)]
        # room for one more may come meanwhile
        for _ in range(3 * BURST):
            conn.mail(login[0])
            codes = [conn.rcpt(names[0])[0]]
            if codes == [450]:
                break
            conn.rset()
        for name in names[1:]:
            # room for one message, and a bit
            time.sleep(1.1)
            codes.append(conn.rcpt(name)[0])
        expect(codes, [450] * 3)
        time.sleep(1.1)
        conn.rset()
        # two or three came free meanwhile, none was taken
        codes = [try_rcpt(conn, login[0], login[0])[0] for _ in range(4)]
        expect(codes[:2], [250] * 2)
        conn.quit()
    with tap.check("one more recipient than max_smtp_recipients: 452"):
        login = relay.new_login()
        conn = relay.smtp(login)
        conn.mail(login[0])
        codes = [conn.rcpt(f"user{i:05}@{relay.domain}")[0]
                 for i in range(RECIPIENTS + 2)]
        expect(codes, [250] * RECIPIENTS + [452, 452])
        conn.quit()
    with tap.check("all connections of an account share one count"):
        login = relay.new_login()
        conns = [relay.smtp(login) for _ in range(4)]
        codes = [try_rcpt(conn, login[0], login[0])[0]
                 for _ in range(6) for conn in conns]
        expect(codes[:BURST], [250] * BURST)
        assert 450 in codes[BURST:], codes
        for conn in conns:
            conn.quit()
    with tap.check("reload of Postfix keeps the counts"):
        login = relay.new_login()
        set_ini(relay, "max_user_send_per_minute = 1")
        time.sleep(1.2)
        use_up(relay, login).quit()
        before = set(policy_processes(relay))
        shell(relay.dir, "relay_reload_postfix")
        wait_for("the end of the old processes",
                 lambda: not before & set(policy_processes(relay)))
        conn = relay.smtp(login)
        expect(try_rcpt(conn, login[0], login[0])[0], 450)
    with tap.check("kill -9 of the processes: the counts stay"):
        for pid in policy_processes(relay):
            os.kill(pid, signal.SIGKILL)
        expect(try_rcpt(conn, login[0], login[0])[0], 450)
    with tap.check("a reboot, which empties run_dir, forgets them"):
        os.unlink(f"{relay.dir}/run/rate.table")
        wait_for("a fresh table", lambda: try_rcpt(
            conn, login[0], login[0])[0] == 250)
        conn.quit()
    with tap.check("rate_exempt_senders, without a restart"):
        conn = use_up(relay, login)
        set_ini(relay, "rate_exempt_senders = " + login[0])
        wait_for("the exemption", lambda: try_rcpt(
            conn, login[0], login[0])[0] == 250)
        expect({try_rcpt(conn, login[0], login[0])[0] for _ in range(30)},
               {250})
        conn.quit()
        set_ini(relay, "rate_exempt_senders =")
    with tap.check("max_user_send_per_day"):
        set_ini(relay, "max_user_send_per_minute = 60")
        set_ini(relay, "max_user_send_per_day = 3")
        time.sleep(1.2)
        login = relay.new_login()
        conn = relay.smtp(login)
        replies = [try_rcpt(conn, login[0], login[0]) for _ in range(5)]
        expect([code for code, _ in replies], [250] * 3 + [450] * 2)
        assert "try again in 28800 seconds" in replies[-1][1] or \
            "try again in 2879" in replies[-1][1], replies[-1]
        conn.quit()
        set_ini(relay, "max_user_send_per_day = 0")


def check_block(tap, relay):
    # this is not about rates
    set_ini(relay, "max_user_send_burst_size = 1000")
    time.sleep(1.2)
    login = relay.new_login()
    relay.imap(login).logout()
    conn = relay.smtp(login)
    flag = pathlib.Path(relay.mailboxes, login[0], "DISABLED")
    with tap.check("a blocked account: 550, on an open connection, too"):
        expect(try_rcpt(conn, login[0], login[0])[0], 250)
        flag.touch()
        wait_for("the block", lambda: try_rcpt(
            conn, login[0], login[0])[0] != 250)
        code, text = try_rcpt(conn, login[0], login[0])
        expect(code, 550)
        assert "5.7.13" in text and "blocked" in text, text
        flag.unlink()
        wait_for("its end", lambda: try_rcpt(
            conn, login[0], login[0])[0] == 250)
    conn.close()
    with tap.check("blocked while the message comes: refused at its end, if "
                   "Postfix asks then"):
        # what master.cf.chatmail says how to do
        service = f"127.0.0.1:{relay.port('smtps')}/inet"
        shell(relay.dir, "relay_postconf", "-P", service +
              "/smtpd_end_of_data_restrictions=$chatmail_policy")
        reload_postfix(relay)
        conn = relay.smtp(login)
        conn.mail(login[0])
        expect(conn.rcpt(login[0])[0], 250)
        flag.touch()
        time.sleep(1.1)
        code, text = conn.data(b"Subject: x\r\n\r\nx\r\n")
        assert b"blocked" in text, (code, text)
        expect(code, 550)
        # Postfix keeps the transaction open after such a refusal
        conn.rset()
        flag.unlink()
    with tap.check("another's address: 553"):
        time.sleep(1.1)
        expect(try_rcpt(conn, "other@" + relay.domain, login[0])[0], 553)
    conn.close()
    set_ini(relay, f"max_user_send_burst_size = {BURST}")


def check_federation(tap, relay):
    target = "nobody123@" + relay.domain
    conn = relay.port25()
    with tap.check("open: everybody may send, whoever the recipient is"):
        expect(try_rcpt(conn, "a@evil.example", target)[0], 250)
    with tap.check("federation block: 550 at once"):
        expect(program(relay, "federation", "block", "evil.example",
                       "bad@good.example").returncode, 0)
        code, text = try_rcpt(conn, "a@Evil.example", target)
        expect(code, 550)
        assert "does not accept mail from evil.example" in text.lower(), text
        expect(try_rcpt(conn, "a@evil.example.", target)[0], 550)
        expect(try_rcpt(conn, "bad@good.example", target)[0], 550)
        expect(try_rcpt(conn, "fine@good.example", target)[0], 250)
    with tap.check("bounces always pass"):
        expect(try_rcpt(conn, "", target)[0], 250)
    with tap.check("federation allow, list, forget"):
        program(relay, "federation", "allow", "a@evil.example")
        expect(try_rcpt(conn, "a@evil.example", target)[0], 250)
        expect(program(relay, "federation", "list").stdout.splitlines(),
               ["block evil.example", "block bad@good.example",
                "allow a@evil.example"])
        program(relay, "federation", "forget", "evil.example")
        expect(try_rcpt(conn, "b@evil.example", target)[0], 250)
        expect(program(relay, "federation", "forget",
                       "evil.example").returncode, 1)
        expect(program(relay, "federation", "block", "not valid").returncode,
               2)
    with tap.check("closed: only who is listed"):
        set_ini(relay, "federation_policy = closed")
        set_ini(relay, "federation_domains = friend.example .club.example")
        wait_for("the rule", lambda: try_rcpt(
            conn, "x@good.example", target)[0] == 550)
        for sender in "x@friend.example", "x@a.club.example", \
                "a@evil.example", "":
            expect(try_rcpt(conn, sender, target)[0], 250)
        set_ini(relay, "federation_policy = open")
        set_ini(relay, "federation_domains =")
        wait_for("open again", lambda: try_rcpt(
            conn, "x@good.example", target)[0] == 250)
    conn.quit()


def check_failure(tap, relay):
    login = relay.new_login()
    table = pathlib.Path(relay.dir, "run", "rate.table")
    with tap.check("no table: the rate lets pass, or defers, as set"):
        table.unlink()
        table.mkdir()
        (table / "x").touch()
        time.sleep(1.2)
        conn = relay.smtp(login)
        expect({try_rcpt(conn, login[0], login[0])[0]
                for _ in range(3 * BURST)}, {250})
        set_ini(relay, "policy_on_rate_failure = defer")
        wait_for("defer", lambda: try_rcpt(
            conn, login[0], login[0])[0] == 451)
        (table / "x").unlink()
        table.rmdir()
        wait_for("the table", lambda: try_rcpt(
            conn, login[0], login[0])[0] == 250)
    with tap.check("settings that do not parse: the last good ones count"):
        good = pathlib.Path(relay.env["RELAY_CONFIG"]).read_text()
        set_ini(relay, "max_smtp_recipients = many")
        time.sleep(1.2)
        expect(try_rcpt(conn, login[0], login[0])[0], 250)
        conn.quit()
    with tap.check("a process that never saw good ones defers, and lives"):
        with subprocess.Popen(
                [relay.env["RELAY_POLICY_PROGRAM"], "-c",
                 relay.env["RELAY_CONFIG"]], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            request = (b"request=smtpd_access_policy\nprotocol_state=RCPT\n"
                       b"sasl_username=a@b\nsender=a@b\n\n")
            for _ in range(5):
                process.stdin.write(request)
                process.stdin.flush()
                line = process.stdout.readline()
                assert line.startswith(b"action=451 4.3.0 "), line
                expect(process.stdout.readline(), b"\n")
            # an admin's editor; the request right after it is answered
            ini = pathlib.Path(relay.env["RELAY_CONFIG"])
            ini.with_suffix(".new").write_text(good)
            ini.with_suffix(".new").rename(ini)
            process.stdin.write(request)
            process.stdin.flush()
            expect(process.stdout.readline(), b"action=DUNNO\n")
            process.stdin.close()
            expect(process.wait(NOTICE_SECONDS), 0)
            warnings = process.stderr.read().decode().splitlines()
            expect(len(warnings), 1)
            assert "expected a whole number" in warnings[0], warnings
    with tap.check("test answers once and counts nothing"):
        name = "admin0001@" + relay.domain
        args = ("test", "sender=" + name, "sasl_username=" + name)
        expect({program(relay, *args).stdout for _ in range(2 * BURST)},
               {"DUNNO\n"})
        expect(program(relay, "test", "sender").returncode, 2)
    with tap.check("usage: -V, -h, wrong ones"):
        assert program(relay, "-V").stdout.startswith("chatmail-policy ")
        assert "usage:" in program(relay, "-h").stdout
        expect(program(relay, "-x").returncode, 2)
        expect(program(relay, "what").returncode, 2)


with Tap() as tap, started_relay(
        tap, f"max_smtp_recipients={RECIPIENTS}",
        f"max_user_send_burst_size={BURST}") as relay, rc.Gpg() as gpg:
    alice, bob = relay.new_login(), relay.new_login()
    relay.imap(bob).logout()
    gpg.make_key(bob[0])
    message = rc.pgp_mime(alice[0], bob[0], gpg.encrypt("Hello Bob", bob[0]))
    check_rate(tap, relay, alice, bob, message)
    check_counting(tap, relay, message)
    check_block(tap, relay)
    check_federation(tap, relay)
    check_failure(tap, relay)
