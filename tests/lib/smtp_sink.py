# SPDX-License-Identifier: MIT
"""The other end of a relay's mail: an SMTP server that takes everything.

    with SmtpSink() as sink:        listens on 127.0.0.1:sink.port
        ...
        message = sink.wait(30)     the next message, or AssertionError
        message.sender, message.recipients, message.data, message.text
"""
import queue
import socketserver
import threading


class Message:
    def __init__(self, sender, recipients, data):
        self.sender, self.recipients, self.data = sender, recipients, data
        self.text = data.decode("latin-1")


class Session(socketserver.StreamRequestHandler):
    timeout = 60

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def read_data(self):
        lines = []
        while True:
            line = self.rfile.readline()
            if line in (b".\r\n", b""):
                return b"".join(lines)
            lines.append(line[1:] if line.startswith(b".") else line)

    def handle(self):
        sender, recipients = "", []
        self.say("220 sink ESMTP")
        while True:
            line = self.rfile.readline().decode("latin-1").strip()
            verb = line[:4].upper()
            address = line[line.find("<") + 1:line.find(">")]
            if verb in ("", "QUIT"):
                break
            if verb == "MAIL":
                sender, recipients = address, []
            elif verb == "RCPT":
                recipients.append(address)
            elif verb == "DATA":
                self.say("354 go on")
                self.server.messages.put(Message(sender, recipients,
                                                 self.read_data()))
            self.say("250 ok")
        self.say("221 bye")


class SmtpSink(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Session)
        self.port = self.server_address[1]
        self.messages = queue.Queue()

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def wait(self, seconds):
        try:
            return self.messages.get(timeout=seconds)
        except queue.Empty:
            raise AssertionError("no message left the relay") from None
