# SPDX-License-Identifier: MIT
"""A Postfix of its own in one directory, for measuring.

SMTP services of the same instance, alike but for the milter; what they
accept goes to discard(8). Nothing outside of the directory is touched.
"""
import os
import socket
import subprocess
import time

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
maillog_file = {dir}/log/postfix.log
maillog_file_prefixes = {dir}/log
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ
myhostname = {domain}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.1/32
alias_maps =
alias_database =
default_transport = discard:
relay_transport = discard:
message_size_limit = {max_size}
mailbox_size_limit = 0
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
default_process_limit = 200
# It would delay clients that are faster than the queue manager.
in_flow_delay = 0
# As conf.d/postfix has it.
disable_mime_input_processing = yes
local_header_rewrite_clients =
milter_protocol = 6
milter_default_action = tempfail
milter_mail_macros = i {{auth_type}} {{auth_authen}} {{auth_author}} \
{{daemon_name}} {{mail_addr}} {{mail_host}} {{mail_mailer}}
smtpd_milters =
non_smtpd_milters =
"""

MASTER_CF = """\
127.0.0.1:{plain} inet n - n - - smtpd
127.0.0.1:{milter} inet n - n - - smtpd
  -o smtpd_milters=unix:{socket}
  -o milter_macro_daemon_name=ORIGINATING
127.0.0.1:{floor} inet n - n - - smtpd
  -o smtpd_milters=unix:{floor_socket}
  -o milter_macro_daemon_name=ORIGINATING
pickup     unix  n  -  n  60  1  pickup
cleanup    unix  n  -  n  -  0  cleanup
qmgr       unix  n  -  n  300  1  qmgr
rewrite    unix  -  -  n  -  -  trivial-rewrite
bounce     unix  -  -  n  -  0  bounce
defer      unix  -  -  n  -  0  bounce
trace      unix  -  -  n  -  0  bounce
flush      unix  n  -  n  1000?  0  flush
proxymap   unix  -  -  n  -  -  proxymap
showq      unix  n  -  n  -  -  showq
error      unix  -  -  n  -  -  error
retry      unix  -  -  n  -  -  error
discard    unix  -  -  n  -  -  discard
anvil      unix  -  -  n  -  1  anvil
postlog    unix-dgram n - n - 1 postlogd
"""


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def log_tail(path):
    try:
        with open(path, errors="replace") as file:
            return "".join(file.readlines()[-10:])
    except OSError:
        return ""


def queued(queue):
    """Number of messages that are not delivered yet."""
    return sum(len(files) for name in ("incoming", "active", "deferred")
               for _, _, files in os.walk(f"{queue}/{name}"))


def drain(queue, log, seconds=60):
    """Waits until Postfix has passed on what is in its queue directory."""
    deadline = time.monotonic() + seconds
    while queued(queue) > 0:
        if time.monotonic() > deadline:
            raise RuntimeError("Postfix does not empty its queue:\n" +
                               log_tail(log))
        time.sleep(0.02)


class Postfix:
    """plain_port, milter_port and, if there is another milter to compare
    with, floor_port are where to send to."""

    def __init__(self, folder, domain, milter_socket, max_size,
                 floor_socket="/nonexistent"):
        self.folder = folder
        self.plain_port, self.milter_port = free_port(), free_port()
        self.floor_port = free_port()
        config = os.path.join(folder, "etc")
        self.config = config
        for name in ("etc", "data", "log", "queue", "queue/pid"):
            os.makedirs(os.path.join(folder, name))
        for name in ("active", "bounce", "corrupt", "defer", "deferred",
                     "flush", "hold", "incoming", "private", "saved",
                     "trace", "maildrop", "public"):
            os.mkdir(os.path.join(folder, "queue", name), 0o700)
        self._chown("postfix", "data", *(
            "queue/" + name for name in os.listdir(folder + "/queue")
            if name != "pid"))
        self._chown("postfix:postdrop", "queue/maildrop", "queue/public")
        os.chmod(folder + "/queue/maildrop", 0o1730)
        os.chmod(folder + "/queue/public", 0o2710)
        with open(config + "/main.cf", "w") as file:
            file.write(MAIN_CF.format(dir=folder, domain=domain,
                                      max_size=max_size))
        with open(config + "/master.cf", "w") as file:
            file.write(MASTER_CF.format(plain=self.plain_port,
                                        milter=self.milter_port,
                                        socket=milter_socket,
                                        floor=self.floor_port,
                                        floor_socket=floor_socket))
        self.pid = None

    def _chown(self, owner, *names):
        subprocess.run(["chown", owner] +
                       [os.path.join(self.folder, name) for name in names],
                       check=True)

    def start(self):
        daemons = subprocess.run(
            ["postconf", "-c", self.config, "-h", "daemon_directory"],
            check=True, capture_output=True, text=True).stdout.strip()
        # -w: comes back once master listens
        result = subprocess.run(
            [daemons + "/master", "-w", "-c", self.config],
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError("Postfix did not start: " + result.stderr +
                               self.log_tail())
        with open(self.folder + "/queue/pid/master.pid") as file:
            self.pid = int(file.read())

    def log_tail(self):
        return log_tail(self.folder + "/log/postfix.log")

    def drain(self, seconds=60):
        drain(self.folder + "/queue", self.folder + "/log/postfix.log",
              seconds)

    def stop(self):
        if self.pid is None:
            return
        try:
            os.kill(self.pid, 15)
            for _ in range(200):
                os.kill(self.pid, 0)
                time.sleep(0.05)
            os.kill(self.pid, 9)
        except ProcessLookupError:
            pass
        self.pid = None
