#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes tree.tar.gz: mailboxes as chatmail/relay leaves them.

    make-tree.py CHECKOUT     a checkout of chatmail/relay

Accounts by its own code (chatmaild/user.py, filedict.py), mail and folders by
Dovecot 2.3 (its doveadm, no server) with the storage settings of its
dovecot.conf. Needed once; what tests use is the tar. Python 3.11 or older
(crypt)."""
import crypt
import importlib.util
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tarfile
import tempfile
import types

DOMAIN = "chat.test"
PASSWORD = "upstream-password"
LAST_LOGIN = 1_790_000_000
# Dovecot works for anybody but root.
VMAIL = pwd.getpwnam("vmail")
CONFIG = """
mail_location = maildir:{base}/%u
mail_plugins = zlib quota
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
log_path = /dev/stderr
base_dir = {base}/../run
protocols =
ssl = no
namespace inbox {{
  inbox = yes
}}
plugin {{
  zlib_save = gz
  quota = maildir:User quota
  quota_rule = *:storage=500M
}}
"""
MAIL = """\
From: someone@remote.example
To: {to}
Message-ID: <{number}@remote.example>
Date: Mon, 21 Sep 2026 12:00:{number:02} +0000
Subject: [...]
Content-Type: text/plain

Message {number}. {filler}
"""


def load(checkout, name):
    spec = importlib.util.spec_from_file_location(
        f"chatmaild.{name}", f"{checkout}/chatmaild/src/chatmaild/{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def main():
    checkout = sys.argv[1]
    sys.modules["chatmaild"] = types.ModuleType("chatmaild")
    # imported, but not needed for what is called here
    sys.modules.setdefault("filelock", types.ModuleType("filelock"))
    load(checkout, "filedict")
    user_module = load(checkout, "user")
    work = pathlib.Path(tempfile.mkdtemp())
    base = work / "tree"
    base.mkdir()
    config = work / "dovecot.conf"
    config.write_text(CONFIG.format(base=base, uid=VMAIL.pw_uid,
                                    gid=VMAIL.pw_gid))

    def account(name):
        folder = base / f"{name}@{DOMAIN}"
        user = user_module.User(folder, folder.name, folder / "password",
                                None, None)
        user.set_password("{SHA512-CRYPT}" + crypt.crypt(
            PASSWORD, crypt.METHOD_SHA512))
        user.set_last_login_timestamp(LAST_LOGIN)
        return user

    def doveadm(user, *args, text=None):
        for path in work, base, *base.rglob("*"):
            os.chown(path, VMAIL.pw_uid, VMAIL.pw_gid)
        subprocess.run(["doveadm", "-c", config, *args], check=True,
                       input=text, text=True,
                       env={**os.environ, "USER": user.addr,
                            "HOME": str(user.maildir)})

    def save(user, number, folder="INBOX"):
        doveadm(user, "save", "-m", folder, text=MAIL.format(
            to=user.addr, number=number, filler="text " * 50))

    # one that is used
    user = account("upstream1")
    for number in 1, 2, 3:
        save(user, number)
    doveadm(user, "flags", "add", "\\Seen", "mailbox", "INBOX", "1")
    doveadm(user, "expunge", "mailbox", "INBOX", "2")
    doveadm(user, "mailbox", "create", "-s", "DeltaChat")
    save(user, 4, "DeltaChat")
    (user.maildir / "metadata.json").write_text(
        '{"devicetoken": {"openpgp:test": 1790000000.5}}')
    (user.maildir / "metadata.json.lock").write_text("")
    # one that takes cleartext, and has never got mail
    account("upstream2").allow_incoming_cleartext()
    # a longer name than today's settings allow for a new one
    account("upstream-of-old-settings")
    # the process died within set_password()
    torn = base / f"upstream4@{DOMAIN}"
    torn.mkdir()
    (torn / "password.tmp-1234567").write_text("{SHA512-CRYPT}$6$")

    def anonymous(info):
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        return info

    target = pathlib.Path(__file__).resolve().parent / "tree.tar.gz"
    with tarfile.open(target, "w:gz") as tar:
        for path in sorted(base.iterdir()):
            tar.add(path, path.name, filter=anonymous)
    shutil.rmtree(work)


main()
