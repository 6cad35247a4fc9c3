#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A device whose token is not answered, or refused, delays nobody: neither the
account's other devices nor other accounts.

Time goes as fast as it does: a request that hangs does so for a minute, and
what is waited for here comes well before that."""
import contextlib
import threading
from collections import Counter

from harness import Tap, expect, shell
from notify_standin import HANG, NotifyStandin, http2_front
import push

SPEED = 1
# Before a request that hangs is over, by a margin.
SECONDS = 40
MESSAGES = 4
# of each hostile account, all that it can have
TOKENS = 32
HOSTILE = 16
# CM_PUSH_JOB_MAX_REQUESTS
REQUESTS = 3


def told(proxy, relay, address, token):
    """Of one message more; a while before anything that hangs is over."""
    before = proxy.count(token)
    push.deliver(relay, address)
    assert proxy.wait(lambda: proxy.count(token) > before, SECONDS)


def answers(proxy):
    """By the first word of a token."""
    proxy.answer = lambda token: {"hang": HANG, "bad": 500}.get(
        token.split("-")[0], 200)


def check_devices(tap, relay, proxy):
    for what, bad in (("is not answered", "hang"), ("gets 500", "bad")):
        good, other = f"good-{bad}", f"other-{bad}"
        with tap.check(f"a token that {what} delays no other of its account, "
                       "each message is told"):
            answers(proxy)
            alice = push.new_account(relay, good, bad, other)
            for n in range(MESSAGES):
                told(proxy, relay, alice[0], good)
                assert proxy.wait(lambda: proxy.count(other) > n, SECONDS)
            tap.note(f"{proxy.count(bad)} tries of the one that fails")
            # one in 8 s, or none while it hangs
            assert 0 < proxy.count(bad) <= MESSAGES / 2, proxy.tokens()
    with tap.check("it is told itself, and no other again"):
        proxy.answer = lambda token: 200
        assert proxy.wait(lambda: alice[0] not in push.spool(relay))
        assert proxy.tokens(200).count(bad) == 1, proxy.tokens()
        assert proxy.count(good) == MESSAGES, proxy.tokens()
        assert proxy.count(other) == MESSAGES, proxy.tokens()


@contextlib.contextmanager
def messages_to(relay, addresses):
    """Again and again."""
    ending = threading.Event()

    def send():
        while not ending.wait(0.5):
            push.deliver_to_many(relay, addresses)
    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def check_accounts(tap, relay, proxy):
    answers(proxy)
    proxy.clear()
    hostile = [push.new_account(relay, *[f"hang-{n}-{token}"
                                         for token in range(TOKENS)])[0]
               for n in range(HOSTILE)]

    def hanging():
        """How many of each, before the first of them is given up."""
        first = min((r.time for r in proxy.requests), default=0)
        return Counter(
            r.token.rsplit("-", 1)[0] for r in list(proxy.requests)
            if r.token.startswith("hang-") and r.time < first + SECONDS)
    with tap.check(f"{HOSTILE} accounts with {TOKENS} tokens each that are not "
                   "answered, and ever more messages, delay no other account"):
        with messages_to(relay, hostile):
            assert proxy.wait(lambda: hanging().total() >= REQUESTS * HOSTILE,
                              SECONDS), hanging()
            for n in range(MESSAGES):
                bob = push.new_account(relay, f"good-{n}")
                told(proxy, relay, bob[0], f"good-{n}")
            # one that has all its devices, too
            carol = push.new_account(relay, *[f"carol-{n}"
                                              for n in range(TOKENS)])
            told(proxy, relay, carol[0], "carol-0")
            assert proxy.wait(lambda: all(proxy.count(f"carol-{n}") == 1
                                          for n in range(TOKENS)), SECONDS)
            expect(set(hanging().values()), {REQUESTS})


def main():
    proxy = NotifyStandin(tls=False)
    with Tap() as tap:
        if not push.have_http2(tap, "HTTP/2"):
            return
        port = int(shell("/", "relay_free_port"))
        url = f"https://localhost:{port}/notify"
        with proxy, push.push_relay(tap, proxy, SPEED, url=url) as relay, \
                http2_front(proxy, port, *push.certificate(relay),
                            log=f"{relay.dir}/log/nghttpx.log"):
            check_devices(tap, relay, proxy)
            check_accounts(tap, relay, proxy)


main()
