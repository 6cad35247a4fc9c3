#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make bench: what chatmail-milter costs a Postfix. See README."""
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from bench_mail import Sealer
from bench_milter import EmptyMilter, Milter
from bench_postfix import Postfix

DOMAIN = "bench.test"
SENDER = "alice0001@" + DOMAIN
RECIPIENT = "bob000002@" + DOMAIN
# Name, bytes on the wire. The largest stays below max_message_size.
SIZES = {"5k": 5000, "10m": 10 * 1000 * 1000, "30m": 30 * 1000 * 1000}
MAX_MESSAGE_SIZE = 31457280
# A run that takes longer than this has hung.
RUN_LIMIT = 300
MAX_MESSAGES = 20000

# What the project wants to hold: ratio by size and concurrency, CPU ms by
# size, peak above idle in KiB.
GOAL_RATIO = {("5k", 1): 0.75, ("5k", 8): 0.8, ("5k", 32): 0.8,
              ("10m", 1): 0.7, ("10m", 8): 0.7, ("10m", 32): 0.7,
              ("30m", 1): 0.7, ("30m", 8): 0.7, ("30m", 32): 0.7}
GOAL_CPU_MS = {"5k": 0.15, "30m": 60}
GOAL_PEAK_KB = 32 * 1024

COLUMNS = (("size", "%-5s"), ("conc", "%4s"), ("messages", "%8s"),
           ("without/s", "%9s"), ("with/s", "%9s"), ("ratio", "%6s"),
           ("goal", "%5s"), ("empty", "%6s"), ("added ms", "%9s"),
           ("CPU ms", "%8s"), ("empty", "%6s"), ("peak KiB", "%9s"),
           ("idle KiB", "%9s"), ("spread", "%7s"))


class Usage(Exception):
    pass


def fail(text):
    sys.stderr.write("bench: " + text + "\n")
    sys.exit(2)


def environment():
    def number(name, default, low, high):
        text = os.environ.get(name) or str(default)
        try:
            value = float(text)
        except ValueError:
            raise Usage(f"{name} is not a number: {text}")
        if not low <= value <= high:
            raise Usage(f"{name} must be from {low} to {high}")
        return value

    sizes = (os.environ.get("BENCH_SIZES") or "5k 10m 30m").split()
    for size in sizes:
        if size not in SIZES:
            raise Usage(f"BENCH_SIZES: {size} is none of " + " ".join(SIZES))
    try:
        concurrency = [int(c) for c in
                       (os.environ.get("BENCH_CONC") or "1 8 32").split()]
    except ValueError:
        raise Usage("BENCH_CONC must be numbers, like 1 8 32")
    if not all(1 <= c <= 100 for c in concurrency):
        raise Usage("BENCH_CONC must be from 1 to 100")
    return (sizes, concurrency, int(number("BENCH_RUNS", 5, 1, 50)),
            number("BENCH_SECONDS", 2, 0.1, 60))


def need(*programs):
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for program, package in programs:
        if shutil.which(program) is None:
            fail(f"{program} is missing: apt-get install {package}")
    if os.geteuid() != 0:
        fail("a Postfix of its own needs root")


def pick_folder(sizes, concurrency):
    """On a memory file system if it has room for the queue."""
    room = max(SIZES[s] for s in sizes) * max(concurrency) * 3 + (1 << 28)
    chosen = os.environ.get("BENCH_QUEUE")
    if not chosen:
        chosen = tempfile.gettempdir()
        if os.path.isdir("/dev/shm") and \
                shutil.disk_usage("/dev/shm").free > room:
            chosen = "/dev/shm"
    if shutil.disk_usage(chosen).free < room:
        fail(f"{chosen} has no room for {room >> 20} MiB of queue; "
             "set BENCH_QUEUE to a folder that has, or BENCH_CONC lower")
    return tempfile.mkdtemp(prefix="cm-bench.", dir=chosen)


def file_system(folder):
    result = subprocess.run(["stat", "-f", "-c", "%T", folder],
                            capture_output=True, text=True)
    return result.stdout.strip() or "unknown file system"


def send(port, path, sessions, messages, reuse):
    """Seconds that smtp-source needs to have all of them accepted."""
    command = ["smtp-source", "-s", str(sessions), "-m", str(messages),
               "-f", SENDER, "-t", RECIPIENT, "-M", DOMAIN, "-F", path]
    if reuse:
        command.append("-d")
    start = time.monotonic()
    result = subprocess.run(command + [f"inet:127.0.0.1:{port}"],
                            stdin=subprocess.DEVNULL, capture_output=True,
                            text=True, timeout=RUN_LIMIT)
    seconds = time.monotonic() - start
    if result.returncode != 0 or result.stderr:
        raise RuntimeError("smtp-source failed: " + result.stderr)
    return seconds


def count_for(postfix, path, sessions, seconds, reuse):
    """How many messages this Postfix alone accepts in about `seconds`."""
    warm = 2 * sessions
    while True:
        used = send(postfix.plain_port, path, sessions, warm, reuse)
        postfix.drain()
        if used > min(0.5, seconds) or warm > MAX_MESSAGES:
            break
        warm *= 2
    rounds = max(2, round(warm / used * seconds / sessions))
    return min(rounds * sessions, MAX_MESSAGES)


def measure(postfix, milter, floor, path, sessions, runs, seconds, reuse):
    """One row: the same messages without a milter, with ours and with floor,
    an empty one, in turn."""
    messages = count_for(postfix, path, sessions, seconds, reuse)
    # its share of warming up
    send(postfix.milter_port, path, sessions, sessions, reuse)
    send(postfix.floor_port, path, sessions, sessions, reuse)
    postfix.drain()

    plain, with_milter, empty = [], [], []
    milter.reset_peak()
    cpu, floor_cpu = milter.cpu_seconds(), floor.cpu_seconds()
    accepted = milter.accepted()
    for i in range(runs):
        order = [(postfix.plain_port, plain),
                 (postfix.milter_port, with_milter),
                 (postfix.floor_port, empty)]
        for port, times in order if i % 2 == 0 else reversed(order):
            times.append(send(port, path, sessions, messages, reuse))
            postfix.drain()
    cpu = milter.cpu_seconds() - cpu
    floor_cpu = floor.cpu_seconds() - floor_cpu
    now = milter.accepted()
    if now is not None and now - accepted != messages * runs:
        raise RuntimeError(f"the milter accepted {now - accepted} messages "
                           f"of {messages * runs}")
    a, b = statistics.median(plain), statistics.median(with_milter)
    return {
        "messages": messages,
        "without": messages / a,
        "with": messages / b,
        "ratio": a / b,
        "empty": a / statistics.median(empty),
        # as each of the concurrent clients sees it
        "added_ms": (b - a) * 1000 * sessions / messages,
        "cpu_ms": cpu * 1000 / (messages * runs),
        "empty_cpu_ms": floor_cpu * 1000 / (messages * runs),
        "peak_kb": milter.peak_kb(),
        # of the slower kind, how far runs lie apart
        "spread": max(max(t) / min(t) for t in (plain, with_milter)) - 1,
    }


def print_row(values):
    print("  ".join(form % value for (_, form), value
                    in zip(COLUMNS, values)), flush=True)


def format_row(size, sessions, row, idle):
    goal = GOAL_RATIO.get((size, sessions))
    missed = goal is not None and row["ratio"] < goal
    return (size, sessions, row["messages"], "%.1f" % row["without"],
            "%.1f" % row["with"], "%.2f" % row["ratio"],
            "-" if goal is None else "%.2f%s" % (goal, "!" if missed else ""),
            "%.2f" % row["empty"],
            "%.2f" % row["added_ms"], "%.3f" % row["cpu_ms"],
            "%.3f" % row["empty_cpu_ms"], row["peak_kb"], idle,
            "%.0f%%" % (100 * row["spread"]))


def goals_missed(rows, idle):
    for (size, sessions), row in rows.items():
        goal = GOAL_RATIO.get((size, sessions), 0)
        if row["ratio"] < goal:
            yield f"{size} x {sessions}: ratio {row['ratio']:.2f} < {goal}"
        if row["cpu_ms"] > GOAL_CPU_MS.get(size, float("inf")):
            yield (f"{size} x {sessions}: {row['cpu_ms']:.3f} ms CPU > "
                   f"{GOAL_CPU_MS[size]}")
        if row["peak_kb"] - idle > GOAL_PEAK_KB:
            yield (f"{size} x {sessions}: peak {row['peak_kb'] - idle} KiB "
                   f"above idle > {GOAL_PEAK_KB}")


def write_tsv(path, rows, idle):
    keys = ("messages", "without", "with", "ratio", "empty", "added_ms",
            "cpu_ms", "empty_cpu_ms", "peak_kb", "spread")
    with open(path, "w") as file:
        file.write("size\tconcurrency\t" + "\t".join(keys) + "\tidle_kb\n")
        for (size, sessions), row in rows.items():
            file.write(f"{size}\t{sessions}\t" +
                       "\t".join("%.6g" % row[key] for key in keys) +
                       f"\t{idle}\n")


def run(folder, program, options):
    sizes, concurrency, runs, seconds = options
    reuse = os.environ.get("BENCH_REUSE", "0") == "1"
    parts = []
    try:
        os.chmod(folder, 0o755)
        for name in ("postfix", "milter", "empty"):
            os.mkdir(os.path.join(folder, name))
        sealer = Sealer(folder)
        parts.append(sealer)
        milter = Milter(program, folder + "/milter", DOMAIN)
        floor = EmptyMilter(os.path.abspath("milter-empty"),
                            folder + "/empty", DOMAIN)
        print("making messages ...", flush=True)
        paths = {}
        for size in sizes:
            paths[size] = f"{folder}/{size}.eml"
            sealer.message(paths[size], SENDER, SIZES[size])
            milter.check(paths[size])
        parts.append(milter)
        milter.start()
        parts.append(floor)
        floor.start()
        postfix = Postfix(folder + "/postfix", DOMAIN, milter.socket,
                          MAX_MESSAGE_SIZE, floor.socket)
        parts.append(postfix)
        postfix.start()
        time.sleep(0.2)
        idle = milter.memory_kb()
        rows = {}
        print_row([title for title, _ in COLUMNS])
        for size in sizes:
            for sessions in concurrency:
                row = measure(postfix, milter, floor, paths[size], sessions,
                              runs, seconds, reuse)
                rows[size, sessions] = row
                print_row(format_row(size, sessions, row, idle))
        return rows, idle
    finally:
        for part in reversed(parts):
            part.stop()


def stop_on_signal(number, _frame):
    sys.exit(128 + number)


def main():
    program = os.environ.get("BENCH_MILTER") or "../../milter/chatmail-milter"
    try:
        options = environment()
    except Usage as error:
        fail(str(error))
    need(("postconf", "postfix"), ("smtp-source", "postfix"), ("gpg", "gpg"))
    if not os.access(program, os.X_OK):
        fail(f"there is no {program}: configure without --disable-milter "
             "and make")
    signal.signal(signal.SIGTERM, stop_on_signal)
    signal.signal(signal.SIGHUP, stop_on_signal)
    sizes, concurrency, runs, seconds = options
    folder = pick_folder(sizes, concurrency)
    started = time.monotonic()
    try:
        print(f"Postfix accepting mail with and without chatmail-milter, "
              f"medians of {runs} runs in turn.\n"
              f"queue on {file_system(folder)} in {folder}; "
              f"{os.cpu_count()} CPUs, which the sender shares; "
              f"load {os.getloadavg()[0]:.1f} before", flush=True)
        rows, idle = run(folder, os.path.abspath(program), options)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tsv = os.environ.get("BENCH_TSV") or "bench.tsv"
    write_tsv(tsv, rows, idle)
    missed = list(goals_missed(rows, idle))
    print(f"\n{time.monotonic() - started:.0f} s; also in "
          f"{os.path.abspath(tsv)}")
    print("every goal is met" if not missed else
          "goals missed:\n  " + "\n  ".join(missed))
    return 1 if missed and os.environ.get("BENCH_CHECK") == "1" else 0


if __name__ == "__main__":
    sys.exit(main())
