#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A device whose token is not answered, or refused, delays nobody: neither the
account's other devices nor other accounts.

Time goes as fast as it does: a request that hangs does so for a minute, and
what is waited for here comes well before that."""
from harness import Tap, shell
from notify_standin import HANG, NotifyStandin, http2_front
import push

SPEED = 1
# Before a request that hangs is over, by a margin.
SECONDS = 40
MESSAGES = 4


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


main()
