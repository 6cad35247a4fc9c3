# SPDX-License-Identifier: MIT
"""What real clients write around an OpenPGP message, byte for byte but for
addresses, dates and random parts of boundaries. README says where each was
seen."""

ALICE, BOB, CAROL = ("alice0001@relay.test", "bobbb0002@relay.test",
                     "carol0003@relay.test")


def top(sender=ALICE, to=BOB, subject="...", extra=()):
    lines = ["From: %s" % sender, "To: %s" % to, "Subject: %s" % subject,
             "Date: Fri, 20 Nov 2026 10:00:00 +0000",
             "Message-ID: <c0ffee00-0000-4000-8000-000000000001@localhost>",
             "MIME-Version: 1.0", *extra]
    return "\n".join(lines) + "\n"


# name: (top header lines, text from Content-Type on; @ is the armor)
DRESS = {}

# chatmail/core 1.56.0 to 1.15x (lettre_email)
DRESS["deltachat-1.56"] = (top(extra=["Chat-Version: 1.0"]), """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
\tboundary="YFrteb74qSXmggbOxZL9dRnhymywAi"


--YFrteb74qSXmggbOxZL9dRnhymywAi
Content-Description: PGP/MIME version identification
Content-Type: application/pgp-encrypted

Version: 1


--YFrteb74qSXmggbOxZL9dRnhymywAi
Content-Description: OpenPGP encrypted message
Content-Disposition: inline; filename="encrypted.asc";
Content-Type: application/octet-stream; name="encrypted.asc"

@

--YFrteb74qSXmggbOxZL9dRnhymywAi--

""")

# chatmail/core 2.x before 2.50 (mail-builder)
DRESS["deltachat-2.40"] = ("""\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\x20
\tboundary="18566fe03178296e_f40510c3b59ace3_ecf843ae3ccd2b17"
MIME-Version: 1.0
From: <alice0001@relay.test>
To: "hidden-recipients": ;
Subject: [...]
Date: Mon, 28 Jul 2025 14:15:14 +0000
Message-ID: <48b9e9cc-2bae-4d41-89b4-a409e2c60c28@localhost>
Chat-Version: 1.0
""", """\


--18566fe03178296e_f40510c3b59ace3_ecf843ae3ccd2b17
Content-Type: application/pgp-encrypted; charset="utf-8"
Content-Description: PGP/MIME version identification
Content-Transfer-Encoding: 7bit

Version: 1

--18566fe03178296e_f40510c3b59ace3_ecf843ae3ccd2b17
Content-Type: application/octet-stream; name="encrypted.asc";\x20
\tcharset="utf-8"
Content-Description: OpenPGP encrypted message
Content-Disposition: inline; filename="encrypted.asc";
Content-Transfer-Encoding: 7bit

@

--18566fe03178296e_f40510c3b59ace3_ecf843ae3ccd2b17--

""")

# Thunderbird 78 and later; Enigmail 1.9/2.x the same
THUNDERBIRD = """\
Content-Type: multipart/encrypted;
 protocol="application/pgp-encrypted";
 boundary="%(b)s"

This is an OpenPGP/MIME encrypted message (RFC %(rfc)s)
--%(b)s
Content-Type: application/pgp-encrypted
Content-Description: PGP/MIME version identification

Version: 1

--%(b)s
Content-Type: application/octet-stream; name="encrypted.asc"
Content-Description: OpenPGP encrypted message
Content-Disposition: inline; filename="encrypted.asc"

@
--%(b)s--
"""
DRESS["thunderbird-78"] = (
    "Message-ID: <0bb9ffe1-2596-d997-95b4-1fef8cc4808e@relay.test>\n"
    "Date: Fri, 20 Nov 2026 10:00:00 +0000\nMIME-Version: 1.0\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101\n"
    " Thunderbird/102.13.0\nFrom: Alice <alice0001@relay.test>\n"
    "To: bobbb0002@relay.test\nContent-Language: en-US\nSubject: ...\n",
    THUNDERBIRD % {"b": "------------ODMSY6iRxlSk4uG4zIxjzLbw",
                   "rfc": "4880 and 3156"})
DRESS["enigmail-1.6"] = (
    top(subject="Encrypted Message", extra=["X-Enigmail-Version: 1.6"]),
    THUNDERBIRD % {"b": "yIuKl9CZjofeRWX4nmi7Fpd5iMT9ZpzLi",
                   "rfc": "2440 and 3156"})

# K-9 Mail, Thunderbird for Android (PgpMessageBuilder.java)
DRESS["k9"] = (top(subject="Encrypted Message",
                   extra=["Content-Transfer-Encoding: 7bit"]), """\
Content-Type: multipart/encrypted; boundary="----5XHM2XJGSDMZ1IHG4QWXOXIWXTXUHB";
  protocol="application/pgp-encrypted"

------5XHM2XJGSDMZ1IHG4QWXOXIWXTXUHB
Content-Type: application/pgp-encrypted
Content-Transfer-Encoding: quoted-printable

Version: 1
------5XHM2XJGSDMZ1IHG4QWXOXIWXTXUHB
Content-Type: application/octet-stream; name="encrypted.asc"
Content-Transfer-Encoding: 7bit
Content-Disposition: inline; filename="encrypted.asc"

@
------5XHM2XJGSDMZ1IHG4QWXOXIWXTXUHB--
""")

# Mutt 1.5 to 2.2: crypt-gpgme.c, pgp.c. A new body is an attachment unless
# said otherwise.
MUTT = """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
\tboundary="mP3DRpeJDSE+ciuQ"

--mP3DRpeJDSE+ciuQ
Content-Type: application/pgp-encrypted
Content-Disposition: attachment

Version: 1

--mP3DRpeJDSE+ciuQ
Content-Type: application/octet-stream
Content-Disposition: %s; filename="msg.asc"

@
--mP3DRpeJDSE+ciuQ--
"""
DRESS["mutt-2.2"] = (top(), MUTT % "attachment")
DRESS["mutt-1.5"] = (top(extra=["Content-Disposition: inline",
                                "User-Agent: Mutt/1.5.23 (2014-03-12)"]),
                     MUTT % "inline")

# KMail (messagecomposer util.cpp; KMime writes "7Bit")
DRESS["kmail"] = (top(), """\
Content-Type: multipart/encrypted; boundary="nextPart2440608.7aRn1RRit1"; protocol="application/pgp-encrypted"

--nextPart2440608.7aRn1RRit1
Content-Type: application/pgp-encrypted
Content-Disposition: attachment
Content-Transfer-Encoding: 7Bit

Version: 1
--nextPart2440608.7aRn1RRit1
Content-Type: application/octet-stream
Content-Disposition: inline; filename="msg.asc"
Content-Transfer-Encoding: 7Bit

@
--nextPart2440608.7aRn1RRit1--
""")

# Evolution (camel-gpg-context.c), English locale
DRESS["evolution"] = (top(), """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
\tboundary="=-xHYwyT2JO/SZbFoTAsDY"

--=-xHYwyT2JO/SZbFoTAsDY
Content-Type: application/pgp-encrypted
Content-Transfer-Encoding: 7bit

Version: 1

--=-xHYwyT2JO/SZbFoTAsDY
Content-Type: application/octet-stream; name="encrypted.asc"
Content-Description: This is a digitally encrypted message part
Content-Transfer-Encoding: 7bit

@
--=-xHYwyT2JO/SZbFoTAsDY--
""")

# Outlook with GpgOL (Gpg4win)
DRESS["gpgol"] = (top(), """\
Content-Type: multipart/encrypted;
\tprotocol="application/pgp-encrypted";
\tboundary="=-=eXzpHG8PYqqtRw=-="

--=-=eXzpHG8PYqqtRw=-=
Content-Type: application/pgp-encrypted

Version: 1

--=-=eXzpHG8PYqqtRw=-=
Content-Type: application/octet-stream
Content-Disposition: inline;
\tfilename="openpgp-encrypted-message.asc"
Content-Transfer-Encoding: 7Bit

@

--=-=eXzpHG8PYqqtRw=-=--
""")

# GPGTools for Apple Mail
DRESS["gpgtools"] = (top(extra=["X-Mailer: Apple Mail (2.1510)"]), """\
Content-Type: multipart/encrypted;
\tboundary="Apple-Mail=_958C7242-A49F-43A8-BE2A-ECEB8F7E0190";
\tprotocol="application/pgp-encrypted";

This is an OpenPGP/MIME encrypted message (RFC 2440 and 3156)
--Apple-Mail=_958C7242-A49F-43A8-BE2A-ECEB8F7E0190
Content-Transfer-Encoding: 7bit
Content-Type: application/pgp-encrypted
Content-Description: PGP/MIME Versions Identification

Version: 1

--Apple-Mail=_958C7242-A49F-43A8-BE2A-ECEB8F7E0190
Content-Transfer-Encoding: 7bit
Content-Disposition: inline;
    filename=encrypted.asc
Content-Type: application/octet-stream;
    name=encrypted.asc
Content-Description: OpenPGP encrypted message

@
--Apple-Mail=_958C7242-A49F-43A8-BE2A-ECEB8F7E0190--
""")

# Mailvelope (src/modules/mime.js, emailjs-mime-builder)
DRESS["mailvelope"] = (top(), """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
 boundary="----sinikael-?=_1-16059234567890.1234567890123456"

This is an OpenPGP/MIME encrypted message (RFC 2440 and 3156)
------sinikael-?=_1-16059234567890.1234567890123456
Content-Type: application/pgp-encrypted
Content-Description: PGP/MIME version identification
Content-Transfer-Encoding: 7bit

Version: 1
------sinikael-?=_1-16059234567890.1234567890123456
Content-Type: application/octet-stream; name=encrypted.asc
Content-Description: OpenPGP encrypted message
Content-Disposition: inline; filename=encrypted.asc
Content-Transfer-Encoding: 7bit

@
------sinikael-?=_1-16059234567890.1234567890123456--
""")

# Proton Mail (proton-bridge's builder and its tests)
DRESS["proton"] = (top(subject="..."), """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
 boundary="------be1c9fc96d97a2e3d6c0bccfed5abe3fc8fc46df0a006f3488f46f84580c"; charset=utf-8

This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)
--------be1c9fc96d97a2e3d6c0bccfed5abe3fc8fc46df0a006f3488f46f84580c
Content-Type: application/pgp-encrypted
Content-Description: PGP/MIME version identification

Version: 1

--------be1c9fc96d97a2e3d6c0bccfed5abe3fc8fc46df0a006f3488f46f84580c
Content-Type: application/octet-stream; name="encrypted.asc"
Content-Description: OpenPGP encrypted message
Content-Disposition: inline; filename="encrypted.asc"

@
--------be1c9fc96d97a2e3d6c0bccfed5abe3fc8fc46df0a006f3488f46f84580c--
""")

# Roundcube, plugin enigma (Mail_mimePart)
DRESS["roundcube"] = (top(), """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
 boundary="=_0123456789abcdef0123456789abcdef"

This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)
--=_0123456789abcdef0123456789abcdef
Content-Transfer-Encoding: 7bit
Content-Type: application/pgp-encrypted
Content-Description: PGP/MIME version identification

Version: 1
--=_0123456789abcdef0123456789abcdef
Content-Transfer-Encoding: 7bit
Content-Type: application/octet-stream;
 name=encrypted.asc
Content-Disposition: inline;
 filename=encrypted.asc
Content-Description: PGP/MIME encrypted message

@
--=_0123456789abcdef0123456789abcdef--
""")

# Gnus (mml2015.el), gpg-wks-client, plain RFC 3156
DRESS["gnus"] = (top(extra=["User-Agent: Gnus/5.13 (Gnus v5.13)"]), """\
Content-Type: multipart/encrypted; boundary="=-=-=";
\tprotocol="application/pgp-encrypted"

--=-=-=
Content-Type: application/pgp-encrypted

Version: 1

--=-=-=
Content-Type: application/octet-stream

@
--=-=-=--
""")

# Python's email library puts MIME-Version on every part: Zeyple
DRESS["zeyple"] = (top(extra=["X-Zeyple: processed by zeyple/1.2.2"]), """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
 boundary="===============0123456789012345678=="

--===============0123456789012345678==
Content-Type: application/pgp-encrypted
MIME-Version: 1.0
Content-Description: PGP/MIME version identification

Version: 1

--===============0123456789012345678==
Content-Type: application/octet-stream; name="encrypted.asc"
MIME-Version: 1.0
Content-Description: OpenPGP encrypted message
Content-Disposition: inline; filename="encrypted.asc"

@
--===============0123456789012345678==--
""")

# Horde IMP (Horde_Crypt_Pgp)
DRESS["horde"] = (top(extra=["Content-Description: PGP Encrypted Data",
                             "User-Agent: Horde Application Framework 5"]),
                  """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
 boundary="=_bGZ7pYHzTWxVQkWTjDqKnA1"

This message is in MIME format and has been PGP encrypted.

--=_bGZ7pYHzTWxVQkWTjDqKnA1
Content-Type: application/pgp-encrypted

Version: 1

--=_bGZ7pYHzTWxVQkWTjDqKnA1
Content-Type: application/octet-stream
Content-Disposition: inline

@
--=_bGZ7pYHzTWxVQkWTjDqKnA1--
""")

# Nextcloud Mail with Mailvelope (MimeMessage.php, horde/Mime Part.php)
DRESS["nextcloud-mail"] = (top(), """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";
 boundary="=_bGZ7pYHzTWxVQkWTjDqKnA1"

This message is in MIME format.

--=_bGZ7pYHzTWxVQkWTjDqKnA1
Content-Type: application/pgp-encrypted
Content-Description: PGP/MIME Versions Identification

Version: 1
--=_bGZ7pYHzTWxVQkWTjDqKnA1
Content-Type: application/octet-stream; name=encrypted.asc
Content-Description: OpenPGP encrypted message
Content-Disposition: inline; filename=encrypted.asc

@
--=_bGZ7pYHzTWxVQkWTjDqKnA1--
""")

# Schleuder: mail-gpg, on Ruby's mail library
DRESS["schleuder"] = (top(extra=["Content-Transfer-Encoding: 7bit"]), """\
Content-Type: multipart/encrypted;
 boundary="--==_mimepart_591c5b4239450_3fa16372fc727b2";
 protocol="application/pgp-encrypted"

This is an OpenPGP/MIME encrypted message (RFC 2440 and 3156)
----==_mimepart_591c5b4239450_3fa16372fc727b2
Content-Type: application/pgp-encrypted
Content-Transfer-Encoding: 7bit
Content-Description: PGP/MIME Versions Identification

Version: 1
----==_mimepart_591c5b4239450_3fa16372fc727b2
Content-Type: application/octet-stream;
 name=encrypted.asc
Content-Transfer-Encoding: 7bit
Content-Disposition: inline;
 filename=encrypted.asc
Content-ID: <591c5b4239450_3fa16372fc727b2@lists.relay.test.mail>
Content-Description: OpenPGP encrypted message

@

----==_mimepart_591c5b4239450_3fa16372fc727b2--
""")

# Part 2 encoded once more, as servers and strict libraries do
ENCODED = """\
Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b1"

--b1
Content-Type: application/pgp-encrypted

Version: 1

--b1
Content-Type: application/octet-stream; name="encrypted.asc"
Content-Transfer-Encoding: %s

@
--b1--
"""
DRESS["base64"] = (top(), ENCODED % "base64")
DRESS["quoted-printable"] = (top(), ENCODED % "quoted-printable")
