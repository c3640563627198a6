"""Why something failed."""

from typing import Any, Dict


class ConstableError(Exception):
    """The server said no: `status` is that of HTTP, `code` its own word ("not_found"), and the
    text one sentence for a person."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code = status, code


class Unreachable(ConstableError):
    """There was no answer: no connection, not the server that was expected, or too late."""

    def __init__(self, text: str) -> None:
        super().__init__(0, "unreachable", text)


class CallFailed(ConstableError):
    """A call that reached its end otherwise than done; `record` is what the server has of it."""

    def __init__(self, record: Dict[str, Any]) -> None:
        state = str(record.get("state", ""))
        super().__init__(200, state, str(record.get("error") or f"the call ended as {state}"))
        self.record = record
