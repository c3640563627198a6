"""The referees of MCP (npm, @modelcontextprotocol/conformance) of both revisions, with a node that can run them."""
import platform

from fetched import Unavailable, npm_pinned

VERSIONS = ("0.1.16", "0.2.0-alpha.12")
NODE = "22.21.1"


def packages():
    """The folder whose node_modules has conformance-VERSION, and the path of a node."""
    arch = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine())
    if not arch:
        raise Unavailable(f"no node for {platform.machine()}")
    folder = npm_pinned("conformance", f"node22@npm:node-linux-{arch}@{NODE}",
                        *(f"conformance-{version}@npm:@modelcontextprotocol/conformance@{version}"
                          for version in VERSIONS))
    return folder, f"{folder}/node_modules/node22/bin/node"
