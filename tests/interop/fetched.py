"""What the programs of this folder need of others, fetched once into $INTEROP; and their points."""
import os
import subprocess
import sys

FOLDER = os.environ.get("INTEROP") or os.path.abspath("build/interop")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
# pylint: disable-next=wrong-import-position,unused-import
from server_fixture import BUILD, Points, Server, wait_for  # noqa: E402,F401

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


class Unavailable(Exception):
    """Somebody else's program is not to be had here."""


def run(*argv, **more):
    return subprocess.run(argv, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, **{"timeout": 300, **more})


def fetch(*argv, **more):
    try:
        done = run(*argv, **more)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{argv[0]}: {error}") from error
    if done.returncode:
        raise Unavailable(f"{argv[0]} {argv[1]}: {done.stderr.strip()[-200:] or 'failed'}")
    return done


def npm(*packages):
    """The folder whose node_modules has them."""
    folder = f"{FOLDER}/npm"
    os.makedirs(folder, exist_ok=True)
    if not all(os.path.isdir(f"{folder}/node_modules/{name}") for name in packages):
        fetch("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *packages, cwd=folder)
    return folder


def npm_pinned(name, *packages):
    """A folder of its own whose node_modules has these, of exactly these versions ("a@1", "b@npm:a@2")."""
    folder = f"{FOLDER}/npm-{name}"
    stamp = f"{folder}/{'+'.join(packages).replace('/', '_')}"
    if not os.path.exists(stamp):
        os.makedirs(folder, exist_ok=True)
        fetch("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact", "--prefix", folder,
              *packages)
        with open(stamp, "w", encoding="ascii"):
            pass
    return folder


def pip(module, package):
    """The folder that has it, for PYTHONPATH."""
    folder = f"{FOLDER}/pip-{package}"
    if not os.path.isdir(f"{folder}/{module}"):
        fetch(sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, package)
    return folder


def unpacked(name, package):
    """The path of a program of a Debian package that must not be installed: it is a service."""
    folder = f"{FOLDER}/{package}"
    path = f"{folder}/usr/bin/{name}"
    if not os.access(path, os.X_OK):
        os.makedirs(folder, exist_ok=True)
        fetch("apt-get", "download", "-qq", package, cwd=folder)
        fetch("sh", "-c", f"dpkg-deb -x {package}_*.deb . && rm {package}_*.deb", cwd=folder)
    fetch(path, "--version")
    return path


def program(name, package=None):
    """The path of a program; installed as a Debian package where that is possible."""
    done = run("sh", "-c", f"command -v {name}")
    if done.returncode and package and os.geteuid() == 0:
        fetch("apt-get", "install", "-y", "-qq", "--no-install-recommends", package,
              env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
        done = run("sh", "-c", f"command -v {name}")
    if done.returncode:
        raise Unavailable(f"there is no {name}")
    return done.stdout.strip()


def skip(points, promise, why):
    points.verdicts.append(True)
    why = " ".join(str(why).split())
    print(f"ok {len(points.verdicts)} - {promise} # SKIP {why}", flush=True)


def play(*parts):
    """Runs (promise, part) pairs; a part that cannot have what it needs is skipped."""
    points = Points()
    try:
        for promise, part in parts:
            try:
                part(points)
            except Unavailable as why:
                skip(points, promise, why)
    finally:
        status = points.finish()
    sys.exit(status)
