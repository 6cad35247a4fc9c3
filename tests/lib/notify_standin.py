# SPDX-License-Identifier: MIT
"""Stands in for the notification proxy that chatmail-push talks to: HTTPS on
127.0.0.1, Python's library only, so HTTP/1.1; nghttpx in front of it makes
HTTP/2 of it.

    with NotifyStandin() as proxy:
        proxy.use_certificate(cert, key)
        proxy.answer = lambda token: 200      # or 410, 500, HANG, CLOSE
        ... proxy.url ...
        proxy.wait(lambda: proxy.count("token") == 1)

What it was asked stays in proxy.requests, a list of Request.
"""
import contextlib
import http.server
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass

# Answers that are no status.
HANG = "hang"
CLOSE = "close"
# Seconds that HANG takes; chatmail-push gives up before.
HANG_SECONDS = 120
# What stop() gives to answers that are on their way, and start() to who has got
# the port meanwhile.
CLOSE_SECONDS = 60


@dataclass
class Request:
    time: float
    token: str
    answer: object
    headers: dict
    path: str
    took: float = 0.0  # seconds until the answer was written


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        # in this thread: a client that never finishes holds up nobody
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(10)
            self.request.do_handshake()
            self.request.settimeout(HANG_SECONDS)
        super().setup()

    def do_POST(self):
        proxy = self.server.proxy
        size = int(self.headers.get("Content-Length", "0"))
        token = self.rfile.read(size).decode()
        with proxy.changed:
            closing = proxy.closing
            proxy.answering += not closing
        try:
            self.answer(proxy, token, CLOSE if closing else
                        proxy.answer(token))
        finally:
            with proxy.changed:
                proxy.answering -= not closing
                proxy.changed.notify_all()

    def answer(self, proxy, token, answer):
        request = Request(time.monotonic(), token, answer, dict(self.headers),
                          self.path)
        with proxy.changed:
            proxy.requests.append(request)
            proxy.changed.notify_all()
        if answer == HANG:
            proxy.ending.wait(HANG_SECONDS)
        if answer in (HANG, CLOSE):
            self.close_connection = True
            return
        body = b"answer"
        self.send_response(answer)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        request.took = time.monotonic() - request.time

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def get_request(self):
        conn, address = super().get_request()
        self.proxy.connections += 1
        if self.proxy.context:
            conn = self.proxy.context.wrap_socket(
                conn, server_side=True, do_handshake_on_connect=False)
        self.proxy.open.add(conn)
        return conn, address

    def shutdown_request(self, request):
        self.proxy.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *_):
        # clients that go away are what is tested
        self.proxy.errors += 1


class NotifyStandin:
    """Its certificate is to be given with use_certificate(); tls=False: there
    is none, for nghttpx."""

    def __init__(self, tls=True, port=0):
        self.tls = tls
        self.answer = lambda token: 200
        self.requests = []
        self.connections = 0
        self.open = set()
        self.closing = False
        self.answering = 0
        self.errors = 0
        self.changed = threading.Condition()
        self.ending = threading.Event()
        self.context = None
        self.port = port
        self.server = None

    def use_certificate(self, cert, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.context = context

    def start(self):
        """Listens; again on the same port after stop()."""
        self.ending.clear()
        self.closing = False
        end = time.monotonic() + CLOSE_SECONDS
        while True:
            try:
                self.server = Server(("127.0.0.1", self.port), Handler)
                break
            except OSError:
                if self.port == 0 or time.monotonic() > end:
                    raise
                time.sleep(0.1)
        self.server.proxy = self
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever,
                         kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        """Nobody listens any more, and what was connected is not. Answers
        that are being written get there; no other is."""
        with self.changed:
            self.closing = True
        self.ending.set()
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.wait(lambda: self.answering == 0, CLOSE_SECONDS)
        self.server = None
        for conn in list(self.open):
            with contextlib.suppress(OSError):
                conn.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def url(self):
        return f"https://localhost:{self.port}/notify"

    def tokens(self, answer=None):
        """Those that were asked for, in that order."""
        with self.changed:
            return [request.token for request in self.requests
                    if answer is None or request.answer == answer]

    def count(self, token):
        return self.tokens().count(token)

    def clear(self):
        with self.changed:
            self.requests.clear()

    def wait(self, condition, seconds=60):
        """Until the condition holds; whether it does."""
        end = time.monotonic() + seconds
        while not condition():
            left = end - time.monotonic()
            if left <= 0:
                return False
            with self.changed:
                self.changed.wait(min(left, 0.05))
        return True


@contextlib.contextmanager
def http2_front(proxy, port, cert, key, log):
    """nghttpx on that port, HTTP/2 with TLS, in front of a NotifyStandin
    without TLS."""
    with open(log, "ab") as output:
        front = subprocess.Popen(
            # Debian's own file would have it listen on port 3000 as well, and
            # two of them at a time cannot.
            ["nghttpx", "--conf=/dev/null", f"-f127.0.0.1,{port}",
             f"-b127.0.0.1,{proxy.port}", "--workers=1", "--no-ocsp",
             "--errorlog-file=/dev/stderr",
             "--accesslog-file=/dev/null", key, cert],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        end = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            if time.monotonic() > end or front.poll() is not None:
                raise RuntimeError(f"nghttpx does not listen: {log}")
            time.sleep(0.05)
        yield front
    finally:
        front.terminate()
        front.wait(60)


class Firewall:
    """Between a client and a server on 127.0.0.1. What it has forgotten it
    swallows, without a word to either side; new connections it lets pass."""

    def __init__(self, server_port):
        self.server_port = server_port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.passed = 0  # connections
        self.forgotten = 0
        self.sockets = []

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        for sock in [self.listener, *self.sockets]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def forget(self):
        """All that there are."""
        self.forgotten = self.passed

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                server = socket.create_connection(
                    ("127.0.0.1", self.server_port))
                self.sockets += [client, server]
                self.passed += 1
                for pair in (client, server), (server, client):
                    threading.Thread(target=self._forward,
                                     args=(*pair, self.passed),
                                     daemon=True).start()

    def _forward(self, source, sink, number):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if number > self.forgotten:
                    sink.sendall(data)
            if number > self.forgotten:
                sink.shutdown(socket.SHUT_WR)
