#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""New mail reaches the notification proxy: a token per device, once, and
nothing else."""
import os
import pathlib
import shutil
import time

from harness import Tap, expect, shell
from notify_standin import HANG, NotifyStandin, http2_front
import push
import relay_client as rc

# 8 s are 0.8, 64 s are 6.4, and an answer may take 6.
SPEED = 10
# Longer than any notice takes that is on its way; for what must not come.
QUIET_SECONDS = 1.2
SENDER = "someone@remote.example"
# As Delta Chat writes it: SEIPDv2 of 512 bytes, in base64.
DEVICE = "openpgp:" + "wcBMA8" * 140 + "=="


def idle(proxy, relay):
    """Everything is told."""
    return proxy.wait(lambda: not push.spool(relay))


def check_when(tap, relay, proxy):
    bob = push.new_account(relay, DEVICE)
    with tap.check("a message from somebody else: the token, once"):
        push.deliver(relay, bob[0])
        assert proxy.wait(lambda: proxy.requests)
        assert idle(proxy, relay)
        time.sleep(QUIET_SECONDS)
        expect(proxy.tokens(), [DEVICE])
    with tap.check("the request says nothing but the token"):
        request = proxy.requests[0]
        expect(request.path, "/notify")
        expect(sorted(request.headers), ["Accept", "Content-Length", "Host"])
    with tap.check("once for each message and each token, none for others"):
        proxy.clear()
        carol = push.new_account(relay, "carol-1", "carol-2", "carol-3")
        for n in range(1, 6):
            push.deliver(relay, carol[0])
            assert proxy.wait(lambda: len(proxy.requests) >= 3 * n)
            assert idle(proxy, relay)
        time.sleep(QUIET_SECONDS)
        expect(sorted(proxy.tokens()), ["carol-1"] * 5 + ["carol-2"] * 5 +
               ["carol-3"] * 5)
    with tap.check("two recipients of one message: both are told"):
        proxy.clear()
        push.deliver_to_many(relay, [bob[0], carol[0]])
        assert proxy.wait(lambda: len(proxy.requests) >= 4)
        expect(sorted(proxy.tokens()),
               sorted([DEVICE, "carol-1", "carol-2", "carol-3"]))
    with tap.check("no notice of what one sent oneself"):
        assert idle(proxy, relay)
        proxy.clear()
        push.deliver(relay, bob[0], bob[0])
        push.deliver(relay, bob[0], bob[0].upper())
        time.sleep(QUIET_SECONDS)
        expect(proxy.tokens(), [])
        expect(push.spool(relay), [])
    with tap.check("no notice of what a client stores itself"):
        conn = relay.imap(bob)
        conn.append("INBOX", None, None, rc.cleartext(SENDER, bob[0]))
        conn.logout()
        time.sleep(QUIET_SECONDS)
        expect(proxy.tokens(), [])
    with tap.check("a From that nobody can read counts as somebody else"):
        with push.lmtp(relay) as conn:
            conn.sendmail("", [bob[0]], rc.crlf("From: ((\nSubject: x\n\nx\n"))
        assert proxy.wait(lambda: proxy.count(DEVICE) == 1)
        assert idle(proxy, relay)
    with tap.check("an account without tokens leaves nothing behind"):
        dave = push.new_account(relay)
        proxy.clear()
        push.deliver(relay, dave[0], count=3)
        expect(push.spool(relay), [])
        push.set_tokens(relay, dave[0], [])
        push.deliver(relay, dave[0])
        assert idle(proxy, relay)
        expect(proxy.tokens(), [])


def metadata(conn, command):
    """The answer to one line about METADATA."""
    conn.send(f"m1 {command}\r\n".encode())
    answer = b""
    while not answer.splitlines()[-1:] or \
            not answer.splitlines()[-1].startswith(b"m1 "):
        answer += conn.readline()
    assert b"m1 OK" in answer, answer
    return answer


def check_metadata(tap, relay, proxy):
    judy = push.new_account(relay)
    with tap.check("a token that the device set by SETMETADATA is told"):
        proxy.clear()
        conn = relay.imap(judy)
        metadata(conn, f'SETMETADATA "INBOX" '
                 f'(/private/devicetoken "{DEVICE}")')
        metadata(conn, 'SETMETADATA "INBOX" (/private/devicetoken "other")')
        push.deliver(relay, judy[0])
        assert proxy.wait(lambda: len(proxy.requests) == 2)
        expect(sorted(proxy.tokens()), sorted([DEVICE, "other"]))
    with tap.check("after 410 the client sees that it is gone"):
        assert idle(proxy, relay)
        proxy.answer = lambda token: 410 if token == "other" else 200
        push.deliver(relay, judy[0])
        assert proxy.wait(lambda: len(proxy.requests) == 4)
        assert idle(proxy, relay)
        answer = metadata(conn, 'GETMETADATA "INBOX" /private/devicetoken')
        assert DEVICE.encode() in answer and b"other" not in answer, answer
        proxy.answer = lambda token: 200
    with tap.check("after NIL nobody is told"):
        proxy.clear()
        metadata(conn, 'SETMETADATA "INBOX" (/private/devicetoken NIL)')
        conn.logout()
        push.deliver(relay, judy[0])
        assert idle(proxy, relay)
        time.sleep(QUIET_SECONDS)
        expect(proxy.tokens(), [])


def check_submission(tap, relay, proxy, gpg):
    """The whole way: SMTP, the gate, Postfix, LMTP."""
    alice, bob = push.new_account(relay, "alice"), push.new_account(relay,
                                                                     "bob")
    gpg.make_key(bob[0])
    armor = gpg.encrypt("hello", bob[0])
    with tap.check("a user writes to another: the other's token, soon"):
        proxy.clear()
        smtp = relay.smtp(alice)
        smtp.sendmail(alice[0], [bob[0]], rc.pgp_mime(alice[0], bob[0], armor))
        smtp.quit()
        sent = time.monotonic()
        assert proxy.wait(lambda: proxy.requests)
        tap.note("%.0f ms after 250" % (
            (proxy.requests[0].time - sent) * 1000))
        time.sleep(QUIET_SECONDS)
        expect(proxy.tokens(), ["bob"])
    with tap.check("a user writes to another and to himself: the other's"):
        proxy.clear()
        smtp = relay.smtp(alice)
        smtp.sendmail(alice[0], [alice[0], bob[0]],
                      rc.pgp_mime(alice[0], bob[0], armor))
        smtp.quit()
        assert proxy.wait(lambda: proxy.requests)
        time.sleep(QUIET_SECONDS)
        expect(proxy.tokens(), ["bob"])


def check_counters(tap, relay, proxy):
    ivan = push.new_account(relay, "ivan", "ivan-old", "ivan-busy")
    with tap.check("doveadm chatmail stats counts what became of notices"):
        before = push.counters(relay)
        proxy.clear()
        proxy.answer = lambda token: {
            "ivan": 200, "ivan-old": 410,
            "ivan-busy": 200 if proxy.count("ivan-busy") else 503}[token]
        push.deliver(relay, ivan[0])
        assert proxy.wait(lambda: proxy.count("ivan-busy") == 2)
        assert idle(proxy, relay)
        proxy.answer = lambda token: 200
        after = push.counters(relay)
        expect({name: after[name] - before[name] for name in after},
               {"push_told": 2, "push_token_gone": 1,
                "push_request_failed": 1, "push_notice_expired": 0})


def check_answers(tap, relay, proxy):
    erin = push.new_account(relay, "erin-old", "erin-new")
    with tap.check("410: the token is removed, the others are told and stay"):
        proxy.clear()
        proxy.answer = lambda token: 410 if token == "erin-old" else 200
        push.deliver(relay, erin[0])
        assert proxy.wait(lambda: len(proxy.requests) == 2)
        assert idle(proxy, relay)
        expect(push.tokens_of(relay, erin[0]), {"erin-new"})
        push.deliver(relay, erin[0])
        assert proxy.wait(lambda: len(proxy.requests) == 3)
        expect(proxy.tokens()[2], "erin-new")
    with tap.check("500: again after 8 and 64 s, and nobody is told twice"):
        assert idle(proxy, relay)
        push.set_tokens(relay, erin[0], ["good", "bad"])
        proxy.clear()
        proxy.answer = lambda token: (
            200 if token == "good" or proxy.count("bad") == 2 else 500)
        push.deliver(relay, erin[0])
        assert proxy.wait(lambda: proxy.count("bad") == 3)
        assert idle(proxy, relay)
        expect(proxy.count("good"), 1)
        times = [r.time for r in proxy.requests if r.token == "bad"]
        gaps = [(b - a) * SPEED for a, b in zip(times, times[1:])]
        tap.note("seconds between tries: %.0f, %.0f" % tuple(gaps))
        assert 7.8 <= gaps[0] < 8 + 300, gaps
        assert 63.8 <= gaps[1] < 64 + 300, gaps
    with tap.check("a redirect is not followed"):
        push.set_tokens(relay, erin[0], ["erin"])
        proxy.clear()
        proxy.answer = lambda token: 200 if proxy.requests else 307
        push.deliver(relay, erin[0])
        assert proxy.wait(lambda: proxy.count("erin") == 2)
        expect({request.path for request in proxy.requests}, {"/notify"})
        assert idle(proxy, relay)
        proxy.answer = lambda token: 200


def check_log(tap, relay, proxy):
    bad, good = push.new_account(relay, "bad"), push.new_account(relay, "good")

    def said(what):
        return push.log_text(relay).count(f"The notification proxy {what}")
    with tap.check("one token that gets 500 is no failure of the proxy"):
        proxy.clear()
        proxy.answer = lambda token: 500 if token == "bad" else 200
        before = said("")
        for n in range(1, 6):
            push.deliver(relay, bad[0])
            assert proxy.wait(lambda: proxy.count("bad") >= n)
            push.deliver(relay, good[0])
            assert proxy.wait(lambda: proxy.count("good") >= n)
        proxy.answer = lambda token: 200
        assert idle(proxy, relay)
        assert said("") - before <= 1, said("") - before
    with tap.check("all that get 500 are; the log says so, and its end, once"):
        proxy.answer = lambda token: 500
        fails, works = said("fails"), said("works again")
        ann = push.new_account(relay, *[f"ann-{n}" for n in range(20)])
        push.deliver(relay, ann[0])
        assert proxy.wait(lambda: said("fails") == fails + 1)
        proxy.answer = lambda token: 200
        assert proxy.wait(lambda: said("works again") == works + 1)
        assert idle(proxy, relay)
        expect((said("fails"), said("works again")), (fails + 1, works + 1))


def check_delivery_goes_on(tap, relay, proxy):
    frank = push.new_account(relay, "frank")
    state = pathlib.Path(relay.dir, "state", "push")
    with tap.check("a proxy that hangs delays no delivery"):
        proxy.answer = lambda token: HANG
        start = time.monotonic()
        push.deliver(relay, frank[0], count=20)
        took = time.monotonic() - start
        tap.note(f"{took / 20 * 1000:.1f} ms for each of 20")
        assert took < 20, took
        expect(push.spool(relay).count(frank[0]) <= 2, True)
        proxy.answer = lambda token: 200
        assert idle(proxy, relay)
    with tap.check("nor does a spool that cannot be written; the log says so"):
        os.chown(state / "new", 0, 0)
        os.chmod(state / "new", 0o700)
        push.deliver(relay, frank[0], count=3)
        said = f"Cannot write to {state}/new: Permission"
        assert proxy.wait(lambda: said in push.log_text(relay))
        push.give(state / "new", 0o700)
        proxy.clear()
        push.deliver(relay, frank[0])
        assert proxy.wait(lambda: proxy.count("frank") == 1)
        expect(push.log_text(relay).count(said), 1)
    with tap.check("nor one that was removed; it is made again"):
        shutil.rmtree(state / "new")
        push.deliver(relay, frank[0])
        expect(push.spool(relay, "new"), [frank[0]])
        push.reload(relay)
        assert proxy.wait(lambda: proxy.count("frank") == 2)
    with tap.check("a damaged metadata.json fails no delivery either"):
        path = pathlib.Path(relay.mailboxes, frank[0], "metadata.json")
        path.write_text("{")
        push.deliver(relay, frank[0])
        assert proxy.wait(lambda: "Cannot read an account's tokens"
                          in push.log_text(relay))
        push.set_tokens(relay, frank[0], ["frank"])
        # its notice is not lost
        assert proxy.wait(lambda: proxy.count("frank") == 3)
        assert idle(proxy, relay)


def check_life(tap, relay, proxy):
    grace = push.new_account(relay, "grace")
    with tap.check("after a reload of Dovecot one process is left, and works"):
        before = push.processes(relay)
        expect(len(before), 1)
        push.reload(relay)
        assert proxy.wait(lambda: len(push.processes(relay)) == 1 and
                          push.processes(relay) != before)
        proxy.clear()
        push.deliver(relay, grace[0])
        assert proxy.wait(lambda: proxy.count("grace") == 1)
    with tap.check("what is under way at a reload is not sent twice"):
        def slowly(token):
            time.sleep(0.4)
            return 200
        proxy.clear()
        proxy.answer = slowly
        push.deliver(relay, grace[0])
        time.sleep(0.1)
        push.reload(relay)
        assert idle(proxy, relay)
        time.sleep(QUIET_SECONDS)
        expect(proxy.count("grace"), 1)
        proxy.answer = lambda token: 200
    with tap.check("a notice for an account that was deleted is dropped"):
        proxy.clear()
        proxy.answer = lambda token: 500
        push.deliver(relay, grace[0])
        assert proxy.wait(lambda: proxy.requests)
        shell(relay.dir, "relay_doveadm", "chatmail", "user", "delete",
              grace[0])
        proxy.answer = lambda token: 200
        assert idle(proxy, relay)
        expect(proxy.tokens(200), [])


def check_http2(tap):
    proxy = NotifyStandin(tls=False)
    if not push.have_http2(tap, "HTTP/2"):
        return
    with proxy:
        port = int(shell("/", "relay_free_port"))
        url = f"https://localhost:{port}/notify"
        with push.push_relay(tap, proxy, SPEED, url=url) as relay, \
                http2_front(proxy, port, *push.certificate(relay),
                            log=f"{relay.dir}/log/nghttpx.log"):
            heidi = push.new_account(relay, *[f"heidi-{n}"
                                              for n in range(32)])
            with tap.check("HTTP/2: 32 devices at once, one connection"):
                def together(token):
                    time.sleep(0.6)
                    return 200
                proxy.answer = together
                push.deliver(relay, heidi[0])
                pid = push.processes(relay)[0]
                assert proxy.wait(lambda: len(proxy.requests) >= 8)
                expect(push.connections(pid, port), 1)
                assert idle(proxy, relay)
                expect(push.connections(pid, port), 1)
                expect(sorted(set(proxy.tokens())),
                       sorted(f"heidi-{n}" for n in range(32)))
                expect(len(proxy.requests), 32)
                spread = proxy.requests[-1].time - proxy.requests[0].time
                tap.note(f"{spread * 1000:.0f} ms from first to last")
                # one after the other would be 19
                assert spread < 12, spread


def check_off(tap):
    with NotifyStandin() as proxy, \
            push.push_relay(tap, proxy, SPEED, url="") as relay:
        ivan = push.new_account(relay, "ivan")
        with tap.check("notify_url empty: nobody is told, nothing is kept"):
            push.deliver(relay, ivan[0], count=2)
            expect(push.spool(relay), [])


with Tap() as tap:
    with NotifyStandin() as proxy, rc.Gpg() as gpg, \
            push.push_relay(tap, proxy, SPEED) as relay:
        check_when(tap, relay, proxy)
        check_metadata(tap, relay, proxy)
        check_submission(tap, relay, proxy, gpg)
        check_answers(tap, relay, proxy)
        check_counters(tap, relay, proxy)
        check_log(tap, relay, proxy)
        check_delivery_goes_on(tap, relay, proxy)
        check_life(tap, relay, proxy)
        with tap.check("the log names no account and no token"):
            text = "".join(line for line in push.log_text(relay).splitlines()
                           if "push" in line)
            for word in "@", "openpgp:", "wcBMA8", "grace", "frank", "erin":
                assert word not in text, text
    check_http2(tap)
    check_off(tap)
