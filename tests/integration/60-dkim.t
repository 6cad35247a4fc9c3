#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who may send from where: real Postfix and OpenDKIM, the DNS a file."""
import os
import pathlib
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import time

from harness import (Tap, expect, inbox_size, reload_postfix, shell,
                     started_relay)
import dkim_sign
import relay_client as rc
from smtp_sink import SmtpSink

REMOTE, EVIL, VICTIM = "remote.test", "evil.test", "victim.test"
MISSING = "No DKIM signature found"
INVALID = "No valid DKIM signature found"
SECONDS = 30
ATTACKS = pathlib.Path(__file__).resolve().parent.parent / "data" / "gate" / \
    "attacks"

if not shutil.which("opendkim", path="/usr/sbin:/usr/bin"):
    print("1..0 # SKIP opendkim is not installed", flush=True)
    sys.exit(77)


class Test:
    def __init__(self, relay, gpg, bob):
        self.relay, self.bob = relay, bob
        self.armor = gpg.encrypt("Hello Bob", bob[0])
        with open(f"{relay.dir}/dkim/opendkim-verify.conf") as file:
            self.name = re.search(r"(?m)^AuthservID\s+(\S+)",
                                  file.read()).group(1)

    def forged(self, what, domain=VICTIM):
        """One of FORGED, as bytes."""
        name = self.name.upper() if what == "in capitals" else self.name
        return (FORGED[what].replace("NAME", name).replace(VICTIM, domain) +
                "\r\n").encode("latin-1")

    def message(self, sender):
        return rc.pgp_mime(sender, self.bob[0], self.armor)

    def sign(self, message, domain, **options):
        key = f"{self.relay.dir}/dkim/{options.pop('key', domain)}.private"
        return dkim_sign.sign(message, key, domain, **options)

    def deliver(self, message, sender="", recipient=None):
        """(code, text) with which port 25 answers."""
        conn = self.relay.port25()
        try:
            conn.mail(sender)
            conn.rcpt(recipient or self.bob[0])
            code, text = conn.data(message)
        finally:
            conn.close()
        return code, text.decode()

    def refused(self, message, code, text, *rules):
        got, said = self.deliver(message)
        assert got == code and text in said, f"answered {got} {said}"
        assert any(f"{rule}:" in said for rule in rules), said

    def delivered(self, message, **envelope):
        """The message as the mailbox has it."""
        count = inbox_size(self.relay, self.bob)
        got, said = self.deliver(message, **envelope)
        assert got == 250, f"answered {got} {said}"
        name = re.search(rb"(?im)^Message-ID:\s*(\S+)", message).group(1)
        conn = self.relay.imap(self.bob)
        try:
            # one that was taken before may come only now
            while rc.wait_for_message(conn, count + 1, SECONDS):
                count += 1
                stored = rc.fetch(conn, count)
                if name in stored:
                    return stored.decode()
            raise AssertionError("not delivered")
        finally:
            conn.logout()


def check_signatures(tap, test):
    alice = "alice@" + REMOTE
    plain = test.message(alice)
    with tap.check("signed by its domain: delivered"):
        stored = test.delivered(test.sign(plain, REMOTE))
        assert "BEGIN PGP MESSAGE" in stored
    with tap.check("and nothing of how it came here is in the mailbox"):
        for name in "DKIM-Signature", "Authentication-Results", "Received":
            assert not re.search(f"(?im)^{name}:", stored), stored
    with tap.check("not signed: 554 in the words that upstream looks for"):
        test.refused(plain, 554, MISSING, "dkim-missing")
    with tap.check("changed behind the signature: 554"):
        test.refused(test.sign(plain, REMOTE).replace(b"BEGIN PGP MESSAGE",
                                                      b"BEGIN PGP MESSAGE", 1)
                     .replace(b"Chat-Version: 1.0\r\n", b"")
                     .replace(b"Subject: [...]", b"Subject: [..]"),
                     554, INVALID, "dkim-invalid")
    with tap.check("a valid signature of another domain: 554"):
        test.refused(test.sign(plain, EVIL), 554, INVALID, "dkim-invalid")
    with tap.check("of a parent or a child domain: 554"):
        test.refused(test.sign(test.message(f"alice@mail.{REMOTE}"), REMOTE),
                     554, INVALID, "dkim-invalid")
    with tap.check("without a key in the DNS: 554"):
        test.refused(test.sign(plain, "nokey." + REMOTE, key=REMOTE), 554,
                     INVALID, "dkim-invalid")
    with tap.check("both domains signed: delivered"):
        test.delivered(test.sign(test.sign(plain, REMOTE), EVIL))
        test.delivered(test.sign(test.sign(plain, EVIL), REMOTE))
    with tap.check("no letter's case counts in a domain"):
        test.delivered(test.sign(test.message("Alice@Remote.TEST"), REMOTE))
    with tap.check("the key's server does not answer: 451, for now"):
        test.refused(test.sign(plain, "x.tempfail.test", key=REMOTE), 451,
                     "DKIM could not be checked", "dkim-unverified")
    with tap.check("but another signature is valid: delivered"):
        test.delivered(test.sign(test.sign(plain, REMOTE), "x.tempfail.test",
                                 key=REMOTE))
    with tap.check("cleartext is told first: 523, signed or not"):
        text = rc.cleartext(alice, test.bob[0])
        for message in text, test.sign(text, REMOTE), test.sign(text, EVIL):
            test.refused(message, 523, "Invalid Unencrypted Mail",
                         "not-encrypted")
    with tap.check("a SecureJoin request must be signed as well"):
        request = rc.secure_join_request(alice, test.bob[0])
        test.refused(request, 554, MISSING, "dkim-missing")
        test.delivered(test.sign(request, REMOTE))
    with tap.check("from an address literal no signature is asked for"):
        test.delivered(test.message("alice@[192.0.2.1]"))
    with tap.check("who claims to be local needs the relay's own signature"):
        test.refused(test.sign(test.message("eve123456@chat.test"), EVIL),
                     554, INVALID, "dkim-invalid")


# Authentication-Results of a stranger, to be believed for victim.test. NAME
# becomes what our verifier calls itself, as if the stranger knew its secret.
PASS = "dkim=pass header.d=" + VICTIM
FORGED = {
    "plain": f"Authentication-Results: NAME; {PASS}",
    "with a queue id": f"Authentication-Results: NAME/4F6BC568990; {PASS}",
    "with an empty one": f"Authentication-Results: NAME/; {PASS}",
    "with the setting's word": f"Authentication-Results: NAME/QUEUE_ID;"
                               f" {PASS}",
    "with a star": f"Authentication-Results: NAME/*; {PASS}",
    "with a version": f"Authentication-Results: NAME 1; {PASS}",
    "in capitals": f"AUTHENTICATION-RESULTS: NAME; {PASS.upper()}",
    "commented": f"Authentication-Results: (a) NAME (b); {PASS}",
    "quoted": f'Authentication-Results: "NAME"; {PASS}',
    "folded": "Authentication-Results:\r\n NAME;\r\n\tdkim=pass"
              f"\r\n header.d={VICTIM}",
    "without spaces": f"Authentication-Results:NAME;{PASS}",
    "not parsed by OpenDKIM": f"Authentication-Results: NAME; {PASS} x.y=z",
    "escaped": f"Authentication-Results: \\NAME; {PASS}",
    "with a dot more": f"Authentication-Results: NAME.; {PASS}",
    "with 8 bits": f"Authentication-Results: NAME; {PASS} (\xe4)",
    "nine times": "\r\n".join(f"Authentication-Results: NAME; {PASS}"
                              for _ in range(9)),
    "nine, unparsed": "\r\n".join(
        f"Authentication-Results: NAME; {PASS} x.y=z"
        for _ in range(9)),
    "before a long one": f"Authentication-Results: NAME; {PASS} x.y=z\r\n"
                         "Authentication-Results: NAME; "
                         + "dkim=fail (" + "x" * 900 + ");\r\n " * 5 + PASS,
}

# Tags of a signature that OpenDKIM copies into its result.
INJECTED = {
    "a result in i=": [("i", "x=20header.a=3Drsa-sha256=20header.s=3Ds"
                        "=20header.b=3Dx=3B=20dkim=3Dpass=20header.d=3D"
                        + VICTIM + "=20header.i=3D@" + EVIL)],
    "the same, in the victim's name":
        [("i", f"@{EVIL}=20header.a=3Drsa-sha256=20header.s=3Ds=20header.b=3Dx"
          f"=3B=20dkim=3Dpass=20header.d=3D{VICTIM}=20header.i=3D@{VICTIM}")],
    "a line end in i=": [("i", f"x=0D=0AFrom:=20<a@{VICTIM}>=0D=0A=0D=0A"
                          f"@{EVIL}")],
    "i= twice": [("i", "@" + EVIL), ("i", "@" + VICTIM)],
    "d= twice": [("d", VICTIM)],
    "only a part of the body": [("l", "0")],
}


def check_forgeries(tap, test):
    mallory = test.message("mallory@" + VICTIM)
    for name in FORGED:
        with tap.check(f"another domain's mail, own results on top: {name}"):
            message = test.sign(mallory, EVIL)
            test.refused(test.forged(name) + message, 554, INVALID,
                         "dkim-invalid", "dkim-forged")
        with tap.check(f"the same where no verifier answers: {name}"):
            message = test.sign(mallory, "x.tempfail.test", key=EVIL)
            got, said = test.deliver(test.forged(name) + message)
            # once the resolver remembers, OpenDKIM takes no answer for no key
            assert (got, said.split("\n")[-1].split(":")[0].split()[-1]) in (
                (451, "dkim-unverified"), (554, "dkim-invalid")), (got, said)
    for name, tags in INJECTED.items():
        with tap.check(f"a signature that writes into the results: {name}"):
            test.refused(test.sign(mallory, EVIL, extra=tags), 554, INVALID,
                         "dkim-signature")
    for name, domain in {"a blank": f"{VICTIM} .{EVIL}",
                         "a property": f"{VICTIM} header.x=.{EVIL}",
                         "a comment": f"{VICTIM}(.{EVIL}",
                         "a fold": f"{VICTIM}\r\n\t.{EVIL}"}.items():
        with tap.check(f"d= with {name} in it"):
            test.refused(test.sign(mallory, domain, key=EVIL), 554, INVALID,
                         "dkim-signature")
    with tap.check("a second From: 500"):
        message = test.sign(mallory, EVIL)
        got, said = test.deliver(f"From: <x@{EVIL}>\r\n".encode() + message)
        expect(got, 500)
    with tap.check("a second From that is malformed, on a bounce: 500"):
        bounce = (ATTACKS / "bounce.eml").read_bytes().replace(
            b"elsewhere.test", EVIL.encode())
        signed = test.sign(bounce, EVIL)
        broken = f'From: "Bank" <bank@{VICTIM}>\x01\r\n'.encode()
        expect(test.deliver(signed)[0], 250)
        expect(test.deliver(broken + signed)[0], 500)
    with tap.check("a field of 100 KB is answered for good, not by 451"):
        got, said = test.deliver(b"To: " + b"x" * 100000 + b"\r\n" + mallory)
        assert got == 554 and MISSING in said, (got, said)
    with tap.check("two From addresses, one of them signed: 500"):
        message = mallory.replace(f"From: <mallory@{VICTIM}>".encode(),
                                  f"From: <x@{EVIL}>, <m@{VICTIM}>".encode())
        got, said = test.deliver(test.sign(message, EVIL))
        expect(got, 500)
    with tap.check("our name in results of an honest sender: 554, or dropped"):
        honest = test.sign(test.message("a@" + VICTIM), VICTIM)
        stored = test.delivered(test.forged("plain") + honest)
        assert "Authentication-Results" not in stored
        test.refused(test.forged("not parsed by OpenDKIM") + honest, 554,
                     INVALID, "dkim-forged")
    with tap.check("results of other servers do not matter, and go"):
        stored = test.delivered(
            b"Authentication-Results: mx.remote.test; dkim=fail\r\n" + honest)
        assert "Authentication-Results" not in stored


def sent_from(relay, code_text):
    """The envelope sender that the queue has, from Postfix's log."""
    queue_id = code_text.split()[-1]
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        with open(f"{relay.env['RELAY_LOG']}/postfix.log") as log:
            found = re.search(rf"qmgr\S* {queue_id}: from=<([^>]*)>",
                              log.read())
        if found:
            return found.group(1)
        time.sleep(0.1)
    raise AssertionError(f"{queue_id} is not in the log")


def check_envelope(tap, test):
    alice = "alice@" + REMOTE
    message = test.sign(test.message(alice), REMOTE)
    with tap.check("an envelope sender that is the From stays"):
        code, text = test.deliver(message, sender=alice)
        expect(code, 250)
        expect(sent_from(test.relay, text), alice)
    with tap.check("any other becomes the null sender"):
        for sender in f"bounce+x@{REMOTE}", f"someone@{EVIL}":
            code, text = test.deliver(message, sender=sender)
            expect(code, 250)
            expect(sent_from(test.relay, text), "")


def check_outgoing(tap, test, sink):
    relay, bob, other = test.relay, test.bob, "peer@elsewhere.test"
    message = rc.pgp_mime(bob[0], other, test.armor).replace(
        b"Subject: [...]", b"Subject: a secret\r\nUser-Agent: x\r\n"
        b"X-Mailer: y")
    conn = relay.smtp(bob)
    conn.sendmail(bob[0], [other], message)
    conn.quit()
    left = sink.wait(SECONDS)
    with tap.check("what leaves is signed by the relay's domain"):
        expect(left.sender, bob[0])
        value = re.search(r"(?ims)^DKIM-Signature:(.*?)\r\n(?![ \t])",
                          left.text).group(1)
        tags = dict(tag.strip().split("=", 1)
                    for tag in re.sub(r"\s+", "", value).split(";") if tag)
        expect(tags["d"], relay.domain)
        expect(tags["s"], "opendkim")
        expect(tags["c"], "relaxed/simple")
        expect(tags["a"], "rsa-sha256")
    with tap.check("with the headers that count, once more than they are"):
        signed = tags["h"].lower().split(":")
        for name in "from", "to", "subject", "date":
            expect(signed.count(name), 2)
        for name in "reply-to", "cc", "references", "autocrypt":
            expect(signed.count(name), 1)
        assert "content-type" in signed, signed
    with tap.check("after the clean-up: the changed Subject verifies"):
        assert "a secret" not in left.text and "User-Agent" not in left.text
        code, text = test.deliver(left.data, sender=left.sender)
        assert code == 250, (code, text)
    with tap.check("and one added header of those makes it void"):
        code, text = test.deliver(b"Reply-To: x@evil.test\r\n" + left.data)
        assert code == 554 and INVALID in text, (code, text)


def check_bounce(tap, test, sink):
    alice = "alice@" + REMOTE
    message = test.sign(rc.pgp_mime(alice, "nobody123@chat.test",
                                    test.armor), REMOTE)
    code, text = test.deliver(message, sender=alice,
                              recipient="nobody123@chat.test")
    with tap.check("mail to an unknown user is accepted, and bounces"):
        assert code == 250, (code, text)
        bounce = sink.wait(SECONDS)
        expect(bounce.sender, "")
        expect(bounce.recipients, [alice])
        assert "MAILER-DAEMON@chat.test" in bounce.text
    with tap.check("signed"):
        assert re.search(r"(?ims)^DKIM-Signature:.*?d=chat\.test;",
                         bounce.text), bounce.text
    with tap.check("so that another relay, like this one, takes it"):
        stored = test.delivered(bounce.data)
        assert "multipart/report" in stored
        test.bounce = bounce.data
    with tap.check("without its signature it is refused"):
        code, text = test.deliver(bounce.data.replace(b"DKIM-Signature:",
                                                      b"X-Was:", 1))
        assert code == 554 and MISSING in text, (code, text)
    with tap.check("somebody else's bounce needs his signature"):
        code, text = test.deliver(bounce.data.replace(
            b"MAILER-DAEMON@chat.test", b"MAILER-DAEMON@remote.test"))
        assert code == 554 and INVALID in text, (code, text)


def check_federation(tap, test):
    def rule(*words):
        subprocess.run([test.relay.env["RELAY_POLICY_PROGRAM"], "-c",
                        test.relay.env["RELAY_CONFIG"], "federation", *words],
                       check=True, timeout=SECONDS)

    evil = test.sign(test.message("mallory@" + EVIL), EVIL)
    rule("block", EVIL)
    with tap.check("a blocked domain has no way around by the envelope"):
        for sender in "", "alice@" + REMOTE:
            code, text = test.deliver(evil, sender=sender)
            assert code == 550 and "federation:" in text, (code, text)
    with tap.check("nor with a SecureJoin request"):
        request = rc.secure_join_request("mallory@" + EVIL, test.bob[0])
        test.refused(test.sign(request, EVIL), 550, "does not accept mail",
                     "federation")
    with tap.check("others, signed by it as well, have"):
        test.delivered(test.sign(test.sign(test.message("alice@" + REMOTE),
                                           REMOTE), EVIL))
    with tap.check("bounces of it still tell what became of a message"):
        test.delivered(test.sign(re.sub(
            rb"(?ims)^DKIM-Signature:.*?\r\n(?![ \t])", b"",
            test.bounce.replace(b"MAILER-DAEMON@chat.test",
                                b"MAILER-DAEMON@" + EVIL.encode())), EVIL))
    with tap.check("an address of it that is allowed, without a restart"):
        rule("allow", "mallory@" + EVIL)
        test.delivered(evil)
        rule("forget", "mallory@" + EVIL)
        test.refused(evil, 550, "does not accept mail", "federation")
    rule("forget", EVIL)
    with tap.check("forgotten: delivered again"):
        test.delivered(evil)


def check_secret(tap, test):
    """Of the verifier's name. That a right queue id behind the public name is
    not believed is in unit/test-origin.c."""
    relay = test.relay
    path = pathlib.Path(relay.dir, "authserv-secret")
    log = pathlib.Path(relay.env["RELAY_LOG"], "milter.log")
    secret = path.read_text()
    message = test.sign(test.message("alice@" + REMOTE), REMOTE)

    def reload(text, expected, mode=0o640):
        before = log.read_text().count(expected)
        path.unlink()
        if text is not None:
            path.write_text(text)
            shutil.chown(path, group="vmail")
            path.chmod(mode)
        read_again(before, expected)

    def read_again(before, expected):
        pid = int(pathlib.Path(relay.env["RELAY_MILTER_PID"]).read_text())
        os.kill(pid, signal.SIGHUP)
        end = time.monotonic() + SECONDS
        while log.read_text().count(expected) == before:
            assert time.monotonic() < end, f"no {expected} in the log"
            time.sleep(0.02)

    with tap.check("the verifier's name ends in a secret that few can read"):
        expect(test.name, "chat.test-" + secret.strip())
        expect(len(secret.strip()), 32)
        verify = pathlib.Path(relay.dir, "dkim", "opendkim-verify.conf")
        for file, owner, mode in ((path, "root", 0o640),
                                  (verify, "opendkim", 0o600)):
            expect((file.owner(), file.stat().st_mode & 0o777), (owner, mode))
        expect(path.group(), "vmail")
    with tap.check("chatmail-dkim leaves the secret alone"):
        os.mkdir(f"{relay.dir}/dkim-again")
        done = subprocess.run(
            ["sh", f"{relay.dir}/dkim/shipped/chatmail-dkim", "-d",
             f"{relay.dir}/dkim-again", relay.env["RELAY_CONFIG"]],
            env={**os.environ,
                 "CHATMAIL_CONFIG": relay.env["CHATMAIL_CONFIG"]},
            capture_output=True, timeout=SECONDS, check=False)
        expect((done.returncode, done.stderr), (0, b""))
        expect(path.read_text(), secret)
        assert secret.strip() not in done.stdout.decode()
        again = pathlib.Path(relay.dir, "dkim-again", "opendkim-verify.conf")
        assert re.search(rf"(?m)^AuthservID +{test.name}$", again.read_text())
    with tap.check("results in the public name are a stranger's, and go"):
        stored = test.delivered(
            f"Authentication-Results: chat.test; {PASS} x.y=z\r\n".encode() +
            message)
        assert "Authentication-Results" not in stored
        assert secret.strip() not in stored
    with tap.check("the verifier has another secret: 451, nothing is lost"):
        reload("0" * 32 + "\n", "settings read again")
        test.refused(message, 451, "try again", "dkim-unverified")
    with tap.check("the same where there is none any more"):
        path.touch()
        reload(None, "settings read again")
        test.refused(message, 451, "try again", "dkim-unverified")
    with tap.check("a file that is no secret changes nothing"):
        path.touch()
        reload(secret, "settings read again")
        reload("short\n", "settings stay as they were")
        test.delivered(message)
        assert "expected 16 to 40 letters" in log.read_text()
    with tap.check("nor does one that everybody can read, which is named"):
        reload(secret, f"{path}: must be mode 0640", 0o644)
        test.delivered(message)
        reload(secret, "settings read again")
    with tap.check("a link to the file will do"):
        there = path.rename(path.with_name("elsewhere"))
        path.symlink_to(there)
        read_again(log.read_text().count("settings read again"),
                   "settings read again")
        test.delivered(message)


def check_down(tap, test):
    relay = test.relay
    message = test.sign(test.message("alice@" + REMOTE), REMOTE)
    shell(relay.dir, "relay_stop_dkim")
    with tap.check("OpenDKIM away: 4xx on port 25, nothing passes"):
        try:
            code, _ = test.deliver(message)
        except smtplib.SMTPResponseException as error:
            code = error.smtp_code
        except smtplib.SMTPServerDisconnected:
            code = 421
        expect(code // 100, 4)
    with tap.check("and on submission"):
        try:
            with relay.smtp(test.bob) as conn:
                conn.sendmail(test.bob[0], [test.bob[0]],
                              test.message(test.bob[0]))
            code = 250
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
        except smtplib.SMTPResponseException as error:
            code = error.smtp_code
        expect(code // 100, 4)
    with tap.check("no verifier configured, or it is ignored: 451"):
        shell(relay.dir, "relay_postconf", "-e", "chatmail_dkim_verify=")
        reload_postfix(relay)
        end = time.monotonic() + SECONDS
        while True:
            code, text = reply = test_reply(test, message)
            if code != 0 or time.monotonic() > end:
                break
            time.sleep(0.2)
        assert code == 451 and "dkim-unverified:" in text, reply
        forged = test.forged("not parsed by OpenDKIM", REMOTE)
        code, text = test.deliver(forged + message)
        assert code == 451 and "dkim-unverified:" in text, (code, text)


def test_reply(test, message):
    """(0, "") as long as Postfix works by its old settings."""
    try:
        code, text = test.deliver(message)
    except (smtplib.SMTPException, OSError):
        return 0, ""
    return (code, text) if "dkim" in text or code == 250 else (0, "")


def check_command(tap, test):
    relay = test.relay
    path = f"{relay.dir}/message.eml"
    program = relay.env["RELAY_MILTER_PROGRAM"]

    def check(data, *options):
        with open(path, "wb") as file:
            file.write(data)
        done = subprocess.run(
            [program, "check", "--direction", "incoming", "-c",
             relay.env["RELAY_CONFIG"], "--rcpt", test.bob[0], *options,
             path], capture_output=True, check=False, timeout=SECONDS)
        return done.returncode, done.stdout.decode()

    message = test.sign(test.message("alice@" + REMOTE), REMOTE)
    with tap.check("check judges the content, and with --dkim the origin"):
        expect(check(message)[0], 0)
        code, text = check(message, "--dkim")
        assert code == 1 and "dkim-unverified" in text, text
        code, text = check(b"Authentication-Results: chat.test/1A2B;\r\n"
                           b"\tdkim=pass (2048-bit key) header.d=remote.test\r\n"
                           + message, "--dkim")
        assert code == 0, text


with Tap() as tap, SmtpSink() as sink:
    def before_start(relay):
        shell(relay.dir, "relay_postconf", "-e",
              f"default_transport=smtp:[127.0.0.1]:{sink.port}",
              "smtp_tls_security_level=none")

    with started_relay(tap, before_start=before_start,
                       env={"RELAY_DKIM": f"{REMOTE} {EVIL} {VICTIM}"}) \
            as relay, rc.Gpg() as gpg:
        bob = relay.new_login()
        relay.imap(bob).logout()
        gpg.make_key(bob[0])
        test = Test(relay, gpg, bob)
        check_signatures(tap, test)
        check_forgeries(tap, test)
        check_envelope(tap, test)
        check_outgoing(tap, test, sink)
        check_bounce(tap, test, sink)
        check_federation(tap, test)
        check_command(tap, test)
        check_secret(tap, test)
        check_down(tap, test)
