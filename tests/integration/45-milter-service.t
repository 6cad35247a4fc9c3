#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""chatmail-milter as a process: reload, stop, sockets, settings, counters."""
import os
import pathlib
import re
import signal
import smtplib
import socket
import subprocess
import time

from harness import Tap, set_ini, shell, started_relay
import milter_counters
from relay_client import cleartext

SAMPLES = pathlib.Path(__file__).resolve().parent.parent / "data" / "deltachat"
SECONDS = 20


def milter_pid(relay):
    return int(pathlib.Path(relay.env["RELAY_MILTER_PID"]).read_text())


def log(relay):
    return pathlib.Path(relay.env["RELAY_LOG"], "milter.log").read_text()


def wait_for(what, condition):
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited for {what} in vain"
        time.sleep(0.02)


def counters(relay):
    return milter_counters.read(relay.dir + "/run")


def send(relay, login, data):
    """The reply to DATA, or to whatever was refused before it."""
    try:
        with relay.smtp(login) as smtp:
            smtp.sendmail(login[0], [login[0]], data)
    except smtplib.SMTPResponseException as error:
        return error.smtp_code, error.smtp_error.decode()
    return 250, ""


def encrypted(login):
    raw = (SAMPLES / "text.eml").read_bytes()
    header, body = raw.split(b"\r\n\r\n", 1)
    old = header[header.index(b"<", header.index(b"From:")) + 1:]
    old = old[:old.index(b">")]
    return header.replace(old, login[0].encode()) + b"\r\n\r\n" + body


def program(relay, *args, config=None):
    return subprocess.run(
        [relay.env["RELAY_MILTER_PROGRAM"], "-c",
         config or relay.env["RELAY_CONFIG"], *args],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS,
        check=False, text=True)


def main():
    with Tap() as tap, started_relay(tap) as relay:
        login = relay.new_login()
        relay.imap(login).logout()

        with tap.check("each verdict is counted under its rule"):
            before = counters(relay)
            assert send(relay, login, encrypted(login))[0] == 250
            assert send(relay, login, cleartext(login[0], login[0]))[0] == 523
            after = counters(relay)
            changed = {name: after[name] - before[name]
                       for name in after if after[name] != before[name]}
            assert changed == {"outgoing accept": 1,
                               "outgoing reject not-encrypted": 1}, changed

        with tap.check("so is what is deferred, and the log says no other"):
            before = counters(relay)
            os.chmod(relay.mailboxes, 0)
            stat = os.stat(relay.mailboxes)
            os.chown(relay.mailboxes, 0, 0)
            smtp = relay.port25()
            try:
                smtp.mail("a@remote.example")
                smtp.rcpt(login[0])
                code, _ = smtp.data(cleartext("a@remote.example", login[0]))
            finally:
                smtp.close()
                os.chown(relay.mailboxes, stat.st_uid, stat.st_gid)
                os.chmod(relay.mailboxes, 0o700)
            assert code == 451, code
            after = counters(relay)
            changed = {name: after[name] - before[name]
                       for name in after if after[name] != before[name]}
            assert changed == {"incoming defer trouble": 1}, changed
            assert "incoming defer dkim-unverified" in after, after
            assert re.search(r"[0-9A-Za-z]: defer incoming trouble: ",
                             log(relay)), log(relay)

        with tap.check("SIGHUP: new settings count, connections live on"):
            with relay.smtp(login) as smtp:
                smtp.sendmail(login[0], [login[0]], encrypted(login))
                set_ini(relay, "max_message_size = 1000")
                os.kill(milter_pid(relay), signal.SIGHUP)
                wait_for("the reload", lambda: "read again" in log(relay))
                try:
                    smtp.sendmail(login[0], [login[0]], encrypted(login))
                    raise AssertionError("accepted")
                except smtplib.SMTPDataError as error:
                    assert error.smtp_code == 552, error

        with tap.check("SIGHUP with bad settings: named, nothing changes"):
            with relay.smtp(login) as smtp:
                # so that chatmail-policy has read them for this smtpd
                smtp.mail(login[0])
                assert smtp.rcpt(login[0])[0] == 250
                smtp.rset()
                set_ini(relay, "max_message_size = many")
                os.kill(milter_pid(relay), signal.SIGHUP)
                wait_for("the message",
                         lambda: "stay as they were" in log(relay))
                line = next(line for line in log(relay).splitlines()
                            if "stay as they were" in line)
                assert "chatmail.ini:" in line and "expected" in line, line
                try:
                    smtp.sendmail(login[0], [login[0]], encrypted(login))
                    raise AssertionError("accepted")
                except smtplib.SMTPDataError as error:
                    assert error.smtp_code == 552, error

        with tap.check("ten SIGHUPs in a row do no harm"):
            set_ini(relay, "max_message_size = 31457280")
            for _ in range(10):
                os.kill(milter_pid(relay), signal.SIGHUP)
            wait_for("the new size", lambda:
                     send(relay, login, encrypted(login))[0] == 250)

        with tap.check("an open hole is warned of, and open"):
            set_ini(relay, "passthrough_recipients = @other.test " + login[0])
            os.kill(milter_pid(relay), signal.SIGHUP)
            wait_for("the warning", lambda:
                     "passthrough_recipients is set" in log(relay))
            wait_for("the hole", lambda: send(
                relay, login, cleartext(login[0], login[0]))[0] == 250)
            other = relay.new_login()
            with relay.smtp(login) as smtp:
                try:
                    smtp.sendmail(login[0], [login[0], other[0]],
                                  cleartext(login[0], login[0]))
                    raise AssertionError("accepted for others, too")
                except smtplib.SMTPDataError as error:
                    assert error.smtp_code == 523, error
            set_ini(relay, "passthrough_recipients =")

        with tap.check("garbage on the socket harms nobody"):
            for junk in (b"", b"\0", b"\xff" * 4, b"\0\0\0\1O", b"GET / \r\n",
                         b"\0\0\0\x0dO" + b"\0" * 12, b"\x7f\xff\xff\xffB"):
                with socket.socket(socket.AF_UNIX) as sock:
                    sock.connect(relay.env["RELAY_MILTER_SOCKET"])
                    sock.sendall(junk)
            assert send(relay, login, encrypted(login))[0] == 250

        with tap.check("a second one does not take over the socket"):
            done = program(relay)
            assert done.returncode == 2, done
            assert "somebody listens there" in done.stderr, done.stderr
            assert send(relay, login, encrypted(login))[0] == 250

        with tap.check("killed: mail is deferred; started: it passes"):
            pid = milter_pid(relay)
            os.kill(pid, signal.SIGKILL)
            wait_for("its end", lambda: not os.path.exists(f"/proc/{pid}/fd"))
            assert os.path.exists(relay.env["RELAY_MILTER_SOCKET"])
            # Postfix says so at the first command it can
            for data in encrypted(login), cleartext(login[0], login[0]):
                code, text = send(relay, login, data)
                assert 400 <= code < 500, (code, text)
            shell(relay.dir, "relay_start_milter")
            assert send(relay, login, encrypted(login))[0] == 250
            assert counters(relay)["outgoing accept"] > 1, "counts are lost"

        with tap.check("SIGTERM ends it cleanly"):
            pid = milter_pid(relay)
            os.kill(pid, signal.SIGTERM)
            wait_for("its end", lambda: not os.path.exists(f"/proc/{pid}/fd"))
            assert log(relay).splitlines()[-1].endswith("stopped"), \
                log(relay).splitlines()[-1]

        with tap.check("systemd is told: ready, reloading, stopping"):
            notify(relay)

        with tap.check("SIGHUP right after the start is no order to stop"):
            early_hup(relay)

        with tap.check("it refuses to start on a socket path that is a file"):
            path = pathlib.Path(relay.dir, "run", "file.sock")
            path.write_text("precious")
            set_ini(relay, f"milter_socket = {path}")
            done = program(relay)
            assert done.returncode == 2 and "something else" in done.stderr
            assert path.read_text() == "precious"

        with tap.check("nor where it cannot listen, of which it names the path"):
            set_ini(relay, "milter_socket = /nonexistent/milter.sock")
            done = program(relay)
            assert done.returncode == 2, done
            assert "/nonexistent/milter.sock" in done.stderr, done.stderr
            assert "systemd-tmpfiles" in done.stderr, done.stderr

        with tap.check("usage: -V, -h, wrong ones"):
            assert program(relay, "-V").stdout.startswith("chatmail-milter ")
            assert "usage:" in program(relay, "-h").stdout
            assert program(relay, "-x").returncode == 2
            assert program(relay, "what").returncode == 2
            done = program(relay, config="/nonexistent/chatmail.ini")
            assert done.returncode == 2 and "/nonexistent" in done.stderr


def notify(relay):
    path = f"{relay.dir}/notify.sock"
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(path)
    sock.settimeout(SECONDS)
    set_ini(relay, f"milter_socket = {relay.dir}/run/other.sock")
    with subprocess.Popen(
            [relay.env["RELAY_MILTER_PROGRAM"], "-c",
             relay.env["RELAY_CONFIG"]], stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": path}) as process:
        try:
            assert sock.recv(200) == b"READY=1"
            process.send_signal(signal.SIGHUP)
            assert sock.recv(200).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
            assert sock.recv(200) == b"READY=1"
            process.send_signal(signal.SIGTERM)
            assert sock.recv(200) == b"STOPPING=1"
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()
            sock.close()


def early_hup(relay):
    """libmilter's signal thread starts in these milliseconds; it took one of
    a hundred. Four of them at once make it late."""
    set_ini(relay, f"milter_socket = {relay.dir}/run/other.sock")
    for _ in range(25):
        group = []
        try:
            for number in range(4):
                path = f"{relay.dir}/notify{number}.sock"
                pathlib.Path(path).unlink(missing_ok=True)
                sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                sock.bind(path)
                sock.settimeout(SECONDS)
                ini = pathlib.Path(relay.dir, f"early{number}.ini")
                ini.write_text(pathlib.Path(
                    relay.env["RELAY_CONFIG"]).read_text().replace(
                        "other.sock", f"other{number}.sock"))
                group.append((sock, subprocess.Popen(
                    [relay.env["RELAY_MILTER_PROGRAM"], "-c", str(ini)],
                    stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    env={**os.environ, "NOTIFY_SOCKET": path})))
            for sock, process in group:
                assert sock.recv(200) == b"READY=1"
                process.send_signal(signal.SIGHUP)
                got = sock.recv(200)
                assert got.startswith(b"RELOADING=1"), got
        finally:
            for sock, process in group:
                process.kill()
                process.wait(SECONDS)
                sock.close()


if __name__ == "__main__":
    main()
