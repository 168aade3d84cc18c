"""tests/guests/files.py -- the files of the host that a guest's devices have:
made the same in each run, and what the guest must leave in them."""

import gzip
import hashlib
import os
import re
import shutil
import subprocess

from boot import boot_floppy, grub_disc, grub_floppy, linux_disc
from guests import (BootFloppy, Ext2, Given, GrubDisc, GrubFloppy, LinuxDisc,
                    PACKAGES, Seeded, Widened, Zeros)
from packages import CACHE, Failed, file_of

UUID = "00000000-0000-0000-0000-000000000001"


def e2fs(program, *arguments):
    """Runs one of e2fsprogs'; on 2000-01-01, as the machine's clock begins."""
    found = shutil.which(program, path=os.environ["PATH"] + ":/sbin:/usr/sbin")
    if not found:
        raise Failed(f"{program} is not installed: apt-get install e2fsprogs")
    done = subprocess.run([found, *arguments], check=False, capture_output=True,
                          text=True,
                          env={**os.environ, "E2FSPROGS_FAKE_TIME": "946684800"})
    if done.returncode:
        raise Failed(f"{program}: {(done.stdout + done.stderr).strip()}")


class Files:
    """Of one guest, in a folder of their own. {NAME} stands for a file's path,
    {NAME.md5} for the sum of its bytes (before they are packed), {folder} for
    where all are, {PACKAGE/PATH} for a package's file; @more: other words."""

    def __init__(self, guest, **more):
        self.guest = guest
        self.folder = os.path.join(CACHE, "files", guest.name)
        self.bytes = {}
        self.words = {"{folder}": self.folder}
        self.words.update(("{%s}" % word, value) for word, value in more.items())
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        for file in guest.files:
            data = self.content(file)
            self.bytes[file.name] = data
            self.words["{%s}" % file.name] = self.path(file)
            self.words["{%s.md5}" % file.name] = hashlib.md5(data).hexdigest()

    def path(self, file):
        return os.path.join(self.folder, file.name + (".gz" if file.packed else ""))

    def content(self, file):
        what = file.content
        if isinstance(what, Seeded):
            return hashlib.shake_128(file.name.encode()).digest(what.bytes)
        if isinstance(what, Given):
            return what.bytes
        if isinstance(what, Ext2):
            return self.ext2(file, what)
        if isinstance(what, BootFloppy):
            return boot_floppy(self.folder, what)
        if isinstance(what, GrubFloppy):
            return grub_floppy(self.folder, what)
        if isinstance(what, GrubDisc):
            return grub_disc(self.folder, what)
        if isinstance(what, LinuxDisc):
            return linux_disc(self.folder, what, self.guest)
        if isinstance(what, Widened):
            return b"".join(bytes((0, b ^ 0x80)) * 2 for b in self.bytes[what.name])
        assert isinstance(what, Zeros)
        return bytes(what.bytes)

    def ext2(self, file, what):
        """By mke2fs, with the files named in its root; no clock, no chance."""
        image = os.path.join(self.folder, file.name + ".image")
        e2fs("mke2fs", "-q", "-F", "-t", "ext2", "-b", str(what.block), "-U", UUID,
             "-E", f"hash_seed={UUID},root_owner=0:0", image, f"{what.bytes >> 10}k")
        for name in what.files:
            path = os.path.join(self.folder, name)
            with open(path, "wb") as out:
                out.write(self.bytes[name])
            e2fs("debugfs", "-w", "-R", f"write {path} {name}", image)
            os.remove(path)
        with open(image, "rb") as made:
            data = made.read()
        os.remove(image)
        return data

    def fresh(self):
        """Each file as it was made."""
        for file in self.guest.files:
            data = self.bytes[file.name]
            if file.packed:
                data = gzip.compress(data, 1, mtime=0)
            with open(self.path(file), "wb") as out:
                out.write(data)

    def fill(self, text):
        for word, stands_for in self.words.items():
            text = text.replace(word, stands_for)
        return re.sub(r"\{([^/{}]+)/([^{}]+)\}", self.packaged, text)

    @staticmethod
    def packaged(found):
        return file_of(found.groups()) if found[1] in PACKAGES else found[0]

    def check(self):
        """The guest's row says which file now has which one's bytes."""
        after = dict(self.guest.after)
        for file in self.guest.files:
            inside = {n: w for n, w in after.items() if n.startswith(file.name + "/")}
            if inside:
                self.check_inside(file, inside)
                continue
            opened = gzip.open if file.packed else open
            with opened(self.path(file), "rb") as now:
                self.same(file.name, now.read(), after.get(file.name, file.name))

    def check_inside(self, file, inside):
        """Of a file system that was written: it is sound, files have their bytes."""
        e2fs("e2fsck", "-f", "-n", self.path(file))
        for name, wanted in inside.items():
            path = os.path.join(self.folder, "dumped")
            with open(path, "wb"):  # debugfs leaves it when there is no such file
                pass
            e2fs("debugfs", "-R", f"dump /{name.split('/')[1]} {path}", self.path(file))
            with open(path, "rb") as now:
                self.same(name, now.read(), wanted)

    def same(self, name, now, wanted):
        if now != self.bytes[wanted]:
            raise Failed(f"file {name} has not the bytes of {wanted}")

    def remove(self):
        shutil.rmtree(self.folder)
