#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The real coturn, set up by conf.d/coturn, and the credentials that clients
read from METADATA: they relay, nobody else's do, and not to everywhere.

coturn, the client and the peer are in a network namespace of their own, with
addresses that are public ones elsewhere: on loopback everything is denied."""
import base64
import contextlib
import hashlib
import hmac
import itertools
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from harness import SKIP, Tap, expect, started_relay
from imap_metadata import MetadataClient

TURN = "/shared/vendor/deltachat/turn"
# Public addresses, and one that is not.
SERVER, PEER = "9.9.9.9", "9.9.9.10"
SERVER6, PEER6 = "2600::9", "2600::10"
PRIVATE = "10.1.2.3"
PORT, PEER_PORT = 34780, 3480
# As relays have it behind firewalls that let nothing else out.
LOW_PORT = 443
MESSAGES = 5
# of turnserver.conf
USER_QUOTA = 24
SECONDS = 60
# turn_ttl
TTL_SECONDS = 120 * 3600
DENIED = [PRIVATE, "127.0.0.1", "0.0.0.0", "100.64.0.1", "169.254.169.254",
          "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.0.0.1",
          "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"]
DENIED6 = ["::1", "::", "::ffff:10.1.2.3", "::10.1.2.3", "64:ff9b::a01:203",
           "fd00:ec2::254", "fe80::1", "2002:a01:203::1", "2001:db8::1",
           "2001::a01:203", "ff02::1"]
# The last address below a denied range, and the first behind it. Nobody is
# there; what counts is that coturn does not refuse them.
ALLOWED = ["9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0",
           "169.253.255.255", "169.255.0.0", "192.167.255.255"]
ALLOWED6 = ["2600::1", "2001:200::1", "2003::1"]


def skip_unless_coturn():
    for program in "turnserver", "turnutils_uclient", "turnutils_peer", "ip":
        if not shutil.which(program, path=os.environ.get("PATH", "") +
                            ":/usr/sbin:/sbin"):
            print(f"1..0 # SKIP {program} is not installed: apt-get install "
                  "coturn iproute2", flush=True)
            sys.exit(SKIP)


class Network:
    """A namespace that a process holds, and what runs in it."""

    def __init__(self):
        self.holder = subprocess.Popen(
            ["unshare", "-n", "sh", "-c", "ip link set lo up && " + "".join(
                f"ip addr add {address} dev lo && " for address in (
                    f"{SERVER}/32", f"{PEER}/32", f"{PRIVATE}/32",
                    f"{SERVER6}/128", f"{PEER6}/128")) +
             "echo ready && exec sleep 600"],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        if self.holder.stdout.readline() != b"ready\n":
            raise RuntimeError("no network namespace")

    def command(self, *args):
        return ["nsenter", "-t", str(self.holder.pid), "-n", *args]

    @contextlib.contextmanager
    def running(self, *args):
        process = subprocess.Popen(self.command(*args),
                                   stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.kill()
            process.wait(SECONDS)

    def listens(self, port):
        done = subprocess.run(self.command("cat", "/proc/net/udp"),
                              capture_output=True, check=True)
        return f":{port:04X} ".encode() in done.stdout

    def sockets(self, port):
        """How many of UDP are bound to that port."""
        done = subprocess.run(
            self.command("cat", "/proc/net/udp", "/proc/net/udp6"),
            capture_output=True, check=True, text=True)
        return sum(line.split()[1].endswith(f":{port:04X}")
                   for line in done.stdout.splitlines())

    @contextlib.contextmanager
    def peer(self, *addresses):
        """Who answers there, at PEER_PORT."""
        wanted = self.sockets(PEER_PORT) + len(addresses)
        where = [word for address in addresses for word in ("-L", address)]
        with self.running("turnutils_peer", "-p", str(PEER_PORT),
                          *where) as process:
            end = time.monotonic() + SECONDS
            while self.sockets(PEER_PORT) < wanted:
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("turnutils_peer does not run")
                time.sleep(0.1)
            yield

    def uclient(self, name, password, peer, messages=MESSAGES, server=SERVER,
                port=PORT):
        """What turnutils_uclient says."""
        family = ["-x"] if ":" in peer else []
        done = subprocess.run(
            self.command("turnutils_uclient", *family, "-u", name,
                         "-w", password, "-p", str(port), "-e", peer,
                         "-r", str(PEER_PORT), "-n", str(messages),
                         "-m", "1", "-l", "100", "-c", server),
            capture_output=True, check=False, timeout=SECONDS)
        return (done.stdout + done.stderr).decode(errors="replace")

    def asked(self, name, password, peer, server=SERVER):
        """Whether this peer is forbidden: the answer, without waiting for
        data that never comes."""
        with subprocess.Popen(
                self.command("turnutils_uclient",
                             *(["-x"] if ":" in peer else []), "-u", name,
                             "-w", password, "-p", str(PORT), "-e", peer,
                             "-r", str(PEER_PORT), "-n", "1", "-m", "1", "-c",
                             server), stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True) as process:
            try:
                for line in process.stdout:
                    if "403 (Forbidden IP)" in line:
                        return "forbidden"
                    if "486 (Allocation Quota" in line:
                        return "quota"
                    if "start_mclient" in line:
                        return "allowed"
                return "neither"
            finally:
                process.kill()

    def close(self):
        self.holder.kill()
        self.holder.wait()


def stage_coturn(relay):
    return next(pathlib.Path(relay.env["RELAY_STAGE"]).rglob(
        "conf.d/coturn/chatmail-coturn"))


def set_up(relay, *args, env=None):
    done = subprocess.run(
        ["sh", str(stage_coturn(relay)), "-d", relay.dir, *args,
         relay.env["RELAY_CONFIG"]],
        capture_output=True, check=False, text=True, timeout=SECONDS,
        env=env)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout + done.stderr


def secret(relay):
    return pathlib.Path(relay.dir, "turn-secret").read_text().strip()


def credential(relay, login):
    """Name and password as core divides them."""
    with MetadataClient(relay, login) as client:
        value = client.get("", TURN)[TURN].decode()
    host, rest = value.split(":", 1)
    port, rest = rest.split(":", 1)
    name, password = rest.split(":", 1)
    expect((host, port), ("chat.test", str(PORT)))
    return name, password


def made_for(key, when):
    name = str(int(when))
    mac = hmac.new(key.encode(), name.encode(), hashlib.sha1).digest()
    return name, base64.b64encode(mac).decode()


def capabilities(relay, directive):
    """What the unit gives, in setpriv's words."""
    unit = next(pathlib.Path(relay.env["RELAY_STAGE"]).rglob(
        "chatmail-turn.service"))
    values = [line.split("=", 1)[1] for line in unit.read_text().splitlines()
              if line.startswith(directive + "=")]
    assert values, directive
    return ",".join(["-all", *("+" + name.removeprefix("CAP_").lower()
                               for name in " ".join(values).split())])


@contextlib.contextmanager
def coturn(network, relay, port=PORT, addresses=(SERVER, SERVER6)):
    """As the unit starts it, and its addresses, which it does not look for on
    a loopback interface."""
    ambient = capabilities(relay, "AmbientCapabilities")
    with network.running(
            "setpriv", "--reuid=turnserver", "--regid=turnserver",
            "--init-groups", "--no-new-privs", "--inh-caps", ambient,
            "--ambient-caps", ambient, "--bounding-set",
            capabilities(relay, "CapabilityBoundingSet"),
            "turnserver", "-c", f"{relay.dir}/turnserver.conf", "--pidfile=",
            "-p", str(port),
            *(word for address in addresses
              for word in ("-L", address, "-E", address))) as server:
        end = time.monotonic() + SECONDS
        while not network.listens(port):
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError("coturn does not run")
            time.sleep(0.1)
        yield server


def relays(text):
    assert f"tot_send_msgs={MESSAGES}, tot_recv_msgs={MESSAGES}" in text, \
        text[-400:]


def refused(text):
    assert "Cannot complete Allocation" in text and "tot_recv" not in text, \
        text[-400:]


def credentials(tap, network, relay, login):
    name, password = credential(relay, login)
    with tap.check("the credential of METADATA relays data, by IPv4 and IPv6"):
        relays(network.uclient(name, password, PEER))
        relays(network.uclient(name, password, PEER6))
        relays(network.uclient(name, password, PEER, server=SERVER6))
    now, key = time.time(), secret(relay)
    with tap.check("it is base64(HMAC-SHA1(secret, name))"):
        expect((name, password), made_for(key, int(name)))
    for what, wrong in {
            "expired a second ago": made_for(key, now - 1),
            "expired a year ago": made_for(key, now - 365 * 86400),
            "another relay's": made_for("f" * 64, int(name)),
            "with another password": (name, password[::-1]),
            "with a later name": (str(int(name) + 1), password),
            "with an account in its name": (f"{name}:{login[0]}", password),
            "without a password": (name, "x")}.items():
        with tap.check(f"a credential {what} does not"):
            refused(network.uclient(*wrong, PEER))


def peers(tap, network, relay):
    # Each asks as somebody else: who has gone leaves his addresses behind for
    # a while, and there is a quota.
    others = (made_for(secret(relay), time.time() + 5000 + number)
              for number in itertools.count())
    for peer in DENIED + DENIED6:
        with tap.check(f"{peer} is no peer"):
            expect(network.asked(*next(others), peer), "forbidden")
    with tap.check("nor is it one when somebody listens there"):
        with network.peer(PRIVATE):
            text = network.uclient(*next(others), PRIVATE)
            assert "403 (Forbidden IP)" in text and "tot_recv" not in text, \
                text[-400:]
    with tap.check("public addresses beside those ranges are"):
        for peer in ALLOWED + ALLOWED6:
            expect((peer, network.asked(*next(others), peer)),
                   (peer, "allowed"))


def quota(tap, network, relay):
    with tap.check("who takes too many addresses has used up his share, and "
                   "nobody else's"):
        greedy, other = (credential(relay, relay.new_login())
                         for _ in range(2))
        answers = [network.asked(*greedy, PEER) for _ in range(USER_QUOTA)]
        expect(answers[0], "allowed")
        expect(answers[-1], "quota")
        expect(network.asked(*other, PEER), "allowed")


def silence(tap, relay):
    with tap.check("coturn has written no log"):
        expect(sorted(path.name for pattern in ("turn*.log", "turn_*")
                      for root in (relay.dir, "/var/log", "/var/tmp")
                      for path in pathlib.Path(root).glob(pattern)
                      if path.stat().st_mtime > started), [])
    with tap.check("the files are for root and one group each"):
        for file in "turn-secret", "turnserver.conf":
            st = pathlib.Path(relay.dir, file).stat()
            expect(st.st_mode & 0o777, 0o640)
            expect(st.st_uid, 0)


def rotation(tap, network, relay, login):
    old = credential(relay, login)
    with tap.check("a new secret: what was given out still works, and so "
                   "does what is given out now"):
        output = set_up(relay, "-r")
        assert secret(relay) not in output
        new = credential(relay, login)
        assert new != old
        with coturn(network, relay):
            relays(network.uclient(*old, PEER))
            relays(network.uclient(*new, PEER))
    with tap.check("chatmail-coturn again: it still works, as clients have "
                   "it"):
        output = set_up(relay)
        assert "takes the secret before" in output, output
        with coturn(network, relay):
            relays(network.uclient(*old, PEER))
            relays(network.uclient(*new, PEER))
    with tap.check("the next time that no client has it any more, the old one "
                   "is over"):
        made = pathlib.Path(relay.dir, "turn-secret")
        os.utime(made, (time.time() - TTL_SECONDS - 120,) * 2)
        set_up(relay)
        with coturn(network, relay):
            refused(network.uclient(*old, PEER))
            relays(network.uclient(*new, PEER))


def low_port(tap, network, relay):
    with tap.check(f"port {LOW_PORT}, as the user and with the capabilities of "
                   "the unit"):
        login = made_for(secret(relay), time.time() + 5000)
        with coturn(network, relay, LOW_PORT):
            relays(network.uclient(*login, PEER, port=LOW_PORT))


def behind_nat(tap, network, relay):
    with tap.check("behind NAT, its public address is a peer, where two "
                   "devices meet that both come through it"):
        set_up(relay, "-e", f"{SERVER}/{PRIVATE}")
        login = made_for(secret(relay), time.time() + 5000)
        with coturn(network, relay, addresses=[PRIVATE]):
            for peer, answer in (SERVER, "allowed"), (PEER, "allowed"), (
                    "10.1.2.4", "forbidden"):
                expect((peer, network.asked(*login, peer, PRIVATE)),
                       (peer, answer))
        set_up(relay, "-e", "none")


def turnserver_conf(relay):
    return pathlib.Path(relay.dir, "turnserver.conf").read_text().split("\n")


def values(relay, key):
    return [line.split("=", 1)[1] for line in turnserver_conf(relay)
            if line.startswith(key + "=")]


def not_taken(relay, *args, why="expected an address", env=None):
    try:
        set_up(relay, *args, env=env)
    except RuntimeError as error:
        assert why in str(error), error
    else:
        raise AssertionError(f"{args} was taken")


def set_up_again(tap, relay):
    nat = "192.0.2.1/10.0.0.1"
    with tap.check("chatmail-coturn again: the same secret, address of NAT"):
        before = secret(relay)
        set_up(relay, "-e", nat)
        expect(secret(relay), before)
        lines = turnserver_conf(relay)
        assert f"external-ip={nat}" in lines
        assert f"realm={relay.domain}" in lines
        assert f"listening-port={PORT}" in lines
    with tap.check("and again, for another port: NAT stays, as it says"):
        ini = pathlib.Path(relay.env["RELAY_CONFIG"])
        text = ini.read_text()
        ini.write_text(text + "\nturn_port = 3999\n")
        output = set_up(relay)
        ini.write_text(text)
        assert f"external-ip={nat} stays" in output, output
        expect(values(relay, "external-ip"), [nat])
        expect(values(relay, "listening-port"), ["3999"])
    with tap.check("-e none: no NAT any more, nor the next time"):
        for args in ("-e", "none"), ():
            set_up(relay, *args)
            expect(values(relay, "external-ip"), [])
    with tap.check("secrets: the one before stays for turn_ttl, and none that "
                   "is older"):
        first = secret(relay)
        set_up(relay, "-r")
        second = secret(relay)
        expect(values(relay, "static-auth-secret"), [second, first])
        made = pathlib.Path(relay.dir, "turn-secret")
        for age, kept in (TTL_SECONDS - 600, [first]), (TTL_SECONDS + 120, []):
            os.utime(made, (time.time() - age,) * 2)
            set_up(relay)
            expect(values(relay, "static-auth-secret"), [second] + kept)
        set_up(relay, "-r")
        third = secret(relay)
        expect(values(relay, "static-auth-secret"), [third, second])
        set_up(relay, "-r")
        expect(values(relay, "static-auth-secret"), [secret(relay), third])
    with tap.check("killed before it wrote turnserver.conf: neither is lost"):
        third = secret(relay)
        made.write_text("f" * 64)
        set_up(relay)
        expect(values(relay, "static-auth-secret"), ["f" * 64, third])
    with tap.check("what is no address, or no ini, is refused"):
        for args in ("-e", "host.example"), ("-e", "1.2.3.4;x"), ("-e", ""):
            not_taken(relay, *args)
    with tap.check("without openssl no secret is lost"):
        before = secret(relay)
        bare = pathlib.Path(relay.dir, "bare-openssl")
        bare.mkdir()
        (bare / "openssl").write_text("#!/bin/sh\nexit 1\n")
        (bare / "openssl").chmod(0o755)
        not_taken(relay, "-r", why="no secret made", env={
            **os.environ, "PATH": f"{bare}:{os.environ['PATH']}"})
        expect(secret(relay), before)
    with tap.check("nor one address of NAT without the other"):
        for address in "192.0.2.1", "192.0.2.1/", "/10.0.0.1", "1.2.3.4/5/6", \
                "abc/def":
            not_taken(relay, "-e", address)


with Tap() as tap:
    skip_unless_coturn()
    started = time.time()
    network = Network()
    signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
    signal.alarm(900)
    try:
        with started_relay(tap, f"turn_port={PORT}",
                           before_start=set_up) as relay:
            login = relay.new_login()
            with coturn(network, relay), network.peer(PEER, PEER6):
                credentials(tap, network, relay, login)
                peers(tap, network, relay)
                quota(tap, network, relay)
                silence(tap, relay)
            with network.peer(PEER):
                rotation(tap, network, relay, login)
                low_port(tap, network, relay)
                behind_nat(tap, network, relay)
            set_up_again(tap, relay)
    finally:
        network.close()
