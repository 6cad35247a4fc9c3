#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make bench-policy: what chatmail-policy costs. See README."""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from bench import (MAX_MESSAGE_SIZE, DOMAIN, SENDER, count_for, fail,
                   file_system, need, send)
from bench_mail import Sealer
from bench_milter import Milter
from bench_postfix import Postfix, free_port

ACCOUNTS = 10000
LOAD_LIMIT = 120
GOAL_FLOOR = 0.9
GOAL_OTHER = 20
GOAL_KB = 300
GOAL_NEITHER = 0.7
GOAL_MILTER = 0.95
SESSIONS = 8
SIZE = 5000

OTHER = "/usr/bin/policyd-rate-limit"
# Its shipped settings, but for paths, limits that nobody reaches, and no
# debug output. Its database is on a disk, as it is by default.
OTHER_CONFIG = """\
debug: False
user: "root"
group: "root"
pidfile: "{dir}/other.pid"
mysql_config: {{}}
pgsql_config: {{}}
sqlite_config:
    database: "{disk}/other.sqlite3"
backend: 0
SOCKET: "{dir}/other.sock"
socket_permission: 0666
limits:
    - [1000000, 60]
    - [1000000, 86400]
limits_by_id: {{}}
sql_limits_by_id: ""
limit_by_sasl: True
limit_by_sender: False
limit_by_ip: False
limited_networks: []
success_action: "dunno"
fail_action: "defer_if_permit Rate limit reach, retry later"
db_error_action: "dunno"
report: False
report_from: null
report_to: null
report_subject: ""
report_limits: [86400]
report_only_if_needed: True
smtp_server: ["localhost", 25]
smtp_starttls: False
smtp_credentials: null
delay_to_close: 300
"""


def load(count, seconds, *service):
    """Requests per second, answers but DUNNO, private KiB of a process."""
    done = subprocess.run(
        ["./policy-load", str(count), str(seconds), str(ACCOUNTS), *service],
        capture_output=True, text=True, timeout=LOAD_LIMIT)
    if done.returncode != 0:
        raise RuntimeError(f"policy-load {' '.join(service)}: {done.stderr}")
    rate, others, memory = (int(word) for word in done.stdout.split())
    if others:
        raise RuntimeError(f"{others} answers were not DUNNO")
    return rate, memory


def write_ini(folder, mailboxes):
    for name in "run", "state":
        os.makedirs(f"{folder}/{name}", exist_ok=True)
    for number in range(ACCOUNTS):
        os.mkdir(f"{mailboxes}/user{number:05}@chat.test", 0o700)
    path = f"{folder}/policy.ini"
    pathlib.Path(path).write_text(
        f"[params]\nmail_domain = chat.test\nrun_dir = {folder}/run\n"
        f"state_dir = {folder}/state\nmailboxes_dir = {mailboxes}\n"
        "max_user_send_per_minute = 60000\n"
        "max_user_send_burst_size = 1000000\n")
    return path


def load_other(folder, count, seconds):
    """It does not survive that 50 connections end, so it is started anew."""
    with tempfile.TemporaryDirectory(prefix="cm-bench.", dir="/var/tmp") \
            as disk:
        process = start_other(folder, disk)
        try:
            return load(count, seconds, f"unix:{folder}/other.sock")[0]
        finally:
            process.kill()
            process.wait()


def start_other(folder, disk):
    for name in "other.sock", "other.pid":
        pathlib.Path(folder, name).unlink(missing_ok=True)
    config = f"{folder}/other.yaml"
    pathlib.Path(config).write_text(OTHER_CONFIG.format(dir=folder,
                                                        disk=disk))
    with open(f"{folder}/other.log", "wb") as log:
        process = subprocess.Popen([OTHER, "--file", config], stdout=log,
                                   stdin=subprocess.DEVNULL, stderr=log)
    end = time.monotonic() + 20
    while not os.path.exists(f"{folder}/other.sock"):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise RuntimeError("policyd-rate-limit did not start: " +
                               open(f"{folder}/other.log").read()[-800:])
        time.sleep(0.1)
    time.sleep(0.5)
    return process


def requests_part(folder, mailboxes, program, runs, seconds, missed):
    ini = write_ini(folder, mailboxes)
    ours, floor = [program, "-c", ini], [os.path.abspath("policy-empty")]
    other = os.access(OTHER, os.X_OK)
    if not other:
        print("no policyd-rate-limit (Debian: policyd-rate-limit): no row "
              "for it")
    print("\nrequests per second, two per message; medians\n"
          "conn    floor     ours  ratio  policyd-rate-limit   times  "
          "private KiB", flush=True)
    for count in 1, 50:
        results, memory = {"floor": [], "ours": [], "other": []}, 0
        load(count, 0.2, *ours)
        for _ in range(runs):
            results["floor"].append(load(count, seconds, *floor)[0])
            rate, kb = load(count, seconds, *ours)
            results["ours"].append(rate)
            memory = max(memory, kb)
            if other:
                results["other"].append(load_other(folder, count, seconds))
        median = {name: statistics.median(rates) if rates else 0
                  for name, rates in results.items()}
        ratio = median["ours"] / median["floor"]
        times = median["ours"] / median["other"] if other else 0
        print(f"{count:4} {median['floor']:8.0f} {median['ours']:8.0f} "
              f"{ratio:6.2f} {median['other']:19.0f} {times:7.1f} "
              f"{memory:12}", flush=True)
        if ratio < GOAL_FLOOR:
            missed.append(f"{count} connections: {ratio:.2f} of the floor"
                          f" < {GOAL_FLOOR}")
        if other and times < GOAL_OTHER:
            missed.append(f"{count} connections: {times:.1f} times "
                          f"policyd-rate-limit < {GOAL_OTHER}")
        if memory > GOAL_KB:
            missed.append(f"{memory} KiB of private memory > {GOAL_KB}")


def add_policy(postfix, name, command, milter_socket):
    """One more service of this Postfix: milter, and this policy as conf.d has
    it asked."""
    port = free_port()
    asks = f"check_policy_service,unix:private/{name}"
    for entry in (
            f"127.0.0.1:{port}/inet=127.0.0.1:{port} inet n - n - - smtpd "
            f"-o smtpd_milters=unix:{milter_socket} "
            "-o milter_macro_daemon_name=ORIGINATING "
            f"-o smtpd_recipient_restrictions={asks}",
            f"{name}/unix={name} unix - n n - 0 spawn "
            f"user=nobody argv={command}"):
        subprocess.run(["postconf", "-c", postfix.config, "-M", entry],
                       check=True)
    return port


def postfix_part(folder, program, milter_program, runs, seconds, missed):
    sealer = Sealer(folder)
    message = folder + "/5k.eml"
    try:
        sealer.message(message, SENDER, SIZE)
    finally:
        sealer.stop()
    milter = Milter(milter_program, folder + "/milter", DOMAIN)
    postfix = Postfix(folder + "/postfix", DOMAIN, milter.socket,
                      MAX_MESSAGE_SIZE)
    for name in "run", "state", "mailboxes":
        subprocess.run(["chown", "nobody", f"{milter.folder}/{name}"],
                       check=True)
    # where spawn's user may read it
    empty = shutil.copy("policy-empty", folder)
    os.chmod(empty, 0o755)
    ports = {"neither": postfix.plain_port, "milter": postfix.milter_port,
             "both": add_policy(postfix, "chatmail-policy",
                                f"{program} -c {milter.config}",
                                milter.socket),
             "empty": add_policy(postfix, "empty-policy", empty,
                                 milter.socket)}
    rates = {name: [] for name in ports}
    try:
        milter.start()
        postfix.start()
        count = count_for(postfix, message, SESSIONS, seconds, False)
        for name in ports:
            send(ports[name], message, SESSIONS, SESSIONS, False)
        postfix.drain()
        for _ in range(runs):
            for name, number in ports.items():
                rates[name].append(count / send(number, message, SESSIONS,
                                                count, False))
                postfix.drain()
    finally:
        postfix.stop()
        milter.stop()
    median = {name: statistics.median(values)
              for name, values in rates.items()}
    both = median["both"]
    print(f"\nPostfix accepting {SIZE} bytes, {SESSIONS} at a time, messages "
          f"per second; {count} messages a run\n"
          f"neither {median['neither']:.1f}  milter {median['milter']:.1f}  "
          f"milter and policy {both:.1f}  "
          f"of neither {both / median['neither']:.2f}  "
          f"of the milter alone {both / median['milter']:.2f} "
          f"(a policy that is empty: {median['empty'] / median['milter']:.2f}"
          ")", flush=True)
    if both < GOAL_NEITHER * median["neither"]:
        missed.append(f"Postfix with both: {both / median['neither']:.2f} of "
                      f"neither < {GOAL_NEITHER}")
    if both < GOAL_MILTER * median["milter"]:
        missed.append(f"Postfix with both: {both / median['milter']:.2f} of "
                      f"the milter alone < {GOAL_MILTER}")


def main():
    program = os.path.abspath(os.environ.get("BENCH_POLICY") or
                              "../../postfix-policy/chatmail-policy")
    milter = os.path.abspath(os.environ.get("BENCH_MILTER") or
                             "../../milter/chatmail-milter")
    runs = int(os.environ.get("BENCH_RUNS") or 5)
    seconds = float(os.environ.get("BENCH_SECONDS") or 2)
    need(("postconf", "postfix"), ("smtp-source", "postfix"), ("gpg", "gpg"))
    for path in program, milter:
        if not os.access(path, os.X_OK):
            fail(f"there is no {path}: make it first")
    base = os.environ.get("BENCH_QUEUE") or (
        "/dev/shm" if os.path.isdir("/dev/shm") else tempfile.gettempdir())
    folder = tempfile.mkdtemp(prefix="cm-bench.", dir=base)
    os.chmod(folder, 0o755)
    # as mailboxes are: tmpfs forgets at once what is not there
    mailboxes = tempfile.mkdtemp(prefix="cm-bench.", dir="/var/tmp")
    missed = []
    try:
        print(f"{file_system(folder)} in {folder}; {os.cpu_count()} CPUs; "
              f"load {os.getloadavg()[0]:.1f} before; {runs} runs in turn")
        requests_part(folder, mailboxes, program, runs, seconds, missed)
        postfix_part(folder, program, milter, runs, seconds, missed)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        fail(str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(mailboxes, ignore_errors=True)
    print("every goal is met" if not missed else
          "goals missed:\n  " + "\n  ".join(missed))
    return 1 if missed and os.environ.get("BENCH_CHECK") == "1" else 0


if __name__ == "__main__":
    sys.exit(main())
