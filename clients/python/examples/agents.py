#!/usr/bin/env python3
"""Lists the agents of a fleet and asks each connected one for its load.

CONSTABLE_SERVER=https://server:8000 CONSTABLE_API_KEY=... python3 agents.py
"""
import os

from constable_client import CallFailed, Client


def main() -> None:
    with Client(os.environ["CONSTABLE_SERVER"], os.environ["CONSTABLE_API_KEY"],
                ca_file=os.environ.get("CONSTABLE_SERVER_CA")) as client:
        for agent in client.list("list_agents"):
            print(agent["hostname"], agent["state"], end=" ")
            if agent["state"] != "connected":
                print()
                continue
            # The call outlives a restart of server and agent: its id is durable.
            call_id = client.start_call(agent["id"], "get_load", timeout=20)
            try:
                print(client.wait_call(call_id, timeout=20)["result"])
            except CallFailed as failure:
                print(failure)


main()
