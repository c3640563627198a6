"""The client: operations by name, lists in pages, calls with a durable id, streams."""

import functools
import json
import time
import urllib.parse
from typing import Any, Callable, Dict, Iterator, List, Optional

from .errors import CallFailed, ConstableError, Unreachable
from .operations import OPERATIONS
from .transport import Transport, error_of

Json = Dict[str, Any]

WAIT_MS = 20000  # that one request waits for an outcome
GRACE_S = 15.0  # after a call's deadline, for its outcome to arrive
AGAIN_S = 120.0  # how long a broken stream is taken up again
LIST_MAX = 20000


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise ValueError(f"a parameter is text, a number or a bool, not {type(value).__name__}")


class Client:
    """One server, with one key. For one thread at a time.

    `key` is an API key (`constable key create`); `ca_file` the CA that vouches for the server,
    else the system's; `pin` ("sha256//...") accepts exactly the server with that key.
    """

    def __init__(self, server: str, key: Optional[str] = None, *, ca_file: Optional[str] = None,
                 pin: Optional[str] = None, timeout: float = 30.0) -> None:
        self._transport = Transport(server, key, ca_file, pin, timeout)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._transport.close()

    def request(self, method: str, path: str, body: Any = None, *,
                timeout: Optional[float] = None) -> Any:
        """One request; its JSON, or text where the answer is none. Raises ConstableError."""
        status, data = self._transport.request(method, path, body, timeout)
        if not 200 <= status < 300:
            raise error_of(status, data, path)
        try:
            return json.loads(data)
        except ValueError:
            return data.decode("utf-8", "replace")

    def _path(self, name: str, parameters: Json) -> str:
        operation = OPERATIONS.get(name)
        if operation is None:
            raise ValueError(f"no operation '{name}'")
        path, query = operation.path, {}
        for parameter, value in parameters.items():
            place = "{" + parameter + "}"
            if place in path:
                if not _text(value):
                    raise ValueError(f"'{name}' wants the parameter '{parameter}'")
                path = path.replace(place, urllib.parse.quote(_text(value), safe=""))
            elif parameter in operation.query:
                query[parameter] = _text(value)
            else:
                raise ValueError(f"'{name}' has no parameter '{parameter}'")
        if "{" in path:
            missing = path[path.index("{") + 1:path.index("}")]
            raise ValueError(f"'{name}' wants the parameter '{missing}'")
        return path + ("?" + urllib.parse.urlencode(query) if query else "")

    def operate(self, operation: str, body: Any = None, **parameters: Any) -> Any:
        """An operation by its operationId, with the parameters of path and query by name."""
        path = self._path(operation, parameters)
        if OPERATIONS[operation].is_stream:
            raise ValueError(f"'{operation}' is a stream; see follow()")
        return self.request(OPERATIONS[operation].method, path, body)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in OPERATIONS:
            raise AttributeError(name)
        return functools.partial(self.operate, name)

    def __dir__(self) -> List[str]:
        return [*super().__dir__(), *OPERATIONS]

    def list(self, operation: str, **parameters: Any) -> Iterator[Json]:
        """Everything that an operation lists, page by page, as it is asked for."""
        if operation not in OPERATIONS or not OPERATIONS[operation].items:
            raise ValueError(f"'{operation}' lists nothing")
        row, n = OPERATIONS[operation], 0
        while True:
            page = self.operate(operation, **parameters)
            items = page[row.items]
            yield from items
            n += len(items)
            if page.get("next") is None or not row.cursor or n >= LIST_MAX:
                return
            parameters[row.cursor] = page["next"]

    def find_agent(self, name: str) -> Json:
        """The agent of that id or, where only one has it, host name."""
        try:
            return self.operate("get_agent", agent_id=name)
        except ConstableError as error:
            if error.status not in (400, 404):
                raise
        found = [agent for agent in self.list("list_agents") if agent.get("hostname") == name]
        if len(found) != 1:
            raise ConstableError(404 if not found else 409, "not_found" if not found else "conflict",
                                 f"{len(found)} agents are on a host named '{name}'")
        return found[0]

    def start_call(self, agent: str, tool: str, arguments: Optional[Json] = None, *,
                   timeout: float = 120.0, approval: Optional[float] = None) -> str:
        """Hands a call to the server, which takes it to the agent exactly once. Its durable id,
        which any program with the key may wait for."""
        body: Json = {"agent": agent, "tool": tool, "arguments": arguments or {},
                      "timeout_ms": int(timeout * 1000)}
        if approval is not None:
            body["approval_ms"] = int(approval * 1000)
        return str(self.operate("create_calls", body)["calls"][0]["id"])

    def wait_call(self, call_id: str, *, timeout: float = 120.0, approval: float = 3600.0,
                  waits: Optional[Callable[[Json], None]] = None) -> Json:
        """The record of a call once it has an outcome, while the server is away, too: its "result"
        is the tool's JSON as text, of which "result_sha256" is the hash. Raises CallFailed where
        the outcome is another than done. `waits` is called once it waits for an approval."""
        until = time.monotonic() + timeout + GRACE_S
        told = ""
        while True:
            try:
                record = self.request("GET", self._path("get_call", {
                    "call_id": call_id, "wait_ms": WAIT_MS,
                    "until": "outcome" if told else "approval"}), timeout=WAIT_MS / 1000 + 10)
            except ConstableError as error:
                passes = error.status in (0, 408, 429) or error.status >= 500
                if not passes or time.monotonic() > until:
                    raise
                time.sleep(0.2)
                continue
            state = record.get("state", "")
            if state == "waiting_approval":
                nonce = str(((record.get("meta") or {}).get("approval") or {}).get("nonce", "?"))
                if nonce != told:
                    told, until = nonce, time.monotonic() + approval + timeout + GRACE_S
                    if waits:
                        waits(record)
            elif state != "queued":
                if state == "done":
                    return record
                raise CallFailed(record)
            if time.monotonic() > until:
                raise Unreachable(f"the call {call_id} has no outcome yet")

    def call(self, agent: str, tool: str, arguments: Optional[Json] = None, *,
             timeout: float = 120.0, approval: Optional[float] = None,
             waits: Optional[Callable[[Json], None]] = None) -> Json:
        """A tool on an agent, to its outcome: start_call() and wait_call()."""
        call_id = self.start_call(agent, tool, arguments, timeout=timeout, approval=approval)
        return self.wait_call(call_id, timeout=timeout, waits=waits,
                              approval=3600.0 if approval is None else approval)

    def follow(self, investigation_id: str) -> Iterator[Json]:
        """What an investigation tells, from its first event to its last ("result" or "error"):
        {"type", "data", "thread_id", "timestamp"}. A connection that breaks is taken up again
        where it was."""
        path = self._path("follow_investigation", {"investigation_id": investigation_id})
        last: Optional[str] = None
        until = time.monotonic() + AGAIN_S
        while True:
            failure: ConstableError = Unreachable("the stream ends before its end")
            try:
                for event in self._transport.stream(path, last):
                    last, until = event.id or last, time.monotonic() + AGAIN_S
                    yield event.data
                    if event.data.get("type") in ("result", "error"):
                        return
            except ConstableError as error:
                if error.status not in (0, 429, 503):
                    raise
                failure = error
            if time.monotonic() > until:
                raise failure
            time.sleep(1)

    def investigate(self, prompt: str, **more: Any) -> Iterator[Json]:
        """Lets the server investigate, and follows: `client.investigate("Why is it slow?",
        host="web1")`. It goes on also where nobody follows any more."""
        begun = self.operate("create_investigation", {"prompt": prompt, **more})
        yield from self.follow(begun["id"])
