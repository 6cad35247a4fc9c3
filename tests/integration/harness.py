# SPDX-License-Identifier: MIT
"""TAP, and a relay of its own, for the tests in this folder.

    from harness import Tap, started_relay

    with Tap() as tap, started_relay(tap) as relay:
        with tap.check("a name for what must hold"):
            assert ...

An exception inside check() makes it a "not ok" with the reason; the next one
still runs. If anything failed, the relay's folder stays and the end of its
logs is in the output.
"""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
LIB = HERE.parent / "lib"
sys.path.insert(0, str(LIB))
sys.dont_write_bytecode = True

import relay_client  # noqa: E402

SKIP = 77
# Seconds for any one call of relay.sh.
RELAY_SECONDS = 120
# Until a client that idles is hibernated, with a timeout of a second or two.
HIBERNATE_SECONDS = 60
DAY = 86400
RELOAD_SECONDS = 30
LOG_LINES = 40
# Dovecot's master says so when it is woken late: 2.3 "forwards", 2.4 "forward".
SLEPT_LONG = "master: Warning: Time moved forward"

sys.stdout.reconfigure(encoding="utf-8", errors="replace")


def interrupted(*_):
    raise KeyboardInterrupt


# However it is ended, the relay ends with it.
signal.signal(signal.SIGTERM, interrupted)


class Tap:
    """Counts and prints; leaving it prints the plan and ends the program."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def __enter__(self):
        return self

    @contextlib.contextmanager
    def check(self, name):
        try:
            yield
        except Exception as error:  # whatever it is, it is a failure
            self.result(False, name)
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.note(f"{type(error).__name__}: {error}")
            for frame in traceback.extract_tb(error.__traceback__)[1:]:
                where = frame if "integration" in frame.filename else where
            self.note(f"at {pathlib.Path(where.filename).name}:"
                      f"{where.lineno}: {where.line}")
        else:
            self.result(True, name)

    def result(self, good, name):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}",
              flush=True)

    @staticmethod
    def note(text):
        for line in text.splitlines():
            print(f"# {line}", flush=True)

    def __exit__(self, kind, error, trace):
        if kind is not None and issubclass(kind, Exception):
            self.note("".join(traceback.format_exception(kind, error, trace)))
            print(f"Bail out! {error}", flush=True)
            os._exit(1)
        if kind is None:
            print(f"1..{self.count}", flush=True)
            sys.exit(1 if self.failed else 0)


def skip_unless_servers():
    """What cannot run without a server that is not installed."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    for program in "dovecot", "postconf", "openssl", "gpg":
        if not shutil.which(program, path=path):
            print(f"1..0 # SKIP {program} is not installed", flush=True)
            sys.exit(SKIP)


def shell(relay_dir, command, *args, env=None):
    """A function of relay.sh on this relay; returns what it printed."""
    done = subprocess.run(
        ["sh", "-c", f'. "$0" && . "${{0%.sh}}-dkim.sh" && {command} "$@"',
         str(LIB / "relay.sh"), str(relay_dir), *args],
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
        timeout=RELAY_SECONDS, env={**os.environ, **(env or {})})
    if done.returncode != 0:
        raise RuntimeError(f"{command} failed: "
                           f"{done.stderr.decode(errors='replace')}")
    return done.stdout.decode(errors="replace")


@contextlib.contextmanager
def started_relay(tap, *settings, local_conf="", before_start=None, env=None,
                  below="/tmp"):
    """A running relay with these chatmail.ini settings, in a folder below
    that one. local_conf is put at the end of Dovecot's; before_start(relay)
    may prepare the folder; env is for relay_init."""
    skip_unless_servers()
    # Most tests send faster than people do, and are not about that.
    if not any(line.startswith("max_user_send_burst_size=")
               for line in settings):
        settings = *settings, "max_user_send_burst_size=1000"
    base = tempfile.mkdtemp(prefix="cm-int.", dir=below)
    try:
        shell(base, "relay_init", *settings, env=env)
        relay = relay_client.Relay(base)
        with open(f"{base}/dovecot/etc/local.conf", "a") as conf:
            conf.write(local_conf)
        if before_start:
            before_start(relay)
        shell(base, "relay_start")
        yield relay
    except BaseException:
        tap.failed += 1
        raise
    finally:
        with contextlib.suppress(RuntimeError):
            shell(base, "relay_stop")
        report_sanitizer(tap, base)
        if tap.failed:
            show_logs(tap, base)
        else:
            shutil.rmtree(base, ignore_errors=True)


def report_sanitizer(tap, base):
    """A milter built with sanitizers says on stderr what it found, and at
    its end what leaked; both are failures whatever the tests saw."""
    log = pathlib.Path(base, "log", "milter.log")
    text = log.read_text(errors="replace") if log.exists() else ""
    for line in text.splitlines():
        if "Sanitizer" in line or "runtime error:" in line:
            tap.result(False, "the milter runs without a sanitizer's report")
            tap.note(line)
            break


def show_logs(tap, base):
    for log in sorted(pathlib.Path(base, "log").glob("*.log")):
        lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        tap.note(f"== {log}")
        tap.note("\n".join(lines))


def set_ini(relay, line):
    """chatmail.ini with this line, whatever its key had before."""
    path = pathlib.Path(relay.env["RELAY_CONFIG"])
    key = line.split("=")[0].strip()
    lines = [old for old in path.read_text().splitlines()
             if old.split("=")[0].strip() != key]
    new = path.with_suffix(".new")
    new.write_text("\n".join(lines + [line]) + "\n")
    new.chmod(path.stat().st_mode & 0o777)
    shutil.chown(new, group=path.stat().st_gid)
    new.rename(path)


def accounts(relay):
    """Everything below the mailboxes' parent: what bad input must leave as it
    is."""
    return sorted(str(path) for path in
                  pathlib.Path(relay.mailboxes).parent.glob("*/*"))


def reload_postfix(relay):
    """And until no smtpd is left that goes by the settings of before: those
    that wait for a client may take one more, those that have one stay."""
    before = set(processes_below(relay.env["RELAY_POSTFIX_PID"], "smtpd"))
    shell(relay.dir, "relay_reload_postfix")
    end = time.monotonic() + RELOAD_SECONDS
    while before & set(processes_below(relay.env["RELAY_POSTFIX_PID"],
                                       "smtpd")):
        assert time.monotonic() < end, "an old smtpd goes on"
        time.sleep(0.1)


def dovecot_processes(relay, name):
    """Processes of this relay's Dovecot with that program name."""
    return processes_below(relay.env["RELAY_DOVECOT_PID"], name)


def processes_below(pid_file, name):
    """Those with that program name which the process there has started."""
    master = int(pathlib.Path(pid_file).read_text())
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        comm = text[text.index("(") + 1:text.rindex(")")]
        parent = int(text[text.rindex(")") + 2:].split()[1])
        if parent == master and comm == name:
            found.append(int(stat.parent.name))
    return found


def drop_locks(folder):
    """Dovecot's own below it, of a process that was killed. Dovecot breaks
    them when two minutes are over, or earlier if it can read whose it was and
    nobody has got that number since; no test waits for that."""
    for path in pathlib.Path(folder).rglob("dovecot*.lock"):
        path.unlink(missing_ok=True)


def hibernated(relay):
    """How many clients imap-hibernate has. It says so with this in local_conf:
    verbose_proctitle = yes"""
    count = 0
    for pid in dovecot_processes(relay, "imap-hibernate"):
        with contextlib.suppress(OSError):
            title = pathlib.Path(f"/proc/{pid}/cmdline").read_text()
            said = re.search(r"\[(\d+) connections\]", title)
            count += int(said.group(1)) if said else 0
    return count


def early_in_day(seconds):
    """Days are those of UTC: this one does not end within so many seconds."""
    left = DAY - time.time() % DAY
    if left < seconds:
        time.sleep(left + 1)


def wait_hibernated(relay, before):
    """Until there is one more than before. Those of then may leave meanwhile:
    who has logged out is there a little longer."""
    end = time.monotonic() + HIBERNATE_SECONDS
    while hibernated(relay) <= before:
        before = min(before, hibernated(relay))
        assert time.monotonic() < end, "never hibernated"
        time.sleep(0.1)


def inbox_size(relay, login):
    conn = relay.imap(login)
    size = int(conn.select("INBOX")[1][0])
    conn.logout()
    return size


def smtp_code(function, *args, **kwargs):
    """The code with which the server answered: of the error if it was one."""
    import smtplib
    try:
        answer = function(*args, **kwargs)
    except smtplib.SMTPRecipientsRefused as error:
        return next(iter(error.recipients.values()))[0]
    except smtplib.SMTPResponseException as error:
        return error.smtp_code
    return answer[0] if isinstance(answer, tuple) else 250


def expect(got, *wanted):
    assert got in wanted, f"got {got!r}, expected {' or '.join(map(repr, wanted))}"
