"""tests/guests/packages.py -- Debian's packages for i386, fetched by apt-get once,
pinned by hash, unpacked under build/guests."""

import hashlib
import os
import shutil
import subprocess

from guests import PACKAGES

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(HERE, "..", "..", "build", "guests")
APT = """APT::Architecture "i386";
APT::Architectures {{ "i386"; }};
APT::Sandbox::User "root";
Acquire::Languages "none";
Dir::State "{0}/state";
Dir::State::status "{0}/state/status";
Dir::Cache "{0}/cache";
"""


class Failed(Exception):
    """One line that says what went wrong."""


def apt(*arguments):
    """apt-get for i386 with lists of its own; the host's are left alone."""
    folder = os.path.join(CACHE, "apt")
    config = os.path.join(folder, "apt.conf")
    for part in ("state/lists/partial", "cache/archives/partial"):
        os.makedirs(os.path.join(folder, part), exist_ok=True)
    with open(os.path.join(folder, "state/status"), "a", encoding="ascii"):
        pass
    with open(config, "w", encoding="ascii") as file:
        file.write(APT.format(folder))
    return subprocess.run(["apt-get", "-q", *arguments], cwd=CACHE, check=False,
                          env={**os.environ, "APT_CONFIG": config},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def find_deb(package):
    """The .deb of exactly this hash, if it is in the cache."""
    for name in os.listdir(CACHE):
        path = os.path.join(CACHE, name)
        if name.startswith(package.name + "_") and sha256(path) == package.sha256:
            return path
    return None


def fetch(package):
    wanted = f"{package.name}={package.version}"
    deb = find_deb(package)
    if not deb:
        said = apt("download", wanted).stdout
        if not find_deb(package):
            said = apt("update").stdout
            said += apt("download", wanted).stdout
        deb = find_deb(package)
    if not deb:
        last = said.strip().splitlines()[-1:] or ["no output"]
        raise Failed(f"cannot fetch {wanted} of hash {package.sha256[:12]}..., "
                     f"is there a network? apt-get: {last[0]}")
    return deb


def unpacked(name):
    """The folder with the package's files."""
    folder = os.path.join(CACHE, "unpacked", name)
    package = PACKAGES[name]
    mark = os.path.join(folder, ".sha256")
    if os.path.exists(mark):
        with open(mark, encoding="ascii") as file:
            if file.read() == package.sha256:
                return folder
    deb = fetch(package)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)
    with open(mark, "w", encoding="ascii") as file:
        file.write(package.sha256)
    return folder


def file_of(where):
    return os.path.join(unpacked(where[0]), where[1])
