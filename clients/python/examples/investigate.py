#!/usr/bin/env python3
"""Lets the server investigate, and tells what happens as it does.

CONSTABLE_SERVER=https://server:8000 CONSTABLE_API_KEY=... python3 investigate.py HOST QUESTION
"""
import json
import os
import sys

from constable_client import Client


def main(host: str, question: str) -> None:
    with Client(os.environ["CONSTABLE_SERVER"], os.environ["CONSTABLE_API_KEY"],
                ca_file=os.environ.get("CONSTABLE_SERVER_CA")) as client:
        for event in client.investigate(question, host=host):
            print(event["type"], flush=True)
        print(json.dumps(event["data"], indent=2))


main(*sys.argv[1:])
