"""The peer of bench/agent: an agent of the original kind, websockets and psutil in one interpreter.

Every 30 s it collects the documented metrics and sends them as its heartbeat, over TLS with
a certificate of its own. `server` is what it connects to; that prints its port, then a line for
each hello. `many` holds that many idle links in one process.
"""
import asyncio
import json
import ssl
import sys
import time

EVERY_S = 30


def make_context(purpose, folder, name):
    context = ssl.SSLContext(purpose)
    context.load_verify_locations(f"{folder}/ca.crt")
    context.load_cert_chain(f"{folder}/{name}.crt", f"{folder}/{name}.key")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def serve(folder):
    from websockets.server import serve as websockets_serve

    async def handle(connection, _path=None):
        async for text in connection:
            message = json.loads(text)
            if message["type"] == "hello":
                print("hello", flush=True)
            await connection.send(json.dumps({"type": "ack"}))

    context = make_context(ssl.PROTOCOL_TLS_SERVER, folder, "server")
    async with websockets_serve(handle, "127.0.0.1", 0, ssl=context, ping_interval=None,
                                backlog=4096) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


def metrics():
    import psutil
    return {
        "cpu": psutil.cpu_percent(), "load": psutil.getloadavg(),
        "memory": psutil.virtual_memory()._asdict(), "swap": psutil.swap_memory()._asdict(),
        "disk": psutil.disk_usage("/")._asdict(), "network": psutil.net_io_counters()._asdict(),
        "processes": len(psutil.pids()),
    }


async def run_agent(folder, port):
    from websockets.client import connect
    context = make_context(ssl.PROTOCOL_TLS_CLIENT, folder, "client")
    async with connect(f"wss://localhost:{port}/agent/ws", ssl=context,
                       ping_interval=None) as link:
        await link.send(json.dumps({"type": "hello", "metrics": metrics()}))
        await link.recv()
        while True:
            await asyncio.sleep(EVERY_S)
            await link.send(json.dumps({"type": "heartbeat", "time": time.time(),
                                        "metrics": metrics()}))
            await link.recv()


async def hold_many(folder, port, count):
    from websockets.client import connect
    context = make_context(ssl.PROTOCOL_TLS_CLIENT, folder, "client")
    links = []
    while len(links) < count:
        links += await asyncio.gather(*[
            connect(f"wss://localhost:{port}/agent/ws", ssl=context, ping_interval=None)
            for _ in range(min(50, count - len(links)))])
    for link in links:
        await link.send(json.dumps({"type": "heartbeat"}))
        await link.recv()
    print("up", flush=True)
    await asyncio.Future()


def main():
    what, folder = sys.argv[1:3]
    if what == "server":
        asyncio.run(serve(folder))
    elif what == "many":
        asyncio.run(hold_many(folder, sys.argv[3], int(sys.argv[4])))
    else:
        asyncio.run(run_agent(folder, sys.argv[3]))


main()
