"""A server that speaks two model APIs byte by byte as published: Anthropic's Messages and chat completions.

What it says comes from a script: a function of a Request that returns a Reply or a Trouble. It refuses
requests that the real ones refuse (roles that do not alternate, calls without results, thinking
without its signature, ...). `python3 tests/model_server.py` serves a fixed script, for SDKs.
"""
import base64
import dataclasses
import hashlib
import http.server
import json
import socket
import sys
import threading
import time

KEY = "key-of-the-model-server"


@dataclasses.dataclass
class Reply:
    text: str = ""
    thinking: str = ""
    calls: list = dataclasses.field(default_factory=list)  # (name, arguments)
    stop: str = ""


@dataclasses.dataclass
class Trouble:
    status: int = 200       # other than 200: an error answer
    kind: str = "api_error"
    message: str = "in trouble"
    headers: dict = dataclasses.field(default_factory=dict)
    reply: Reply = None     # said before the trouble: with 200 the stream breaks or carries the error
    events: int = 0         # so many events of it
    silent: bool = False    # the connection is cut instead of an error


@dataclasses.dataclass
class Request:
    provider: str
    body: dict
    prompt: str
    tools: list             # names
    results: list           # {"id", "name", "text", "failed"} of the last turn
    text: str               # of the last user turn
    number: int = 0


class Refused(Exception):
    def __init__(self, message, status=400, kind="invalid_request_error"):
        super().__init__(message)
        self.status, self.kind = status, kind


def must(holds, message):
    if not holds:
        raise Refused(message)


def call_id(name, arguments, number, prefix):
    return prefix + hashlib.sha256(json.dumps([name, arguments, number]).encode()).hexdigest()[:24]


def signature(thinking):
    return base64.b64encode(hashlib.sha256(thinking.encode()).digest()).decode()


def pieces(text, n=7):
    return [text[i:i + n] for i in range(0, len(text), n)] or [""]


class Anthropic:
    """https://platform.claude.com/docs/en/api/messages, of both versions"""

    name = "anthropic"
    path = "/v1/messages"

    @staticmethod
    def authorised(headers):
        return (headers.get("x-api-key") == KEY or headers.get("authorization") == "Bearer " + KEY) and \
            headers.get("anthropic-version") in ("2023-06-01", "2026-10-21")

    @staticmethod
    def error(status, kind, message):
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}

    @staticmethod
    def check_message(message, expected, waiting):
        content = message["content"]
        must(message["role"] == expected, "messages: roles must alternate between user and assistant")
        must(content, "messages: content must not be empty")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        kinds = [block["type"] for block in content]
        for block in content:
            must(block["type"] != "text" or block["text"].strip(), "text content blocks must be non-empty")
            must(block["type"] != "thinking" or block["signature"] == signature(block["thinking"]),
                 "thinking: invalid signature")
        results = [block["tool_use_id"] for block in content if block["type"] == "tool_result"]
        must(sorted(results) == sorted(waiting), f"tool_use ids without tool_result: {waiting} {results}")
        must(kinds[:len(results)] == ["tool_result"] * len(results), "tool_result blocks must come first")
        return content, [block["id"] for block in content if block["type"] == "tool_use"]

    def read(self, body):
        must(isinstance(body.get("max_tokens"), int) and body["max_tokens"] > 0, "max_tokens: required")
        must("temperature" not in body, "temperature: not supported by this model")
        must(body.get("thinking", {"type": "adaptive"}) == {"type": "adaptive"}, "thinking")
        waiting, names, content = [], {}, []
        for i, message in enumerate(body["messages"]):
            content, waiting = self.check_message(message, "assistant" if i % 2 else "user", waiting)
            names.update({block["id"]: block["name"] for block in content if block["type"] == "tool_use"})
        must(body["messages"] and body["messages"][-1]["role"] == "user", "the last message must be the user's")
        marks = json.dumps(body).count('"cache_control"')
        must(marks <= 4, "at most 4 blocks with cache_control")
        for tool in body.get("tools", []):
            must(tool["input_schema"].get("type") == "object", "tools: input_schema must be an object")
        system = body.get("system", "")
        return Request("anthropic", body, system if isinstance(system, str) else
                       "".join(block["text"] for block in system),
                       [tool["name"] for tool in body.get("tools", [])],
                       [{"id": block["tool_use_id"], "name": names.get(block["tool_use_id"]),
                         "text": block["content"], "failed": block.get("is_error", False)}
                        for block in content if block["type"] == "tool_result"],
                       "\n".join(block["text"] for block in content if block["type"] == "text"))

    @staticmethod
    def deltas(reply, number):
        if reply.thinking:
            yield {"type": "thinking", "thinking": "", "signature": ""}, [
                {"type": "thinking_delta", "thinking": piece} for piece in pieces(reply.thinking)] + [
                {"type": "signature_delta", "signature": signature(reply.thinking)}]
        if reply.text:
            yield {"type": "text", "text": ""}, [
                {"type": "text_delta", "text": piece} for piece in pieces(reply.text)]
        for name, arguments in reply.calls:
            yield {"type": "tool_use", "id": call_id(name, arguments, number, "toolu_"), "name": name,
                   "input": {}}, [{"type": "input_json_delta", "partial_json": piece}
                                  for piece in [""] + pieces(json.dumps(arguments, ensure_ascii=False))]

    def events(self, reply, request):
        usage = {"input_tokens": len(json.dumps(request.body)) // 4, "cache_creation_input_tokens": 0,
                 "cache_read_input_tokens": 0, "output_tokens": 1}
        yield {"type": "message_start", "message": {
            "id": f"msg_{request.number:04}", "type": "message", "role": "assistant", "content": [],
            "model": request.body["model"], "stop_reason": None, "stop_sequence": None, "usage": usage}}
        yield {"type": "ping"}
        for index, (block, deltas) in enumerate(self.deltas(reply, request.number)):
            yield {"type": "content_block_start", "index": index, "content_block": block}
            for delta in deltas:
                yield {"type": "content_block_delta", "index": index, "delta": delta}
            yield {"type": "content_block_stop", "index": index}
        yield {"type": "message_delta", "delta": {
            "stop_reason": reply.stop or ("tool_use" if reply.calls else "end_turn"), "stop_sequence": None},
            "usage": {"output_tokens": 50}}
        yield {"type": "message_stop"}

    @staticmethod
    def encode(event):
        return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()

    def stream(self, reply, request):
        return [self.encode(event) for event in self.events(reply, request)]

    def trouble(self, trouble):
        return [self.encode({"type": "error", "error": {"type": trouble.kind, "message": trouble.message}})]

    def whole(self, reply, request):
        content = []
        for block, deltas in self.deltas(reply, request.number):
            if block["type"] == "text":
                block["text"] = reply.text
            if block["type"] == "tool_use":
                block["input"] = json.loads("".join(delta["partial_json"] for delta in deltas))
            content.append(block)
        return {"id": f"msg_{request.number:04}", "type": "message", "role": "assistant", "content": content,
                "model": request.body["model"], "stop_sequence": None,
                "stop_reason": reply.stop or ("tool_use" if reply.calls else "end_turn"),
                "usage": {"input_tokens": 10, "output_tokens": 50}}


class OpenAI:
    """https://platform.openai.com/docs/api-reference/chat/streaming"""

    name = "openai"
    path = "/v1/chat/completions"

    @staticmethod
    def authorised(headers):
        return headers.get("authorization") == "Bearer " + KEY

    @staticmethod
    def error(status, kind, message):
        return {"error": {"message": message, "type": kind, "param": None, "code": None}}

    @staticmethod
    def read(body):
        must(not ("max_tokens" in body and "max_completion_tokens" in body), "max_tokens given twice")
        waiting, names = [], {}
        for message in body["messages"]:
            if message["role"] == "tool":
                must(message["tool_call_id"] in waiting, "a tool message must follow its tool_calls")
                waiting.remove(message["tool_call_id"])
                continue
            must(not waiting, f"tool_call_ids without response messages: {waiting}")
            for call in message.get("tool_calls", []):
                json.loads(call["function"]["arguments"])
                waiting.append(call["id"])
                names[call["id"]] = call["function"]["name"]
            must(message.get("content") is not None or message.get("tool_calls"), "content: required")
        must(not waiting, f"tool_call_ids without response messages: {waiting}")
        results = []
        for message in reversed(body["messages"]):
            if message["role"] == "assistant":
                break
            if message["role"] == "tool":
                results.insert(0, {"id": message["tool_call_id"], "name": names[message["tool_call_id"]],
                                   "text": message["content"], "failed": False})
        users = [message["content"] for message in body["messages"] if message["role"] == "user"]
        return Request("openai", body, "".join(m["content"] for m in body["messages"] if m["role"] == "system"),
                       [tool["function"]["name"] for tool in body.get("tools", [])], results,
                       users[-1] if users else "")

    @staticmethod
    def deltas(reply, number):
        yield {"role": "assistant", "content": "", "refusal": None}
        for piece in pieces(reply.thinking) if reply.thinking else []:
            yield {"reasoning_content": piece}
        for piece in pieces(reply.text) if reply.text else []:
            yield {"content": piece}
        for index, (name, arguments) in enumerate(reply.calls):
            yield {"tool_calls": [{"index": index, "id": call_id(name, arguments, number, "call_"),
                                   "type": "function", "function": {"name": name, "arguments": ""}}]}
            for piece in pieces(json.dumps(arguments, ensure_ascii=False)):
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}

    def chunks(self, reply, request):
        head = {"id": f"chatcmpl-{request.number:04}", "object": "chat.completion.chunk", "created": 1700000000,
                "model": request.body["model"], "system_fingerprint": "fp_0", "service_tier": "default"}
        for delta in self.deltas(reply, request.number):
            yield {**head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}],
                   "usage": None}
        yield {**head, "choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason":
                                    reply.stop or ("tool_calls" if reply.calls else "stop")}], "usage": None}
        if request.body.get("stream_options", {}).get("include_usage"):
            prompt = len(json.dumps(request.body)) // 4
            yield {**head, "choices": [], "usage": {
                "prompt_tokens": prompt, "completion_tokens": 50, "total_tokens": prompt + 50,
                "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0,
                                              "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}}}

    def stream(self, reply, request):
        return [f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode()
                for chunk in self.chunks(reply, request)] + [b"data: [DONE]\n\n"]

    def trouble(self, trouble):
        return [f"data: {json.dumps(self.error(500, trouble.kind, trouble.message))}\n\n".encode()]

    def whole(self, reply, request):
        calls = [{"id": call_id(name, arguments, request.number, "call_"), "type": "function",
                  "function": {"name": name, "arguments": json.dumps(arguments)}}
                 for name, arguments in reply.calls]
        message = {"role": "assistant", "content": reply.text or None, "refusal": None, "annotations": []}
        return {"id": f"chatcmpl-{request.number:04}", "object": "chat.completion", "created": 1700000000,
                "model": request.body["model"], "choices": [{
                    "index": 0, "message": {**message, **({"tool_calls": calls} if calls else {})},
                    "logprobs": None, "finish_reason": "tool_calls" if calls else "stop"}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 50, "total_tokens": 60}}


PROVIDERS = (Anthropic(), OpenAI())


def provider_of(path):
    path = path.removeprefix("/openai")
    return next((provider for provider in PROVIDERS if provider.path == path), None)


class Models:
    """Answers requests by a script and keeps them."""

    def __init__(self, script):
        self.script = script
        self.requests = []
        self.lock = threading.Lock()

    def answer(self, path, headers, text):
        """(status, headers, pieces of the body, whether the end is clean)"""
        provider = provider_of(path)
        if not provider:
            return 404, {}, [b'{"error": {"message": "no such path", "type": "not_found_error"}}'], True
        try:
            if headers is not None and not provider.authorised(headers):
                raise Refused("invalid key", 401, "authentication_error")
            request = provider.read(json.loads(text))
        except (Refused, KeyError, ValueError, TypeError) as why:
            status = getattr(why, "status", 400)
            kind = getattr(why, "kind", "invalid_request_error")
            return status, {}, [json.dumps(provider.error(status, kind, str(why))).encode()], True
        with self.lock:
            self.requests.append(request)
            request.number = len(self.requests)
            said = self.script(request)
        return self.say(provider, request, said)

    @staticmethod
    def say(provider, request, said):
        if isinstance(said, Reply):
            if not request.body.get("stream"):
                return 200, {}, [json.dumps(provider.whole(said, request)).encode()], True
            return 200, {}, provider.stream(said, request), True
        if said.status != 200:
            body = json.dumps(provider.error(said.status, said.kind, said.message)).encode()
            return said.status, said.headers, [body], True
        stream = provider.stream(said.reply or Reply(text="..."), request)[:said.events]
        return 200, {}, stream + ([] if said.silent else provider.trouble(said)), not said.silent


class Server:
    """The same over TCP; 'cut' bytes at a time, and 'wait_s' between them."""

    def __init__(self, script, cut=0, wait_s=0):
        self.models = Models(script)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_POST(self):
                text = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {key.lower(): value for key, value in self.headers.items()}
                outer.send(self, outer.models.answer(self.path, headers, text))

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.cut, self.wait_s = cut, wait_s
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def send(self, handler, answer):
        status, headers, body, clean = answer
        streams = status == 200 and len(body) > 1 or not clean
        handler.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        handler.send_response(status)
        handler.send_header("Content-Type", "text/event-stream; charset=utf-8" if streams else "application/json")
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        text = b"".join(body)
        for at in range(0, len(text), self.cut or len(text) or 1):
            piece = text[at:at + (self.cut or len(text))]
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            if self.wait_s:
                time.sleep(self.wait_s)  # a slow network, not a condition waited for
        if clean:
            handler.wfile.write(b"0\r\n\r\n")
        else:
            handler.close_connection = True

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def fixed_script(request):
    """For SDKs: one call, then its result in words."""
    if request.results:
        return Reply(text="It says: " + request.results[0]["text"])
    if request.tools:
        return Reply(text="I look ⚙.", thinking="Hm." if request.body.get("thinking") else "",
                     calls=[(request.tools[0], {"path": "/etc/hosts"})])
    if "overload" in request.text:
        return Trouble(events=4, kind="overloaded_error", message="Overloaded", reply=Reply(text="Too late"))
    if "limit" in request.text:
        return Trouble(status=429, kind="rate_limit_error", message="slow down", headers={"retry-after": "7"})
    return Reply(text="Hello ⚙!")


if __name__ == "__main__":
    server = Server(fixed_script)
    print(server.url, flush=True)
    sys.stdin.read()
