"""A Constable server, from Python; the standard library is all it needs.

    from constable_client import Client

    with Client("https://server.example:8000", key="...", ca_file="server.crt") as client:
        for agent in client.list("list_agents"):
            print(agent["hostname"], agent["state"])
        record = client.call(client.find_agent("web1")["id"], "get_load")
        print(record["result"])

Every operation of the server's OpenAPI document is a method of the client by its operationId:
`client.get_agent(agent_id="...")`, `client.create_token({"kind": "static"})`.
"""

from .client import Client
from .errors import CallFailed, ConstableError, Unreachable
from .operations import OPERATIONS, Operation

__all__ = ["CallFailed", "Client", "ConstableError", "OPERATIONS", "Operation", "Unreachable"]
__version__ = "0.1.0"
