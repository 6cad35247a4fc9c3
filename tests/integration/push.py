# SPDX-License-Identifier: MIT
"""A relay whose chatmail-push talks to a stand-in, for the push tests."""
import contextlib
import json
import os
import pathlib
import pwd
import shutil
import smtplib
import time

from harness import shell, started_relay
import relay_client as rc


def give(path, mode=0o600):
    """To the owner of the mailboxes."""
    vmail = pwd.getpwnam("vmail")
    os.chown(path, vmail.pw_uid, vmail.pw_gid)
    os.chmod(path, mode)


@contextlib.contextmanager
def push_relay(tap, proxy, speed, *settings, url=None):
    """A relay that asks this proxy (or url), with the schedule so many times
    as fast. The proxy gets the relay's certificate, unless it has one."""
    def prepare(relay):
        authority = pathlib.Path(relay.dir, "ca.pem")
        shutil.copy(relay.env["RELAY_CERT"], authority)
        authority.chmod(0o644)
        if proxy.context is None and proxy.tls:
            proxy.use_certificate(*certificate(relay))
        with open(f"{relay.dir}/dovecot/etc/local.conf", "a") as conf:
            conf.write(f"""
service chatmail-push {{
  executable = {relay.env["RELAY_PUSH_PROGRAM"]} \
-F {relay.env["RELAY_CONFIG"]} -A {authority} -T {speed}
}}
""")
    url = proxy.url if url is None else url
    with started_relay(tap, f"notify_url={url}", *settings,
                       before_start=prepare) as relay:
        yield relay


def certificate(relay):
    return (f"{relay.dir}/tls/fullchain.pem", f"{relay.dir}/tls/privkey.pem")


def new_account(relay, *tokens):
    login = relay.new_login()
    relay.imap(login).logout()
    if tokens:
        set_tokens(relay, login[0], tokens)
    return login


def set_tokens(relay, address, tokens):
    """As a device of the account did it, now."""
    path = pathlib.Path(relay.mailboxes, address, "metadata.json")
    new = path.with_name("metadata.json.test")
    new.write_text(json.dumps(
        {"devicetoken": {token: int(time.time()) for token in tokens}}))
    give(new)
    new.rename(path)


def tokens_of(relay, address):
    path = pathlib.Path(relay.mailboxes, address, "metadata.json")
    if not path.exists():
        return set()
    return set(json.loads(path.read_text()).get("devicetoken", {}))


def lmtp(relay):
    """What Postfix does with mail that has passed."""
    return smtplib.LMTP(f"{relay.dir}/postfix/queue/private/dovecot-lmtp",
                        timeout=rc.TIMEOUT)


def deliver(relay, recipient, sender="someone@remote.example", count=1,
            conn=None):
    """On a connection of its own unless conn is one."""
    with contextlib.ExitStack() as stack:
        conn = conn or stack.enter_context(lmtp(relay))
        for _ in range(count):
            conn.sendmail(sender, [recipient],
                          rc.cleartext(sender, recipient))


def deliver_to_many(relay, recipients, sender="someone@remote.example"):
    """One message; smtplib knows of one answer to DATA only."""
    with lmtp(relay) as conn:
        conn.mail(sender)
        for recipient in recipients:
            conn.rcpt(recipient)
        conn.putcmd("DATA")
        conn.getreply()
        conn.send(rc.cleartext(sender, recipients[0]) + b".\r\n")
        answers = [conn.getreply()[0] for _ in recipients]
    assert answers == [250] * len(recipients), answers


def spool(relay, folder=None):
    """Names of accounts whose notice waits."""
    top = pathlib.Path(relay.dir, "state", "push")
    folders = [folder] if folder else ["new", "queue"]
    return sorted(entry.name for name in folders
                  for entry in (top / name).iterdir())


def processes(relay, name="chatmail-push"):
    """Those of this relay's Dovecot."""
    master = pathlib.Path(relay.env["RELAY_DOVECOT_PID"]).read_text().strip()
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            text = stat.read_text()
            comm = text[text.index("(") + 1:text.rindex(")")]
            if comm == name and text[text.rindex(")"):].split()[2] == master:
                found.append(int(stat.parent.name))
    return found


def memory_kb(pid):
    """The most it ever had resident."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def log_text(relay):
    return pathlib.Path(relay.dir, "log", "dovecot.log").read_text(
        errors="replace")


def reload(relay):
    shell(relay.dir, "relay_doveadm", "reload")


def stop_dovecot(relay):
    shell(relay.dir, 'stop() { relay_env "$1" && '
          'relay_end "$(relay_pid "$RELAY_DOVECOT_PID")"; }; stop')


def start_dovecot(relay):
    shell(relay.dir, 'start() { relay_env "$1" && relay_start_dovecot; }; '
          'start')


def connections(pid, port):
    """How many TCP connections the process has to that port."""
    inodes = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(fd)
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    count = 0
    for line in pathlib.Path(f"/proc/{pid}/net/tcp").read_text() \
            .splitlines()[1:]:
        words = line.split()
        count += (words[9] in inodes and
                  int(words[2].split(":")[1], 16) == port)
    return count


def have_http2(tap, what):
    """Is there what makes HTTP/2? If not, this is skipped."""
    if shutil.which("nghttpx", path=os.environ.get("PATH", "") +
                    ":/usr/sbin"):
        return True
    print(f"ok - {what} # SKIP nghttpx is not installed (Debian: "
          "nghttp2-proxy)", flush=True)
    tap.count += 1
    return False


def counters(relay):
    """What doveadm chatmail stats has of ours."""
    rows = (line.split("\t") for line in shell(
        relay.dir, "relay_doveadm", "-f", "tab", "chatmail",
        "stats").splitlines())
    return {name: int(value) for name, value in rows
            if name.startswith("push_")}
