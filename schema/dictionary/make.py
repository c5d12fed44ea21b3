#!/usr/bin/python3
"""Trains a dictionary for the bodies that the store keeps, from samples written here.

usage: make.py FILE        for example make.py 002.zdict; needs the program zstd

The number in the file's name is what a row of `body` says: once it was in a release, a
dictionary never changes and never goes, and a better one gets the next number. Everything
in the samples is invented by chance, from words: they have the members, the order and the
blanks of what SES and SNS write, and everything else differs from one to the next, so that
what the dictionary learns is the form.
"""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

SAMPLES = 6000
# Twice as large, it would not make bodies smaller at the level of body.c.
DICTIONARY_BYTES = 16 * 1024
LEVEL = 3  # of the entropy tables; any level of zstd reads and uses them
# The trainer takes segments of 1,000 bytes: whole members, in the order SES has them.
TRAINER = "--train-fastcover=k=1000,d=8,f=20,accel=1"
# What zstd's format sets aside for private use begins here; the frames do not carry it.
FIRST_ID = 32768

REGIONS = ["us-east-1"] * 5 + ["eu-west-1"] * 3 + ["us-west-2"] * 2 + [
    "eu-central-1", "us-east-2", "ap-southeast-2", "ap-south-1", "ap-northeast-1", "eu-west-2",
    "ca-central-1", "sa-east-1"]
WORDS = """able acorn amber apple arrow autumn badge bakery barrel basket beacon berry birch
    blue bridge bright brook cactus candle canyon cedar cherry circle clover cobalt copper
    coral crane crystal daisy delta dune eagle early ember fable falcon fern field flint
    forest fox garden ginger globe golden grain granite green grove harbor hazel hill honey
    indigo iron island ivory jade juniper kettle lake lantern lemon light lily linen lunar
    maple marble meadow mint mist moss mountain nectar north oak ocean olive onyx orchid owl
    paper pearl pebble pepper pine planet plum prairie quartz quill rain raven reef ridge
    river robin rose ruby saffron sage sail salt sand sapphire scarlet shell silver sky slate
    snow spark spring star stone storm summer sunset swift thistle timber trail tulip valley
    velvet violet walnut water wheat willow winter wolf wren yarrow zephyr""".split()
NAMES = """alex andrea anna ben carla chris daniel david elena emma eric eva frank hannah ian
    jack james jane john julia karen kevin laura lee lisa maria mark martin mary max michael
    nina olga oscar paul peter robert ruth sam sara simon sofia steve susan thomas tim tom
    victor""".split()
TOP_LEVEL = ["com"] * 6 + ["net", "org", "io", "de", "co.uk", "fr", "nl", "it", "eu"]
MAILBOXES = ["gmail.com"] * 5 + ["yahoo.com", "outlook.com", "hotmail.com", "icloud.com",
                                 "aol.com", "gmx.de", "web.de", "orange.fr", "mail.ru"]
SENDERS = ["news", "newsletter", "no-reply", "noreply", "info", "hello", "support", "orders",
           "notifications", "team", "billing", "accounts", "updates", "service"]
SUBJECTS = ["Your order has been shipped", "Welcome", "Confirm your email address",
            "Reset your password", "Your invoice", "Weekly news", "What is new this week",
            "Your receipt", "Reminder: your appointment", "New message", "Special offers",
            "Verify your account", "Thank you for your order", "Your subscription"]
HARD = [
    ("5.1.1", "smtp; 550-5.1.1 The email account that you tried to reach does not exist. "
     "Please try\n550-5.1.1 double-checking the recipient's email address for typos or\n"
     "550-5.1.1 unnecessary spaces. For more information, go to\n550 5.1.1  "
     "https://support.google.com/mail/?p=NoSuchUser {id} - gsmtp"),
    ("5.1.1", "smtp; 550 5.1.1 <{to}>: Recipient address rejected: User unknown in virtual "
     "mailbox table"),
    ("5.1.1", "smtp; 550 5.1.1 user unknown"),
    ("5.1.1", "smtp; 550 5.1.1 <{to}> User unknown; rejecting"),
    ("5.1.1", "smtp; 550 5.1.1 <{to}>: Email address could not be found, or was misspelled"),
    ("5.1.1", "smtp; 550 5.1.1 No such user here"),
    ("5.5.0", "smtp; 550 5.5.0 Requested action not taken: mailbox unavailable "
     "(S2017062302)."),
    ("5.0.0", "smtp; 550 Requested action not taken: mailbox unavailable"),
    ("5.1.10", "smtp; 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {to} not found by "
     "SMTP address lookup"),
    ("5.4.1", "smtp; 550 5.4.1 Recipient address rejected: Access denied. AS(201806281) "
     "[{id}.eurprd05.prod.outlook.com]"),
    ("5.2.1", "smtp; 550 5.2.1 The email account that you tried to reach is inactive. "
     "https://support.google.com/mail/?p=DisabledUser {id} - gsmtp"),
    ("5.0.0", "smtp; 554 delivery error: dd This user doesn't have a {domain} account ({to}) "
     "[0] - mta4{n}.mail.bf1.yahoo.com"),
    ("5.0.0", "smtp; 552 1 Requested mail action aborted, mailbox not found"),
    ("5.4.4", "smtp; 550 5.4.4 Invalid domain"),
]
SOFT = [
    ("4.4.7", "smtp; 554 4.4.7 Message expired: unable to deliver in 840 minutes.<421 4.4.0 "
     "Unable to lookup DNS for {domain}>"),
    ("4.4.7", "smtp; 550 4.4.7 Message expired: unable to deliver in 840 minutes.<421 4.4.1 "
     "Failed to establish connection>"),
    ("5.2.2", "smtp; 552-5.2.2 The email account that you tried to reach is over quota. "
     "Please direct\n552-5.2.2 the recipient to\n552 5.2.2  "
     "https://support.google.com/mail/?p=OverQuotaPerm {id} - gsmtp"),
    ("5.2.2", "smtp; 552 5.2.2 Mailbox full"),
    ("4.2.2", "smtp; 452 4.2.2 The email account that you tried to reach is over quota"),
    ("5.7.1", "smtp; 550 5.7.1 Message rejected due to content restrictions"),
    ("5.7.1", "smtp; 550 5.7.1 Service unavailable, Client host [{ip}] blocked using "
     "Spamhaus. To request removal from this list see https://www.spamhaus.org/query/ip/{ip}"),
    ("5.7.26", "smtp; 550-5.7.26 Unauthenticated email from {domain} is not accepted due to "
     "domain's DMARC policy"),
    ("5.3.4", "smtp; 552 5.3.4 Message size exceeds fixed limit"),
]
SUBTYPES = {
    "Permanent": ["General"] * 12 + ["NoEmail", "Suppressed", "OnAccountSuppressionList"],
    "Transient": ["General"] * 5 + ["MailboxFull"] * 3 + [
        "MessageTooLarge", "ContentRejected", "AttachmentRejected", "CustomTimeoutExceeded"],
    "Undetermined": ["Undetermined"],
}
AGENTS = ["Yahoo!-Mail-Feedback/2.0", "Amazon SES Mailbox Simulator",
          "ReturnPathFBL/2.0", "AOL SComp", "Comcast Feedback Loop", "MailRu FBL/1.0"]


def hexadecimal(dice: random.Random, digits: int) -> str:
    return f"{dice.getrandbits(4 * digits):0{digits}x}"


def uuid(dice: random.Random) -> str:
    return "-".join(hexadecimal(dice, digits) for digits in (8, 4, 4, 4, 12))


class Sender:
    """An account, and what all of its messages have in common."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.region = dice.choice(REGIONS)
        self.account = f"{dice.randrange(10**12):012d}"
        self.domain = domain(dice)
        self.mailbox = f"{dice.choice(SENDERS)}@{self.domain}"
        self.name = " ".join(dice.sample(WORDS, 2)).title()
        self.set = "-".join(dice.sample(WORDS, dice.choice([1, 1, 2])))
        self.topic = f"arn:aws:sns:{self.region}:{self.account}:" + dice.choice(
            ["ses-feedback", "ses-bounces", "ses-complaints", "ses-events", "ses-notifications",
             "bounces", f"{dice.choice(WORDS)}-ses"])
        self.subscription = f"{self.topic}:{uuid(dice)}"
        self.certificate = hexadecimal(dice, 32)
        self.is_event_feed = dice.random() < 0.6
        self.has_headers = dice.random() < 0.6
        self.is_bridged = dice.random() < 0.05

    def time(self, ms: int) -> str:
        days, rest = divmod(ms, 86_400_000)
        year, day = divmod(days, 360)  # as good as any calendar here
        seconds, ms = divmod(rest, 1000)
        return (f"{2024 + year}-{day // 30 + 1:02d}-{day % 28 + 1:02d}T{seconds // 3600:02d}:"
                f"{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}Z")

    def ses_id(self, ms: int) -> str:
        prefix = {"us-east-1": "0100", "us-west-2": "0101", "eu-west-1": "0102"}
        return (f"{prefix.get(self.region, '0107')}{ms + 1_704_067_200_000:012x}-"
                f"{uuid(self.dice)}-000000")

    def ip(self) -> str:
        return ".".join(str(self.dice.randrange(1, 255)) for _ in range(4))

    def mta(self) -> str:
        host = f"{self.dice.choice('ab')}{self.dice.randrange(1, 70)}-{self.dice.randrange(1, 250)}"
        region = "" if self.region == "us-east-1" else f".{self.region}"
        return f"{host}.smtp-out{region}.amazonses.com"

    def headers(self, to: list[str], subject: str, date: str) -> list[dict]:
        every = {
            "Received": f"from {hexadecimal(self.dice, 12)} ([{self.ip()}]) by "
                        f"email-smtp.amazonaws.com with SMTP (SimpleEmailService-d-"
                        f"{hexadecimal(self.dice, 9).upper()}) id {hexadecimal(self.dice, 20)} "
                        f"for {to[0]}; {date}",
            "Date": date, "From": f"{self.name} <{self.mailbox}>", "Reply-To": self.mailbox,
            "To": ", ".join(to), "Message-ID": f"<{uuid(self.dice)}@{self.domain}>",
            "Subject": subject, "MIME-Version": "1.0",
            "Content-Type": self.dice.choice([
                "text/html; charset=UTF-8", "text/plain; charset=utf-8",
                f"multipart/alternative;  boundary=\"----=_Part_{self.dice.randrange(10**6)}_"
                f"{self.dice.randrange(10**9)}.{self.dice.randrange(10**12)}\""]),
            "Content-Transfer-Encoding": self.dice.choice(["quoted-printable", "7bit"]),
            "List-Unsubscribe": f"<https://{self.domain}/unsubscribe/{uuid(self.dice)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "X-SES-CONFIGURATION-SET": self.set,
        }
        always = {"From", "To", "Subject", "MIME-Version", "Content-Type"}
        return [{"name": name, "value": value} for name, value in every.items()
                if name in always or self.dice.random() < 0.5]

    def mail(self, to: list[str], ms: int) -> dict:
        dice, date = self.dice, f"Mon, {ms % 28 + 1} Jan 2024 {ms % 24:02d}:15:31 +0000"
        subject = dice.choice(SUBJECTS)
        block: dict = {
            "timestamp": self.time(ms),
            "source": dice.choice([self.mailbox, f"{self.name} <{self.mailbox}>"]),
            "sourceArn": f"arn:aws:ses:{self.region}:{self.account}:identity/"
                         + dice.choice([self.domain, self.mailbox]),
        }
        if not self.is_event_feed:
            block |= {"sourceIp": self.ip(), "callerIdentity": f"ses-smtp-user.{ms}"}
        block |= {"sendingAccountId": self.account, "messageId": self.ses_id(ms),
                  "destination": to}
        if self.has_headers:
            block |= {"headersTruncated": False, "headers": self.headers(to, subject, date),
                      "commonHeaders": {"from": [f"{self.name} <{self.mailbox}>"],
                                        "replyTo": [self.mailbox], "date": date, "to": to,
                                        "messageId": self.ses_id(ms), "subject": subject}}
        if self.is_event_feed:
            block["tags"] = {
                "ses:source-tls-version": ["TLSv1.3"],
                "ses:operation": [dice.choice(["SendEmail", "SendSmtp", "SendRawEmail"])],
                "ses:configuration-set": [self.set], "ses:source-ip": [self.ip()],
                "ses:from-domain": [self.domain], "ses:caller-identity": [dice.choice(WORDS)]}
            if dice.random() < 0.3:
                block["tags"] |= {"campaign": [f"{dice.choice(WORDS)}-{dice.randrange(99)}"]}
            if dice.random() < 0.1:
                block["tags"] |= {"ses:tenant-name": [dice.choice(WORDS)]}
        return block

    def failed(self, to: str, replies: list[tuple[str, str]]) -> dict:
        status, text = self.dice.choice(replies)
        return {"emailAddress": to, "action": "failed", "status": status,
                "diagnosticCode": text.format(
                    to=to, domain=to.partition("@")[2], ip=self.ip(),
                    n=self.dice.randrange(1000, 9999), id=hexadecimal(self.dice, 22))}

    def bounce(self, to: list[str], ms: int) -> dict:
        kind = self.dice.choice(["Permanent"] * 6 + ["Transient"] * 3 + ["Undetermined"])
        replies = HARD if kind == "Permanent" else SOFT
        each = [self.failed(a, replies) for a in to]
        if kind != "Permanent" and self.dice.random() < 0.4:
            each = [{"emailAddress": a} for a in to]
        block = {"feedbackId": self.ses_id(ms), "bounceType": kind,
                 "bounceSubType": self.dice.choice(SUBTYPES[kind]), "bouncedRecipients": each,
                 "timestamp": self.time(ms), "remoteMtaIp": self.ip(),
                 "reportingMTA": f"dns; {self.mta()}"}
        return {"bounce": block}

    def complaint(self, to: list[str], ms: int) -> dict:
        block = {"feedbackId": self.ses_id(ms), "complaintSubType": None,
                 "complainedRecipients": [{"emailAddress": a} for a in to],
                 "timestamp": self.time(ms), "userAgent": self.dice.choice(AGENTS),
                 "complaintFeedbackType": self.dice.choice(["abuse"] * 8 + ["not-spam", "fraud"]),
                 "arrivalDate": self.time(ms - 4000)}
        return {"complaint": block}

    def delay(self, to: list[str], ms: int) -> dict:
        block = {"timestamp": self.time(ms), "delayType": self.dice.choice(
                     ["TransientCommunicationFailure", "MailboxFull", "General", "SpamDetected",
                      "RecipientServerError", "IPFailure"]),
                 "expirationTime": self.time(ms + 50_000_000), "reportingMTA": self.mta(),
                 "delayedRecipients": [
                     {k: v for k, v in self.failed(a, SOFT).items() if k != "action"}
                     for a in to]}
        return {"deliveryDelay": block}

    def delivery(self, to: list[str], ms: int) -> dict:
        block = {"timestamp": self.time(ms), "processingTimeMillis": self.dice.randrange(9000),
                 "recipients": to, "smtpResponse": "250 2.0.0 OK  "
                 f"{ms // 1000} {hexadecimal(self.dice, 26)} - gsmtp",
                 "remoteMtaIp": self.ip(), "reportingMTA": self.mta()}
        return {"delivery": block}

    def other(self, type: str, to: list[str], ms: int) -> dict:
        visit = {"timestamp": self.time(ms), "ipAddress": self.ip(),
                 "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
                              "(KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"}
        return {
            "Send": {"send": {}}, "Open": {"open": visit},
            "Click": {"click": visit | {"link": f"https://{self.domain}/", "linkTags": None}},
            "Reject": {"reject": {"reason": "Bad content"}},
            "Rendering Failure": {"failure": {
                "errorMessage": "Attribute 'name' is not present in the rendering data.",
                "templateName": self.dice.choice(WORDS)}},
            "Subscription": {"subscription": {
                "contactList": self.dice.choice(WORDS), "timestamp": self.time(ms),
                "source": "UnsubscribeHeader",
                "newTopicPreferences": {"unsubscribeAll": True, "topicSubscriptionStatus": [
                    {"topicName": "news", "subscriptionStatus": "OptOut"}]},
                "oldTopicPreferences": {"unsubscribeAll": False, "topicSubscriptionStatus": [
                    {"topicName": "news", "subscriptionStatus": "OptOut"}]}}},
        }[type]

    def message(self) -> str:
        dice, ms = self.dice, self.dice.randrange(90_000_000_000)
        to = [address(dice) for _ in range(dice.choice([1] * 12 + [2, 3]))]
        type = dice.choices(
            ["Bounce", "Complaint", "DeliveryDelay", "Delivery", "Reject", "Rendering Failure",
             "Subscription", "Send", "Open", "Click"], [60, 15, 8, 5, 2, 2, 2, 2, 2, 2])[0]
        makers = {"Bounce": self.bounce, "Complaint": self.complaint,
                  "DeliveryDelay": self.delay, "Delivery": self.delivery}
        block = makers[type](to, ms + 2000) if type in makers else self.other(type, to, ms)
        mail = {"mail": self.mail(to, ms)}
        event = {"eventType" if self.is_event_feed else "notificationType": type}
        event |= block | mail if dice.random() < 0.7 else mail | block
        if self.is_bridged:
            event = {"version": "0", "id": uuid(dice), "detail-type": f"Email {type}d",
                     "source": "aws.ses", "account": self.account,
                     "time": self.time(ms)[:-5] + "Z", "region": self.region,
                     "resources": [f"arn:aws:ses:{self.region}:{self.account}:"
                                   f"configuration-set/{self.set}"], "detail": event}
        end = "\n" if self.is_event_feed and not self.is_bridged else ""
        return json.dumps(event, separators=(",", ":"), ensure_ascii=False) + end

    def body(self) -> bytes:
        """What SNS posts, with blanks around its colons."""
        dice, host = self.dice, f"https://sns.{self.region}.amazonaws.com"
        envelope = {"Type": "Notification", "MessageId": uuid(dice), "TopicArn": self.topic}
        if self.is_event_feed and not self.is_bridged:
            envelope["Subject"] = "Amazon SES Email Event Notification"
        envelope |= {
            "Message": self.message(),
            "Timestamp": self.time(dice.randrange(90_000_000_000)),
            "SignatureVersion": dice.choice("112"),
            "Signature": base64.b64encode(dice.randbytes(256)).decode(),
            "SigningCertURL": f"{host}/SimpleNotificationService-{self.certificate}.pem",
            "UnsubscribeURL": f"{host}/?Action=Unsubscribe&SubscriptionArn={self.subscription}",
        }
        lines = (f"  {json.dumps(k)} : {json.dumps(v, ensure_ascii=False)}"
                 for k, v in envelope.items())
        return ("{\n" + ",\n".join(lines) + "\n}").encode()


def domain(dice: random.Random) -> str:
    return "".join(dice.sample(WORDS, dice.choice([1, 2]))) + "." + dice.choice(TOP_LEVEL)


def address(dice: random.Random) -> str:
    local = dice.choice([".", "", "_"]).join(
        dice.choice(NAMES) for _ in range(dice.choice([1, 2, 2])))
    number = str(dice.randrange(100)) if dice.random() < 0.4 else ""
    return f"{local}{number}@{dice.choice(MAILBOXES + [domain(dice)] * 8)}"


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    target = Path(sys.argv[1])
    if target.exists():
        print(f"{target} is there, and databases may need it: take the next number",
              file=sys.stderr)
        return 1
    number = int(target.name.partition(".")[0])
    dice = random.Random(number)
    with tempfile.TemporaryDirectory() as folder:
        samples = []
        for i in range(SAMPLES):
            samples.append(Path(folder, f"{i:05d}"))
            samples[-1].write_bytes(Sender(dice).body())
        subprocess.run(["zstd", "-q", f"-{LEVEL}", TRAINER, *samples,
                        f"--maxdict={DICTIONARY_BYTES}", f"--dictID={FIRST_ID + number}",
                        "-o", target], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
