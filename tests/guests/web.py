"""tests/guests/web.py -- a web server on the host's loopback for guests that have
a user network; the kernel chooses its port."""

import functools
import hashlib
import http.server
import threading


class Handler(http.server.SimpleHTTPRequestHandler):
    """Gives files; what is posted it answers with its sum."""

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        answer = hashlib.md5(data).hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format, *args):  # its standard error is the runner's
        pass


class Web:
    """with Web(FOLDER) as web: web.address is where guests find its files."""

    def __init__(self, folder):
        handler = functools.partial(Handler, directory=folder)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"10.0.2.2:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *why):
        self.server.shutdown()
        self.server.server_close()
