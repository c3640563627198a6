"""A registry of signed programs in tests, as another maker's would be."""
import base64
import hashlib
import http.server
import json
import threading

import program_scene as scene


class Registry:
    """One of the documented form: it keeps what it is given and serves the second path alone."""

    def __init__(self):
        self.artifacts, self.data, self.asked, self.is_away = [], {}, [], False
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                registry.asked.append((self.path, dict(self.headers)))
                registry.answer(self)

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, request):
        body, status, tag = b"", 200, ""
        if self.is_away:
            status = 503
        elif request.path == "/artifacts/for-host/web-1":
            body = json.dumps({"artifacts": self.artifacts, "total": len(self.artifacts)}).encode()
            tag = f'"{hashlib.sha256(body).hexdigest()}"'
            if request.headers["If-None-Match"] == tag:
                body, status = b"", 304
        elif request.path.startswith("/artifacts/binary/"):
            body = self.data.get(request.path.rsplit("/", 1)[1], b"")
            status = 200 if body else 404
        else:
            status = 404
        request.send_response(status)
        if tag:
            request.send_header("ETag", tag)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def put(self, folder, data=None, **changes):
        made = scene.pushed(folder)
        blob = base64.b64decode(made.pop("data"))
        made = {**made, "artifact_id": made["name"], **changes}
        self.data[made["artifact_id"]] = data if data is not None else blob
        self.artifacts = [one for one in self.artifacts if one["name"] != made["name"]] + [
            {"size": len(blob), "checksum": hashlib.sha256(blob).hexdigest(), **made}]
