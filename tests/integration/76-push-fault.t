#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What happens to notices when the proxy is down, hangs, fails or has a wrong
certificate, and when chatmail-push is killed: none is lost, none is sent
without need, and nothing grows.

CM_SEED repeats a run."""
import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter

from harness import Tap, expect, shell
from notify_standin import (CLOSE, HANG, Firewall, NotifyStandin,
                            http2_front)
import push

# 8 s are 8 ms, 64 s 64 ms, 512 s half a second, 4096 s four; the deadline is
# after 18 s.
SPEED = 1000
ACCOUNTS = 25
TOKENS = 2
# For what takes a restart: 8 s are four.
SLOW_SPEED = 2
# In each of the two halves.
MESSAGES = 500
SENDERS = 3
# One bad time after the other would use up all tries of a notice, which is
# then dropped, rightly. So: three tries may fall into one bad time; the fourth
# comes half a second later and must find a good one.
BAD_SECONDS = 0.1, 0.4
GOOD_SECONDS = 0.7, 1.0
# Dovecot's master restarts later and later what is killed again and again.
IDLE_SECONDS = 60
FAULT_SECONDS = 60
KILLS = 5
MEMORY_KB = 64 * 1024
# After so long chatmail-push gives up a request (MIN_TIMEOUT_MS of
# cm-push-service.c), and the next try comes soon.
TIMEOUT_SECONDS = 2
# How many requests are under way when it is killed, at most.
MAX_REQUESTS = 64

SEED = int(os.environ.get("CM_SEED", "0")) or random.SystemRandom().randrange(
    1, 1 << 32)


def bad_certificate(relay):
    """Of the right name, but nobody's."""
    cert, key = f"{relay.dir}/bad.pem", f"{relay.dir}/bad.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
         "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    return cert, key


class Weather(threading.Thread):
    """Does something bad to the proxy, then nothing for a while."""

    def __init__(self, relay, proxy, rng):
        super().__init__(daemon=True)
        self.relay, self.proxy, self.rng = relay, proxy, rng
        self.ending = threading.Event()
        self.seen = Counter()
        self.bad = bad_certificate(relay)
        self.good = push.certificate(relay)

    def run(self):
        kinds = ["down", "hang", "500", "503", "close", "tls"]
        self.rng.shuffle(kinds)
        while not self.ending.wait(self.rng.uniform(*GOOD_SECONDS)):
            # each of them in turn
            kind = kinds[sum(self.seen.values()) % len(kinds)]
            self.seen[kind] += 1
            with self.trouble(kind):
                self.ending.wait(self.rng.uniform(*BAD_SECONDS))

    @contextlib.contextmanager
    def trouble(self, kind):
        proxy = self.proxy
        answer = {"hang": HANG, "close": CLOSE, "500": 500, "503": 503}
        if kind == "down":
            proxy.stop()
        elif kind == "tls":
            proxy.use_certificate(*self.bad)
            # connections that are open would not notice
            proxy.stop()
            proxy.start()
        else:
            proxy.answer = lambda token: answer[kind]
        yield
        proxy.answer = lambda token: 200
        if kind == "tls":
            proxy.use_certificate(*self.good)
        elif kind == "down":
            proxy.start()

    def stop(self):
        self.ending.set()
        self.join()


class Killer(threading.Thread):
    """kill -9, and again."""

    def __init__(self, relay, rng):
        super().__init__(daemon=True)
        self.relay, self.rng = relay, rng
        self.ending = threading.Event()
        self.kills = 0
        self.most_kb = 0

    def run(self):
        while not self.ending.wait(0.05 + self.rng.random() * 0.6):
            for pid in push.processes(self.relay):
                with contextlib.suppress(OSError):
                    self.most_kb = max(self.most_kb, push.memory_kb(pid))
                    os.kill(pid, signal.SIGKILL)
                    self.kills += 1

    def stop(self):
        self.ending.set()
        self.join()


class Post:
    """Messages to random accounts, from several senders at once."""

    def __init__(self, relay, accounts, rng):
        self.relay, self.accounts, self.rng = relay, accounts, rng
        # address: when each delivery began
        self.begun = {address: [] for address in accounts}
        self.most_files = 0
        self.failed = []

    def run(self, count):
        plan = [self.rng.choice(self.accounts) for _ in range(count)]
        threads = [threading.Thread(target=self.send, args=(plan[n::SENDERS],))
                   for n in range(SENDERS)]
        start = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.monotonic() - start

    def send(self, plan):
        try:
            with push.lmtp(self.relay) as conn:
                for address in plan:
                    begun = time.monotonic()
                    push.deliver(self.relay, address, conn=conn)
                    self.begun[address].append(begun)
                    self.most_files = max(self.most_files,
                                          len(push.spool(self.relay)))
        except Exception as error:  # reported by the main thread
            self.failed.append(error)


def told(proxy, token):
    """When the proxy took it."""
    return [r.time for r in proxy.requests
            if r.token == token and r.answer == 200]


def tokens_of(address):
    return [f"{address}-{n}" for n in range(TOKENS)]


def new_accounts(relay):
    accounts = [push.new_account(relay)[0] for _ in range(ACCOUNTS)]
    for address in accounts:
        push.set_tokens(relay, address, tokens_of(address))
    return accounts


def check_told(post, proxy):
    """Every token had a notice after each message to its account."""
    for address, begun in post.begun.items():
        for token in tokens_of(address):
            times = told(proxy, token)
            if begun:
                assert times and max(times) > max(begun), \
                    f"a token was not told of its last message ({SEED=})"


def extra(post, proxy):
    """How many notices were taken without a message in between: beyond the
    first n that n messages allow, at any time."""
    count = 0
    for address, begun in post.begun.items():
        for token in tokens_of(address):
            allowed = 0
            for when in told(proxy, token):
                allowed += 1
                had = sum(time < when for time in begun)
                if allowed > had:
                    count += allowed - had
                    allowed = had
    return count


def check_bounds(tap, post, relay, most_kb):
    expect(post.failed, [])
    tap.note(f"at most {post.most_files} files in the spool, "
             f"{most_kb} KB of memory")
    assert post.most_files <= 2 * ACCOUNTS, post.most_files
    assert 0 < most_kb < MEMORY_KB, most_kb


def run_half(tap, relay, proxy, accounts, rng, killer):
    proxy.clear()
    post = Post(relay, accounts, rng)
    weather = Weather(relay, proxy, rng)
    start = time.monotonic()
    weather.start()
    if killer:
        killer.start()
    took = post.run(MESSAGES)
    # all of it at least once, and some of it with no more messages to come
    proxy.wait(lambda: len(weather.seen) == 6 and (
        not killer or killer.kills >= KILLS), FAULT_SECONDS)
    weather.stop()
    if killer:
        killer.stop()
    tap.note(f"{MESSAGES} messages in {took:.1f} s, faults during "
             f"{time.monotonic() - start:.1f} s: " +
             ", ".join(f"{n} {kind}" for kind, n in weather.seen.items()))
    assert len(weather.seen) == 6, weather.seen
    return post


def unheard(relay, proxy, told_before):
    """How many notices the proxy took whose answer chatmail-push does not know
    of: cut off with a connection, or later on a busy machine than it waits.
    These it has to send again."""
    return len(proxy.tokens(200)) - (
        push.counters(relay)["push_told"] - told_before)


def check_faults(tap, relay, proxy, accounts, rng):
    told_before = push.counters(relay).get("push_told", 0)
    with tap.check("proxy down, hanging, 500, 503, closing, wrong certificate:"
                   " every message is delivered, every token is told"):
        post = run_half(tap, relay, proxy, accounts, rng, None)
        assert proxy.wait(lambda: not push.spool(relay), IDLE_SECONDS), \
            f"{push.spool(relay)} wait for ever ({SEED=})"
        check_told(post, proxy)
    with tap.check("and the proxy takes none without a new message"):
        taken = len(proxy.tokens(200))
        tap.note(f"{len(proxy.requests)} requests, {taken} taken, for "
                 f"{MESSAGES * TOKENS} (coalesced)")
        lost = unheard(relay, proxy, told_before)
        tap.note(f"{lost} answers did not get there")
        # else something is wrong with them
        assert 0 <= lost <= MAX_REQUESTS, lost
        assert extra(post, proxy) <= lost, extra(post, proxy)
        assert taken <= MESSAGES * TOKENS + lost
    with tap.check("memory and spool stay small"):
        check_bounds(tap, post, relay,
                     max(map(push.memory_kb, push.processes(relay))))


def check_kills(tap, relay, proxy, accounts, rng):
    killer = Killer(relay, rng)
    with tap.check("the same, and kill -9 at random times: every token is "
                   "told"):
        post = run_half(tap, relay, proxy, accounts, rng, killer)
        tap.note(f"killed {killer.kills} times")
        assert killer.kills >= KILLS
        assert proxy.wait(lambda: not push.spool(relay), IDLE_SECONDS), \
            f"{push.spool(relay)} wait for ever ({SEED=})"
        check_told(post, proxy)
    with tap.check("sent twice is at most what was under way"):
        count = extra(post, proxy)
        tap.note(f"{count} of {len(proxy.tokens(200))} without need, "
                 f"{killer.kills} kills")
        assert count <= killer.kills * MAX_REQUESTS
        # of each kill's, far less: most requests are answered at once
        assert count <= killer.kills * 4, count
    with tap.check("memory and spool stay small, killed or not"):
        check_bounds(tap, post, relay, killer.most_kb)


def check_restart(tap):
    with NotifyStandin() as proxy, \
            push.push_relay(tap, proxy, SLOW_SPEED) as relay:
        accounts = new_accounts(relay)
        with tap.check("Dovecot stopped and started: what waited is told, "
                       "once, and no sooner than its next try is due"):
            proxy.answer = lambda token: 500
            with push.lmtp(relay) as conn:
                for address in accounts:
                    push.deliver(relay, address, conn=conn)
            assert proxy.wait(
                lambda: len(set(proxy.tokens())) == ACCOUNTS * TOKENS)
            push.stop_dovecot(relay)
            expect(push.spool(relay), sorted(accounts))
            tried = {r.token: r.time for r in proxy.requests}
            proxy.clear()
            proxy.answer = lambda token: 200
            push.start_dovecot(relay)
            assert proxy.wait(lambda: not push.spool(relay), IDLE_SECONDS)
            expect(Counter(proxy.tokens()), Counter(
                token for address in accounts for token in tokens_of(address)))
            soonest = min(r.time - tried[r.token] for r in proxy.requests)
            tap.note(f"{soonest:.2f} s after the first try")
            assert soonest >= 7.8 / SLOW_SPEED, soonest


def check_deadline(tap, relay, proxy, accounts):
    with tap.check("a proxy that stays away: five tries, then the notice is "
                   "dropped"):
        proxy.clear()
        proxy.answer = lambda token: 500
        push.deliver(relay, accounts[0])
        assert proxy.wait(lambda: not push.spool(relay), IDLE_SECONDS)
        expect(Counter(proxy.tokens()),
               Counter({token: 5 for token in tokens_of(accounts[0])}))
        proxy.answer = lambda token: 200
    with tap.check("all 410: all tokens are removed"):
        proxy.answer = lambda token: 410
        proxy.clear()
        with push.lmtp(relay) as conn:
            for address in accounts:
                push.deliver(relay, address, conn=conn)
        assert proxy.wait(lambda: not push.spool(relay), IDLE_SECONDS)
        expect([push.tokens_of(relay, address) for address in accounts],
               [set()] * ACCOUNTS)
        expect(len(proxy.requests), ACCOUNTS * TOKENS)


def check_dead_connection(tap):
    if not push.have_http2(tap, "a dead connection of HTTP/2"):
        return
    proxy = NotifyStandin(tls=False)
    port = int(shell("/", "relay_free_port"))
    with proxy, Firewall(port) as firewall, \
            push.push_relay(tap, proxy, SPEED,
                            url=f"https://localhost:{firewall.port}/notify") \
            as relay, \
            http2_front(proxy, port, *push.certificate(relay),
                        log=f"{relay.dir}/log/nghttpx.log"):
        accounts = [push.new_account(relay, f"token-{n}")[0]
                    for n in range(ACCOUNTS)]
        for number in range(1, 4):
            with tap.check("HTTP/2, the connection forgotten on its way, "
                           f"{number}: all are told soon after the timeout"):
                push.deliver(relay, accounts[0])
                assert proxy.wait(lambda: not push.spool(relay))
                expect(firewall.passed, number)
                firewall.forget()
                pid, = push.processes(relay)
                proxy.clear()
                begun = time.monotonic()
                # while it waits, and when it has a new connection
                for address in accounts:
                    push.deliver(relay, address)
                    time.sleep(2 * TIMEOUT_SECONDS / ACCOUNTS)
                assert proxy.wait(lambda: not push.spool(relay))
                tap.note(f"after {proxy.requests[0].time - begun:.1f} s the "
                         f"first, {proxy.requests[-1].time - begun:.1f} s all")
                # without a new connection it takes the kernel's 15 minutes
                assert proxy.requests[0].time - begun < 5 * TIMEOUT_SECONDS
                assert proxy.requests[-1].time - begun < 8 * TIMEOUT_SECONDS
                expect(Counter(proxy.tokens()), Counter(
                    f"token-{n}" for n in range(ACCOUNTS)))
                expect(push.processes(relay), [pid])
            with tap.check("on one new connection, and the old one is closed"):
                expect(firewall.passed, number + 1)
                expect(push.connections(pid, firewall.port), 1)


def main():
    rng = random.Random(SEED)
    with Tap() as tap:
        tap.note(f"CM_SEED={SEED}")
        with NotifyStandin() as proxy, \
                push.push_relay(tap, proxy, SPEED) as relay:
            accounts = new_accounts(relay)
            check_faults(tap, relay, proxy, accounts, rng)
            check_kills(tap, relay, proxy, accounts, rng)
            check_deadline(tap, relay, proxy, accounts)
            with tap.check("the log names no token and no account"):
                lines = [line for line in push.log_text(relay).splitlines()
                         if "push" in line]
                assert lines
                expect([line for line in lines if "@" in line], [])
        check_restart(tap)
        check_dead_connection(tap)


main()
