"""tests/guests/web.py -- a web server on the host's loopback for guests that have
a user network; the kernel chooses its port."""

import functools
import http.server
import threading


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):  # its standard error is the runner's
        pass


class Web:
    """with Web(FOLDER) as web: web.address is where guests find its files."""

    def __init__(self, folder):
        handler = functools.partial(Quiet, directory=folder)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"10.0.2.2:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *why):
        self.server.shutdown()
        self.server.server_close()
