#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make bench-metadata: IMAP METADATA out of chatmail_metadata beside Dovecot's
own out of a file dict. See README."""
import os
import pathlib
import re
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
for folder in "integration", "lib":
    sys.path.insert(0, str(HERE.parent / folder))

from harness import Tap, started_relay  # noqa: E402
from imap_metadata import MetadataClient  # noqa: E402

DELTACHAT = "/shared/vendor/deltachat/"
TOKEN = "/private/devicetoken"
# What Delta Chat asks for when it comes, and later (chatmail/core, imap.rs).
ALL = ["/shared/comment", "/shared/admin"] + [
    DELTACHAT + name for name in ("irohrelay", "turn", "maxsmtprecipients",
                                  "appversions")]
LATER = [DELTACHAT + "turn", DELTACHAT + "appversions"]
COMMANDS = {
    "all 6": f'GETMETADATA "" ({" ".join(ALL)})\r\n',
    "later 2": f'GETMETADATA "" ({" ".join(LATER)})\r\n',
    "3 tokens": f'GETMETADATA "INBOX" ({TOKEN})\r\n',
}
# Sent before the answers are read, so that the client is not what is measured.
BATCH = 50
TOKENS = [f"openpgp:{letter * 850}" for letter in "abc"]
SECRET = "0123456789abcdef" * 4
# Of each kind per run, in turn: what else a machine does hits both.
SLICES = 10
# CPU of ours for one of the dict's: no more, but for what counting it on a
# shared machine leaves open.
GOAL = 1.1
LOG_SECONDS = 10


def number(name, default):
    return float(os.environ.get(name) or default)


def versions():
    """As large as chatmail/relay's."""
    sources = ",".join(
        f'{{"sourceId":"{s}","versionInteger":{754 + s},"versionString":'
        f'"2.60.{s}","downloadUrl":"https://download.delta.chat/v{s}/a.apk"}}'
        for s in range(4))
    clients = ",".join(f'{{"clientId":"client-{c}","sources":[{sources}]}}'
                       for c in range(4))
    return f'{{"clients":[{clients}]}}'


def prepare_ours(relay):
    gid = pathlib.Path(relay.dir, "mail").stat().st_gid
    for name, text in (("turn-secret", SECRET + "\n"),
                       ("appversions.json", versions())):
        path = pathlib.Path(relay.dir, name)
        path.write_text(text)
        os.chown(path, 0, gid)
        path.chmod(0o640)


def prepare_dict(relay):
    """The same Dovecot without the plugin, and with a dict."""
    conf = pathlib.Path(relay.dir, "dovecot/etc/conf.d/30-chatmail-imap.conf")
    text = conf.read_text()
    if relay.env["RELAY_DOVECOT_SERIES"] == "2.3":
        text = text.replace("chatmail_idle chatmail_metadata",
                            "chatmail_idle") + \
            "mail_attribute_dict = file:%h/dovecot-attributes\n"
    else:
        text = text.replace("    chatmail_metadata = yes\n", "").replace(
            "dict fail {", "dict file {\n    path = "
            "%{home}/dovecot-attributes")
    conf.write_text(text)


def fill_dict(relay, login, ours):
    """The same values, as far as its own can be set."""
    with MetadataClient(relay, login) as client:
        for entry in ALL[2:]:
            answer = client.set("", entry, ours[entry])
            if not answer.startswith("OK"):
                raise RuntimeError(answer)
        client.set("INBOX", TOKEN, " ".join(TOKENS).encode())


def logins(relay):
    """Process ids of imap, of each login."""
    log = pathlib.Path(relay.env["RELAY_LOG"], "dovecot.log")
    return re.findall(r"mpid=(\d+)", log.read_text(errors="replace"))


class Session:
    """One connection, and the process that serves it."""

    def __init__(self, relay, login):
        before = len(logins(relay))
        self.client = MetadataClient(relay, login)
        end = time.monotonic() + LOG_SECONDS
        while len(logins(relay)) == before:
            if time.monotonic() > end:
                raise RuntimeError("the login is not in Dovecot's log")
            time.sleep(0.05)
        self.pid = int(logins(relay)[-1])

    def cpu(self):
        text = pathlib.Path(f"/proc/{self.pid}/schedstat")
        return int(text.read_text().split()[0]) / 1e9

    def run(self, command, count):
        """Seconds for so many, and CPU seconds of the imap process."""
        client, cpu, begin = self.client, self.cpu(), time.monotonic()
        for start in range(0, count, BATCH):
            batch = range(start, min(start + BATCH, count))
            client.send("".join(f"b{n} {command}" for n in batch))
            for n in batch:
                answer = client.answer(b"b%d" % n)
                if not answer.startswith("OK"):
                    raise RuntimeError(answer)
        return time.monotonic() - begin, self.cpu() - cpu


def first_ms(relay, login):
    """Of a new connection: milliseconds that its first GETMETADATA takes."""
    with MetadataClient(relay, login) as client:
        begin = time.monotonic()
        client.get("", *ALL)
        return (time.monotonic() - begin) * 1000


def measure(servers, command, runs, seconds):
    """Per kind: commands per second and CPU microseconds per command, each a
    list; kinds in turn."""
    sessions = {kind: Session(*where) for kind, where in servers.items()}
    count = BATCH
    while sessions["dict"].run(command, count)[0] < seconds / SLICES:
        count *= 2
    sessions["ours"].run(command, count)
    rates = {kind: [] for kind in servers}
    cpus = {kind: [] for kind in servers}
    for _ in range(runs * SLICES):
        for kind, session in sessions.items():
            used, cpu = session.run(command, count)
            rates[kind].append(count / used)
            cpus[kind].append(cpu / count * 1e6)
    for session in sessions.values():
        session.client.close()
    return count, rates, cpus


def main():
    if os.geteuid() != 0 or not os.environ.get("RELAY_STAGE"):
        sys.exit("bench-metadata: needs root and RELAY_STAGE; use make")
    runs = int(number("BENCH_RUNS", 5))
    seconds = number("BENCH_SECONDS", 2)
    settings = ("server_comment=bench", "privacy_mail=admin@chat.test",
                "iroh_relay=https://iroh.chat.test")
    tap, missed = Tap(), 0
    with started_relay(tap, *settings, before_start=prepare_ours) as ours, \
            started_relay(tap, before_start=prepare_dict, local_conf="""
mail_server_comment = bench
mail_server_admin = mailto:admin@chat.test
""") as other:
        servers = {"ours": (ours, ours.new_login()),
                   "dict": (other, other.new_login())}
        with MetadataClient(*servers["ours"]) as client:
            for token in TOKENS:
                client.set("INBOX", TOKEN, token)
            values = client.get("", *ALL)
            tokens = client.get("INBOX", TOKEN)
        fill_dict(*servers["dict"], values)
        with MetadataClient(*servers["dict"]) as client:
            if (client.get("", *ALL), client.get("INBOX", TOKEN)) != \
                    (values, tokens):
                raise RuntimeError("they do not answer alike")
        print(f"Dovecot {ours.env['RELAY_DOVECOT_SERIES']}, "
              f"{runs * SLICES} slices of each in turn, medians\n")
        print(f"{'GETMETADATA':<12}{'commands':>9}{'ours/s':>9}{'dict/s':>9}"
              f"{'ratio':>7}{'ours us':>9}{'dict us':>9}{'ratio':>7}"
              f"{'goal':>6}{'spread':>8}")
        for name, command in COMMANDS.items():
            count, rates, cpus = measure(servers, command, runs, seconds)
            rate = {k: statistics.median(v) for k, v in rates.items()}
            cpu = {k: statistics.median(v) for k, v in cpus.items()}
            faster = statistics.median(
                mine / theirs for mine, theirs in zip(*rates.values()))
            ratio = cpu["ours"] / cpu["dict"]
            spread = max(max(v) / min(v) for v in cpus.values()) - 1
            missed += ratio > GOAL
            print(f"{name:<12}{count:>9}{rate['ours']:>9.0f}"
                  f"{rate['dict']:>9.0f}{faster:>7.2f}"
                  f"{cpu['ours']:>9.1f}{cpu['dict']:>9.1f}{ratio:>7.2f}"
                  f"{GOAL:>6.2f}{'!' if ratio > GOAL else ' '}"
                  f"{spread:>7.0%}", flush=True)
        first = {kind: [] for kind in servers}
        for _ in range(runs * SLICES):
            for kind, where in servers.items():
                first[kind].append(first_ms(*where))
        took = {k: statistics.median(v) for k, v in first.items()}
        print(f"\nfirst one of a connection: ours {took['ours']:.2f} ms, "
              f"dict {took['dict']:.2f} ms")
    if missed and os.environ.get("BENCH_CHECK") == "1":
        sys.exit(1)


main()
