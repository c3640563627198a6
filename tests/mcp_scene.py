"""An MCP server of somebody else's: what it says is a function of the test."""
import http.server
import json
import ssl
import threading

MODERN = "2026-07-28"


class Server(http.server.ThreadingHTTPServer):
    """What it says is a function: (handler, message or None) to whatever the handler sends."""
    daemon_threads = True

    def __init__(self, play, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.play, self.seen, self.over = play, [], threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        self.url = (f"https://localhost:{self.server_address[1]}/mcp" if certificate else
                    f"http://127.0.0.1:{self.server_address[1]}/mcp")

    def handle_error(self, request, client_address):
        pass  # who asks may go away at any time

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.shutdown()
        self.server_close()

    def methods(self):
        return [message.get("method", "answer") for kind, message, _ in self.seen if kind == "POST"]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body=b"", kind="application/json", **headers):
        body = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if body:
            self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def stream(self, *events):
        """Events that are text; of a generator, as they come. Ends with the connection."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in events:
            self.wfile.write(event.encode() if isinstance(event, str) else event)
            self.wfile.flush()

    def hear(self, kind):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_json = self.headers.get("Content-Type") == "application/json"
        message = json.loads(body) if body and is_json else body.decode() or None
        self.server.seen.append((kind, message, dict(self.headers)))
        self.server.play(self, message)

    def do_POST(self):
        self.hear("POST")

    def do_GET(self):
        self.hear("GET")

    def do_DELETE(self):
        self.hear("DELETE")


def answer(message, result=None, error=None):
    return {"jsonrpc": "2.0", "id": message["id"], **({"error": error} if error else {"result": result or {}})}


def event(message, name=""):
    return (f"id: {name}\n" if name else "") + f"data: {json.dumps(message)}\n\n"


def tool(name, description="", **more):
    return {"name": name, "description": description, "inputSchema": {"type": "object", **more}}


def legacy(call, version="2025-11-25", session="s-1"):
    """A server with sessions, that answers what is no greeting by 'call'."""
    def play(handler, message):
        if handler.command == "GET" and "Last-Event-ID" not in handler.headers:
            handler.say(405)
        elif handler.command == "DELETE":
            handler.say(204)
        elif message and message.get("method") == "server/discover":
            handler.say(400, answer(message, error={"code": -32000, "message": "no session"}))
        elif message and message.get("method") == "initialize":
            handler.say(200, answer(message, {"protocolVersion": version, "capabilities": {"tools": {}},
                                              "serverInfo": {"name": "x", "version": "1"}}), Mcp_Session_Id=session)
        elif message and "id" not in message:
            handler.say(202)
        else:
            call(handler, message)
    return play


def modern(call):
    def play(handler, message):
        if message["method"] == "server/discover":
            handler.say(200, answer(message, {"resultType": "complete", "supportedVersions": [MODERN],
                                              "capabilities": {"tools": {}}, "ttlMs": 0, "cacheScope": "private"}))
        else:
            call(handler, message)
    return play
