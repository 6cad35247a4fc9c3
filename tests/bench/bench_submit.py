#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make bench-submit: what we cost the submission of mail as apps do it, with
TLS and login. See README."""
import contextlib
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from bench import file_system  # noqa: E402
from bench_mail import Sealer  # noqa: E402
from bench_milter import EmptyMilter  # noqa: E402
from bench_postfix import drain, free_port  # noqa: E402
from harness import Tap, shell, started_relay  # noqa: E402
import milter_counters  # noqa: E402

SIZE = 5000
# submit-load.c
NAME = "bench000000"
PASSWORD = "bench-password-1"
RECIPIENT = "somebody@elsewhere.test"
RUN_LIMIT = 300
# Clients at one time, messages per connection.
ROWS = (1, 1), (8, 1), (32, 1), (8, 10)
GOAL_NEITHER = 0.7
GOAL_MILTER = 0.95
# What other services than the shipped one are started with. The last -o of a
# name counts.
WITHOUT_POLICY = ("-o smtpd_recipient_restrictions= "
                  "-o smtpd_end_of_data_restrictions=")
SERVICES = {"neither": "-o smtpd_milters= " + WITHOUT_POLICY,
            "empty": "-o smtpd_milters=unix:{empty} " + WITHOUT_POLICY,
            "milter": WITHOUT_POLICY}


def accepted(relay):
    return milter_counters.read(relay.dir + "/run")["outgoing accept"]


def add_services(relay, empty):
    """Before Postfix starts. The port of each kind; empty: the socket of a
    milter that does nothing."""
    def postconf(*args):
        return shell(relay.dir, "relay_postconf", *args)

    # smtp-source of the other benchmarks is not limited either
    postconf("-e", "in_flow_delay=0",
             "smtpd_client_event_limit_exceptions=127.0.0.0/8")
    name = f"127.0.0.1:{relay.port('smtps')}/inet"
    shipped = postconf("-M", name)
    ports = {}
    for kind, options in SERVICES.items():
        ports[kind] = free_port()
        entry = shipped.replace(name[:-len("/inet")],
                                f"127.0.0.1:{ports[kind]}", 1)
        postconf("-M", f"127.0.0.1:{ports[kind]}/inet="
                 f"{' '.join(entry.split())} "
                 f"{options.format(empty=empty)}")
    ports["both"] = relay.port("smtps")
    return ports


class Submission:
    def __init__(self, relay, ports, message):
        self.relay, self.ports, self.message = relay, ports, message

    def send(self, kind, clients, per_connection, count):
        """Messages per second."""
        done = subprocess.run(
            ["./submit-load", f"smtps://127.0.0.1:{self.ports[kind]}",
             self.relay.env["RELAY_CERT"], str(clients), str(count),
             str(per_connection), self.relay.domain, PASSWORD, RECIPIENT,
             self.message], capture_output=True, text=True, timeout=RUN_LIMIT)
        if done.returncode != 0:
            raise RuntimeError(f"{kind}: {done.stderr}")
        drain(f"{self.relay.dir}/postfix/queue",
              f"{self.relay.env['RELAY_LOG']}/postfix.log")
        return count / float(done.stdout)

    def row(self, clients, per_connection, runs, seconds):
        count = clients * per_connection
        rate = self.send("neither", clients, per_connection, 2 * count)
        rate = self.send("neither", clients, per_connection,
                         max(2, int(rate * 0.5 / count)) * count)
        messages = max(2, round(rate * seconds / count)) * count
        for kind in "empty", "milter", "both":
            self.send(kind, clients, per_connection, count)
        rates = {kind: [] for kind in self.ports}
        before = accepted(self.relay)
        for i in range(runs):
            kinds = list(self.ports)
            for kind in kinds if i % 2 == 0 else reversed(kinds):
                rates[kind].append(self.send(kind, clients, per_connection,
                                             messages))
        seen = accepted(self.relay) - before
        if seen != 2 * runs * messages:
            raise RuntimeError(f"the milter accepted {seen} messages of "
                               f"{2 * runs * messages}")
        return messages, rates


def bench(relay, ports, message, runs, seconds, missed):
    submission = Submission(relay, ports, message)
    print("clients  per connection  messages  neither/s  empty  milter/s  "
          "ratio   both/s  ratio  of milter  spread", flush=True)
    for clients, per_connection in ROWS:
        messages, rates = submission.row(clients, per_connection, runs,
                                         seconds)
        neither, empty, milter, both = (
            statistics.median(rates[kind])
            for kind in ("neither", "empty", "milter", "both"))
        spread = max(max(r) / min(r) for r in rates.values()) - 1
        print(f"{clients:7} {per_connection:15} {messages:9} {neither:10.1f} "
              f"{empty / neither:6.2f} {milter:9.1f} {milter / neither:6.2f} "
              f"{both:8.1f} "
              f"{both / neither:6.2f} {both / milter:10.2f} {spread:7.0%}",
              flush=True)
        if both < GOAL_NEITHER * neither:
            missed.append(f"{clients} clients, {per_connection} a connection:"
                          f" {both / neither:.2f} of neither < {GOAL_NEITHER}")
        if both < GOAL_MILTER * milter:
            missed.append(f"{clients} clients, {per_connection} a connection:"
                          f" {both / milter:.2f} of the milter alone < "
                          f"{GOAL_MILTER}")


@contextlib.contextmanager
def started_empty(folder):
    """Its socket."""
    os.chmod(folder, 0o755)
    milter = EmptyMilter("./milter-empty", folder + "/empty", "bench.test")
    milter.start()
    try:
        yield milter.socket
    finally:
        milter.stop()


def make_message(folder, domain):
    """With CRLF, as a client sends it."""
    path = folder + "/5k.eml"
    sealer = Sealer(folder)
    try:
        sealer.message(path, f"{NAME}@{domain}", SIZE)
    finally:
        sealer.stop()
    text = pathlib.Path(path).read_bytes()
    pathlib.Path(path).write_bytes(text.replace(b"\n", b"\r\n"))
    return path


def main():
    if "RELAY_STAGE" not in os.environ:
        sys.exit("bench-submit: run it by make")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    runs = int(os.environ.get("BENCH_RUNS") or 5)
    seconds = float(os.environ.get("BENCH_SECONDS") or 2)
    base = os.environ.get("BENCH_QUEUE") or (
        "/dev/shm" if os.path.isdir("/dev/shm") else "/tmp")
    ports, missed = {}, []
    with tempfile.TemporaryDirectory(prefix="cm-bench.", dir=base) as folder, \
            started_empty(folder) as empty, started_relay(
                Tap(), "username_max_length=20",
                "max_user_send_per_minute=60000",
                "max_user_send_burst_size=1000000", below=base,
                before_start=lambda relay: ports.update(
                    add_services(relay, empty))) as relay:
        print(f"Submission of {SIZE} bytes with TLS and login, as apps do it,"
              f" medians of {runs} runs in turn.\nQueue and mailboxes on "
              f"{file_system(folder)}; {os.cpu_count()} CPUs, which the "
              f"sender shares; load {os.getloadavg()[0]:.1f} before",
              flush=True)
        bench(relay, ports, make_message(folder, relay.domain), runs,
              seconds, missed)
    print("every goal is met" if not missed else
          "goals missed:\n  " + "\n  ".join(missed))
    return 1 if missed and os.environ.get("BENCH_CHECK") == "1" else 0


if __name__ == "__main__":
    sys.exit(main())
