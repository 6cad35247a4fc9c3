#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make bench-login: what a login costs, beside Dovecot's passwd-file. See
README."""
import asyncio
import base64
import concurrent.futures
import contextlib
import os
import pathlib
import pwd
import resource
import socket
import ssl
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))

from harness import Tap, shell, started_relay  # noqa: E402

PASSWORD = "bench-password-1"
# Per run and connection.
LOGINS = 60
# Accounts of passwd-file, and of the rows with repeated logins.
FILE_USERS = 2000
REPEATED_USERS = 50
REPEATED = 40
GOAL_CREATING = 0.9
GOAL_REPEATED = 0.1
STORM_TIMEOUT = 300
# A client that is refused tries again after this.
STORM_RETRY = 0.25
ITERATE_GOAL = 10
# Dovecot alone: the ports of the others have connections that still end.
RESTART = ('restart() { relay_env "$1" && relay_end '
           '"$(relay_pid "$RELAY_DOVECOT_PID")" && relay_start_dovecot; }; '
           "restart")

# The same server with Dovecot's own passdb in the place of ours.
PASSWD_FILE = {
    "2.3": """
passdb {{
  driver = passwd-file
  args = {users}
}}
userdb {{
  driver = static
  args = uid=vmail gid=vmail home={mailboxes}/%u
}}
""",
    "2.4": """
passdb passwd-file {{
  passwd_file_path = {users}
}}
userdb static {{
  fields {{
    uid = vmail
    gid = vmail
    home = {mailboxes}/%{{user}}
  }}
}}
"""}


def number(name, default):
    return int(os.environ.get(name) or default)


def use_passwd_file(relay):
    path = pathlib.Path(relay.dir,
                        "dovecot/etc/conf.d/10-chatmail-auth.conf")
    text = path.read_text()
    start = min(text.index(line) for line in text.splitlines()
                if line.startswith("passdb"))
    end = text.index("service auth-worker")
    users = f"{relay.dir}/users"
    path.write_text(text[:start] + PASSWD_FILE[
        relay.env["RELAY_DOVECOT_SERIES"]].format(
            users=users, mailboxes=relay.mailboxes) + text[end:])
    # the scheme and rounds with which we make accounts
    hashed = subprocess.run(
        ["doveadm", "pw", "-s", "SHA512-CRYPT", "-p", PASSWORD],
        capture_output=True, check=True, text=True).stdout.strip()
    vmail = pwd.getpwnam("vmail")
    with open(users, "w") as file:
        for i in range(FILE_USERS):
            file.write(f"file{i:05}@{relay.domain}:{hashed}\n")
            os.mkdir(f"{relay.mailboxes}/file{i:05}@{relay.domain}", 0o700)
            os.chown(f"{relay.mailboxes}/file{i:05}@{relay.domain}",
                     vmail.pw_uid, vmail.pw_gid)
    os.chmod(users, 0o644)


class Auth:
    """One connection to Dovecot's auth socket."""

    serial = 0

    def __init__(self, relay):
        Auth.serial += 1
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(f"{relay.dir}/dovecot/run/auth-client")
        self.file = self.sock.makefile("rb")
        self.sock.sendall(b"VERSION\t1\t2\nCPID\t%d\n" %
                          (os.getpid() * 1000 + Auth.serial))
        while self.file.readline() != b"DONE\n":
            pass

    def login(self, user):
        text = base64.b64encode(f"\0{user}\0{PASSWORD}".encode()).decode()
        self.sock.sendall(b"AUTH\t1\tPLAIN\tservice=imap\tsecured\t"
                          b"no-penalty\tresp=" + text.encode() + b"\n")
        answer = self.file.readline()
        if not answer.startswith(b"OK\t"):
            raise RuntimeError(f"{user}: {answer!r}")

    def close(self):
        self.file.close()
        self.sock.close()


def auth_cpu(relay):
    """Seconds of CPU of auth and its workers until now."""
    master = pathlib.Path(relay.env["RELAY_DOVECOT_PID"]).read_text().strip()
    total = 0
    for entry in pathlib.Path("/proc").iterdir():
        try:
            stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            if stat[1] == master and (entry / "cmdline").read_bytes() \
                    .startswith(b"dovecot/auth"):
                total += int((entry / "schedstat").read_text().split()[0])
        except (OSError, IndexError):
            continue
    return total / 1e9


def measure(relay, conc, users):
    """Logins per second, and ms of CPU in auth per login."""
    auths = [Auth(relay) for _ in range(conc)]
    shares = [users[i::conc] for i in range(conc)]

    def work(pair):
        for user in pair[1]:
            pair[0].login(user)

    cpu, start = auth_cpu(relay), time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(conc) as pool:
        list(pool.map(work, zip(auths, shares)))
    seconds = time.monotonic() - start
    cpu = auth_cpu(relay) - cpu
    for auth in auths:
        auth.close()
    return len(users) / seconds, cpu * 1000 / len(users)


def median(runs, column):
    return statistics.median(row[column] for row in runs)


def bench_rates(ours, other, runs):
    """passwd-file, creating and repeated logins in turn."""
    missed = []
    made = 0
    print(f"{'':20} {'passwd-file':>18} {'creating':>25} "
          f"{'repeated':>25}")
    for conc in 1, 8:
        # the workers and their memory are there
        warm = [f"warm{conc}{i:04}@{ours.domain}"
                for i in range(REPEATED_USERS)]
        for _ in range(4 * conc):
            measure(ours, conc, warm)
        rows = {"file": [], "create": [], "repeat": []}
        for run in range(runs):
            count = LOGINS * conc
            rows["file"].append(measure(other, conc, [
                f"file{(run * count + i) % FILE_USERS:05}@{ours.domain}"
                for i in range(count)]))
            rows["create"].append(measure(ours, conc, [
                f"b{made + i:08}@{ours.domain}" for i in range(count)]))
            made += count
            rows["repeat"].append(measure(ours, conc, warm * REPEATED))
        file, create, repeat = (rows[name] for name in rows)
        ratio = median(create, 0) / median(file, 0)
        share = median(repeat, 1) / median(create, 1)
        marks = ["" if good else "!" for good in
                 (ratio >= GOAL_CREATING, share <= GOAL_REPEATED)]
        print(f"concurrency {conc}: /s, ms"
              f"{median(file, 0):8.0f} {median(file, 1):6.2f}"
              f"{median(create, 0):9.0f} {median(create, 1):6.2f}"
              f"  x{ratio:.2f}{marks[0]:1}"
              f"{median(repeat, 0):9.0f} {median(repeat, 1):7.3f}"
              f"  x{share:.3f}{marks[1]:1}", flush=True)
        missed += [mark for mark in marks if mark]
    return missed


async def storm_client(relay, user, tls, done, all_in):
    while True:
        try:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", relay.port("imaps"), ssl=tls)
            await reader.readline()
            writer.write(f'a LOGIN "{user}" "{PASSWORD}"\r\n'.encode())
            line = await reader.readline()
            if line.startswith(b"a OK"):
                break
            writer.close()
        except OSError:
            pass
        done["again"] += 1
        await asyncio.sleep(STORM_RETRY)
    done["in"] += 1
    await all_in.wait()
    writer.close()


async def storm(relay, users):
    tls = ssl.create_default_context()
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    done, all_in = {"in": 0, "again": 0}, asyncio.Event()
    start = time.monotonic()
    tasks = [asyncio.create_task(storm_client(relay, user, tls, done, all_in))
             for user in users]
    while done["in"] < len(users):
        await asyncio.sleep(0.01)
        if time.monotonic() - start > STORM_TIMEOUT:
            raise RuntimeError(f"only {done['in']} are in")
    seconds = time.monotonic() - start
    all_in.set()
    await asyncio.gather(*tasks)
    return seconds, done["again"]


def bench_storm(ours, other, runs, clients):
    users = {ours: [f"storm{i:04}@{ours.domain}" for i in range(clients)],
             other: [f"file{i:05}@{other.domain}" for i in range(clients)]}
    for relay in users:
        # accounts and mailboxes exist, as after any restart
        measure(relay, 8, users[relay])
        asyncio.run(storm(relay, users[relay]))
    times = {ours: [], other: []}
    for _ in range(runs):
        for relay in users:
            shell(relay.dir, RESTART)
            times[relay].append(asyncio.run(storm(relay, users[relay])))
    ratio = median(times[other], 0) / median(times[ours], 0)
    print(f"{clients} clients after a restart, all are in after: "
          f"{median(times[ours], 0):.1f} s, passwd-file "
          f"{median(times[other], 0):.1f} s, x{ratio:.2f} "
          f"(tried again: {median(times[ours], 1):.0f}, "
          f"{median(times[other], 1):.0f})", flush=True)


def bench_many(relay, accounts):
    """userdb iterate and one lookup, with few and with many accounts."""
    def seconds(*args):
        start = time.monotonic()
        out = shell(relay.dir, "relay_doveadm", *args)
        return time.monotonic() - start, out

    # of auth's CPU, which other programs on the machine disturb less
    def lookup():
        users = [f"warm10000@{relay.domain}"] * 500
        measure(relay, 1, users)
        return statistics.median(measure(relay, 1, users)[1] * 1000
                                 for _ in range(5))

    few = lookup()
    vmail = pwd.getpwnam("vmail")
    sample = pathlib.Path(relay.mailboxes, f"warm10000@{relay.domain}",
                          "password").read_bytes()
    for i in range(accounts):
        path = f"{relay.mailboxes}/many{i:06}@{relay.domain}"
        os.mkdir(path, 0o700)
        with open(path + "/password", "wb") as file:
            file.write(sample)
        os.chown(path, vmail.pw_uid, vmail.pw_gid)
        os.chown(path + "/password", vmail.pw_uid, vmail.pw_gid)
    took, out = seconds("user", "*")
    found = sum(line.startswith("many") for line in out.splitlines())
    if found != accounts:
        raise RuntimeError(f"doveadm user '*' found {found}")
    print(f"{accounts} accounts: doveadm user '*' {took:.1f} s; auth's CPU "
          f"for one repeated login {few:.0f} us before, {lookup():.0f} us "
          "with them", flush=True)
    return ["!"] if took > ITERATE_GOAL else []


@contextlib.contextmanager
def memory(path):
    """A memory file system there, so that no disk is waited for."""
    vmail = pwd.getpwnam("vmail")
    subprocess.run(["mount", "-t", "tmpfs", "-o",
                    f"mode=0700,uid={vmail.pw_uid},gid={vmail.pw_gid}",
                    "tmpfs", path], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", path], check=False)


def main():
    if "RELAY_STAGE" not in os.environ:
        sys.exit("bench-login: run it by make")
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    runs = number("BENCH_RUNS", 5)
    clients = number("BENCH_CLIENTS", 1000)
    accounts = number("BENCH_ACCOUNTS", 100000)
    tap = Tap()
    settings = ["min_free_disk_space=0", "min_available_memory=0",
                "max_load_1m=1000000", "username_max_length=20"]
    missed = []
    with contextlib.ExitStack() as stack:
        def on_memory(relay):
            stack.enter_context(memory(relay.mailboxes))

        other = stack.enter_context(
            started_relay(tap, before_start=use_passwd_file))
        ours = stack.enter_context(started_relay(tap, *settings))
        swift = stack.enter_context(
            started_relay(tap, *settings, before_start=on_memory))
        kind = subprocess.run(["stat", "-f", "-c", "%T", ours.mailboxes],
                              capture_output=True, text=True,
                              check=False).stdout.strip()
        print(f"Dovecot {ours.env['RELAY_DOVECOT_SERIES']}, {os.cpu_count()} "
              f"CPUs, {runs} runs of each in turn", flush=True)
        for relay, name in ((ours, kind), (swift, "a memory file system")):
            print(f"mailboxes on {name}:")
            missed += bench_rates(relay, other, runs)
        if clients:
            bench_storm(ours, other, min(runs, 3), clients)
        if accounts:
            missed += bench_many(ours, accounts)
    if missed and os.environ.get("BENCH_CHECK") == "1":
        sys.exit(1)


main()
