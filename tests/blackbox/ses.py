"""Messages of Amazon SES, in both feeds: every name, address and id here is invented.

Builders return the decoded JSON object; FakeSns.feedback() puts it into an envelope.
`feed` is "notification" (identity notifications) or "event" (event publishing).
"""

from __future__ import annotations

import datetime as dt
import uuid

from fakesns import now, stamp

ACCOUNT = "123456789012"
SENDER_DOMAIN = "shop.example"
SENDER = f"news@{SENDER_DOMAIN}"


def ses_id(at: dt.datetime | None = None) -> str:
    """An id in SES's form: milliseconds in 16 hex digits, then a UUID."""
    milliseconds = int((at or now()).timestamp() * 1000)
    return f"0100{milliseconds:012x}-{uuid.uuid4()}-000000"


def recipient(address: str, **facts: str) -> dict:
    return {"emailAddress": address, **facts}


def failed(address: str, status: str = "5.1.1", diagnostic: str | None = None) -> dict:
    """A bounced recipient with all that a DSN gives."""
    text = diagnostic or f"smtp; 550 {status} user unknown"
    return recipient(address, action="failed", status=status, diagnosticCode=text)


def mail(
    feed: str,
    destination: list[str],
    *,
    message_id: str | None = None,
    sent: dt.datetime | None = None,
    tags: dict[str, list[str]] | None = None,
    headers: list[dict] | None = None,
) -> dict:
    sent = sent or now()
    block = {
        "timestamp": stamp(sent),
        "source": SENDER,
        "sourceArn": f"arn:aws:ses:us-east-1:{ACCOUNT}:identity/{SENDER_DOMAIN}",
        "sendingAccountId": ACCOUNT,
        "messageId": message_id or ses_id(sent),
        "destination": destination,
        "headersTruncated": False,
        "headers": headers or [{"name": "From", "value": f"Shop <{SENDER}>"}],
        "commonHeaders": {"from": [f"Shop <{SENDER}>"], "to": destination, "subject": "News"},
    }
    if feed == "event":
        block["tags"] = {
            "ses:configuration-set": ["newsletter"],
            "ses:from-domain": [SENDER_DOMAIN],
            "ses:source-ip": ["192.0.2.7"],
        } | (tags or {})
    else:
        block["sourceIp"] = "192.0.2.7"
        block["callerIdentity"] = "mailer"
    return block


def event(
    type: str,
    name: str | None,
    block: dict | None,
    *,
    feed: str = "notification",
    destination: list[str] | None = None,
    **of_mail,
) -> dict:
    """Any SES message: its type, the name of its block, the block, and `mail`."""
    key = "eventType" if feed == "event" else "notificationType"
    message: dict = {key: type, "mail": mail(feed, destination or [], **of_mail)}
    if name:
        message[name] = block
    return message


def _addresses(recipients: list[dict]) -> list[str]:
    return [r["emailAddress"] for r in recipients]


def _each(recipients) -> list[dict]:
    return [recipient(r) if isinstance(r, str) else r for r in recipients]


def bounce(
    *recipients: str | dict,
    kind: str = "Permanent",
    subtype: str = "General",
    feedback_id: str | None = None,
    at: dt.datetime | None = None,
    destination: list[str] | None = None,
    **options,
) -> dict:
    """Bare addresses become recipients with a full DSN, unless the bounce is Transient."""
    if kind == "Permanent":
        bounced = [failed(r) if isinstance(r, str) else r for r in recipients]
    else:
        bounced = _each(recipients)
    block = {
        "feedbackId": feedback_id or ses_id(at),
        "bounceType": kind,
        "bounceSubType": subtype,
        "bouncedRecipients": bounced,
        "timestamp": stamp(at or now()),
        "remoteMtaIp": "198.51.100.25",
        "reportingMTA": "dsn; a8-70.smtp-out.amazonses.com",
    }
    destination = destination or _addresses(bounced)
    return event("Bounce", "bounce", block, destination=destination, **options)


def out_of_office(address: str, **options) -> dict:
    """SES calls an automatic reply Transient/General and gives no diagnostic."""
    return bounce(address, kind="Transient", subtype="General", **options)


def complaint(
    *recipients: str,
    feedback: str | None = "abuse",
    subtype: str | None = None,
    feedback_id: str | None = None,
    at: dt.datetime | None = None,
    destination: list[str] | None = None,
    **options,
) -> dict:
    block = {
        "feedbackId": feedback_id or ses_id(at),
        "complaintSubType": subtype,
        "complainedRecipients": _each(recipients),
        "timestamp": stamp(at or now()),
        "userAgent": "ExampleCorp Feedback Loop (V0.01)",
        "arrivalDate": stamp(at or now()),
    }
    if feedback:
        block["complaintFeedbackType"] = feedback
    destination = destination or list(recipients)
    return event("Complaint", "complaint", block, destination=destination, **options)


def delivery(*recipients: str, at: dt.datetime | None = None, **options) -> dict:
    block = {
        "timestamp": stamp(at or now()),
        "processingTimeMillis": 546,
        "recipients": list(recipients),
        "smtpResponse": "250 ok: Message 64111812 accepted",
        "reportingMTA": "a8-70.smtp-out.amazonses.com",
        "remoteMtaIp": "198.51.100.25",
    }
    return event("Delivery", "delivery", block, destination=list(recipients), **options)


def send(*recipients: str, **options) -> dict:
    return event("Send", "send", {}, feed="event", destination=list(recipients), **options)


def opened(*recipients: str, **options) -> dict:
    block = {"ipAddress": "203.0.113.9", "timestamp": stamp(now()), "userAgent": "Mail/1"}
    return event("Open", "open", block, feed="event", destination=list(recipients), **options)


def click(*recipients: str, **options) -> dict:
    block = {
        "ipAddress": "203.0.113.9",
        "timestamp": stamp(now()),
        "userAgent": "Mail/1",
        "link": "https://shop.example/sale",
        "linkTags": None,
    }
    return event("Click", "click", block, feed="event", destination=list(recipients), **options)


def reject(*recipients: str, **options) -> dict:
    block = {"reason": "Bad content"}
    destination = list(recipients)
    return event("Reject", "reject", block, feed="event", destination=destination, **options)


def rendering_failure(*recipients: str, **options) -> dict:
    block = {"templateName": "Sale", "errorMessage": "Attribute 'name' is not present"}
    destination = list(recipients)
    return event(
        "Rendering Failure", "failure", block, feed="event", destination=destination, **options
    )


def delivery_delay(*recipients: str, **options) -> dict:
    block = {
        "timestamp": stamp(now()),
        "delayType": "MailboxFull",
        "expirationTime": stamp(now() + dt.timedelta(hours=14)),
        "delayedRecipients": [
            recipient(r, status="4.2.2", diagnosticCode="452 4.2.2 mailbox full")
            for r in recipients
        ],
    }
    destination = list(recipients)
    return event(
        "DeliveryDelay",
        "deliveryDelay",
        block,
        feed="event",
        destination=destination,
        **options,
    )


def subscription(*recipients: str, **options) -> dict:
    topics = {"unsubscribeAll": True, "topicSubscriptionStatus": []}
    block = {
        "contactList": "customers",
        "timestamp": stamp(now()),
        "source": "UnsubscribeHeader",
        "newTopicPreferences": topics,
        "oldTopicPreferences": topics | {"unsubscribeAll": False},
    }
    destination = list(recipients)
    return event(
        "Subscription",
        "subscription",
        block,
        feed="event",
        destination=destination,
        **options,
    )


ANNOUNCEMENT_TEXT = "Successfully validated SNS topic for Amazon SES event publishing."


def announcement() -> dict:
    """What SES publishes when an identity's topic is set."""
    return {
        "notificationType": "AmazonSnsSubscriptionSucceeded",
        "message": "You have successfully subscribed your Amazon SNS topic to receive "
        f"'Bounce' notifications from Amazon SES for identity '{SENDER_DOMAIN}'.",
    }
