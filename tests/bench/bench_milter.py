# SPDX-License-Identifier: MIT
"""A milter as a process, and what the kernel says of it."""
import os
import pathlib
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

import milter_counters  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


class Milter:
    def __init__(self, program, folder, domain):
        self.program = program
        self.folder = folder
        self.socket = folder + "/run/milter.sock"
        self.config = folder + "/chatmail.ini"
        for name in ("run", "mailboxes", "state"):
            os.makedirs(os.path.join(folder, name))
        with open(self.config, "w") as file:
            file.write(f"[params]\nmail_domain = {domain}\n"
                       f"run_dir = {folder}/run\n"
                       f"state_dir = {folder}/state\n"
                       f"mailboxes_dir = {folder}/mailboxes\n")
        # Postfix's smtpd is user postfix
        os.chmod(folder, 0o755)
        os.chmod(folder + "/run", 0o755)
        self.arguments = ["-c", self.config]
        self.process = None

    def check(self, message):
        """Raises if the gate would not let this message out."""
        result = subprocess.run(
            [self.program, "check", "-c", self.config, "--direction",
             "outgoing", message], capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError("the gate refuses the bench's own message: " +
                               result.stdout + result.stderr)

    def start(self):
        self.log = open(self.folder + "/milter.log", "wb")
        self.process = subprocess.Popen(
            [self.program] + self.arguments, stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log)
        for _ in range(200):
            if self.process.poll() is not None:
                break
            # libmilter makes the file some time before it listens
            with socket.socket(socket.AF_UNIX) as sock:
                try:
                    sock.connect(self.socket)
                    return
                except OSError:
                    time.sleep(0.05)
        raise RuntimeError(self.program + " did not start: " +
                           open(self.folder + "/milter.log").read())

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _proc(self, name):
        return f"/proc/{self.process.pid}/{name}"

    def cpu_seconds(self):
        """User and system time, threads that ended included."""
        with open(self._proc("stat")) as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def _status_kb(self, key):
        with open(self._proc("status")) as file:
            for line in file:
                if line.startswith(key + ":"):
                    return int(line.split()[1])
        raise RuntimeError(f"no {key} in /proc: has the milter died?")

    def memory_kb(self):
        return self._status_kb("VmRSS")

    def reset_peak(self):
        with open(self._proc("clear_refs"), "w") as file:
            file.write("5")

    def peak_kb(self):
        return self._status_kb("VmHWM")

    def accepted(self):
        """Messages it let out, or None if it does not count."""
        counts = milter_counters.read(self.folder + "/run")
        return None if counts is None else counts["outgoing accept"]


class EmptyMilter(Milter):
    """milter-empty.c: what any milter on libmilter costs."""

    def __init__(self, program, folder, domain):
        super().__init__(program, folder, domain)
        self.arguments = [self.socket]
