"""The SESv2 operations with AWS's own clients: aws-cli, boto3 and the one for Node."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import ses
from api import READER, WRITER, settings
from daemon import Daemon
from gateway import Gateway
from jail import Jail, npm_folder

HERE = Path(__file__).parent
ANN, ODD, BEN = "ann@mail.example", "a/b+c%d@mail.example", "ben@mail.example"
CLIENT_SECONDS = 120

Answers = list[dict]
Client = Callable[..., Answers]


@pytest.fixture
def daemon(make_daemon, home, sns) -> Daemon:
    return make_daemon(admin=settings(home)).start()


@pytest.fixture
def endpoint(daemon, home) -> Iterator[str]:
    gateway = Gateway(home / "admin.sock")
    yield f"http://{gateway.address}"
    gateway.close()


def answers_of(jail: Jail, *command: str, operations: list) -> Answers:
    said = jail.must(*command, input="".join(json.dumps(o) + "\n" for o in operations),
                     seconds=CLIENT_SECONDS)
    return [json.loads(line) for line in said.splitlines()]


@pytest.fixture(params=["boto3", "node"])
def client(request, daemon, make_jail, endpoint) -> Client:
    """client([OPERATION, PARAMETERS], …) gives what came back of each."""
    if request.param == "boto3":
        jail = make_jail(daemon, "aws", "awscli", "python3-boto3", here=HERE)
        command = ["python3", "-B", "/srv/here/ses_client.py"]
    else:
        jail = make_jail(daemon, "node", "libstdc++6", here=HERE, node=npm_folder("node@22"),
                         sdk=npm_folder("@aws-sdk/client-sesv2"))
        command = ["/srv/node/node_modules/node/bin/node", "/srv/here/ses_client.mjs"]

    def ask(*operations: list, token: str = WRITER) -> Answers:
        return answers_of(jail, *command, endpoint, token, operations=list(operations))

    ask.knows_tenants = request.param == "node"  # Debian's boto3 is older than they are
    return ask


def test_add_get_list_and_remove(daemon, client, sns):
    daemon.accept(sns.feedback(ses.complaint(BEN)))
    put, put_odd, got, got_odd, listed, gone, missing = client(
        ["PutSuppressedDestination", {"EmailAddress": ANN, "Reason": "COMPLAINT"}],
        ["PutSuppressedDestination", {"EmailAddress": ODD, "Reason": "BOUNCE"}],
        ["GetSuppressedDestination", {"EmailAddress": ANN}],
        ["GetSuppressedDestination", {"EmailAddress": ODD}],
        ["ListSuppressedDestinations", {}],
        ["DeleteSuppressedDestination", {"EmailAddress": ODD}],
        ["GetSuppressedDestination", {"EmailAddress": ODD}],
    )
    assert put == put_odd == gone == {"status": 200}
    entry = got["SuppressedDestination"]
    assert (entry["EmailAddress"], entry["Reason"]) == (ANN, "COMPLAINT")
    assert entry["LastUpdateTime"].startswith(dt.date.today().strftime("%Y-"))
    assert got_odd["SuppressedDestination"]["EmailAddress"] == ODD
    assert [row["EmailAddress"] for row in listed["SuppressedDestinationSummaries"]] == [
        ODD, ANN, BEN]
    assert (missing["status"], missing["error"]) == (404, "NotFoundException")
    assert "list" in missing["message"]
    assert daemon.suppressed() == [ANN, BEN]
    assert "mail.example" not in daemon.log()


def test_pages_and_filters(daemon, client):
    made = [f"p{n}@mail.example" for n in range(5)]
    client(*(["PutSuppressedDestination", {
        "EmailAddress": address, "Reason": "COMPLAINT" if n % 2 else "BOUNCE"}]
        for n, address in enumerate(made)))
    found, token = [], None
    while token is not None or not found:
        (page,) = client(["ListSuppressedDestinations",
                          {"PageSize": 2, **({"NextToken": token} if token else {})}])
        found += [row["EmailAddress"] for row in page["SuppressedDestinationSummaries"]]
        token = page.get("NextToken")
    assert found == made
    soon = (dt.datetime.now(dt.timezone.utc) + dt.timedelta(hours=1)).isoformat()
    complaints, both, later, earlier, bad = client(
        ["ListSuppressedDestinations", {"Reasons": ["COMPLAINT"]}],
        ["ListSuppressedDestinations", {"Reasons": ["BOUNCE", "COMPLAINT"]}],
        ["ListSuppressedDestinations", {"StartDate": soon}],
        ["ListSuppressedDestinations", {"EndDate": soon}],
        ["ListSuppressedDestinations", {"NextToken": "zz"}],
    )

    def names(answer: dict) -> list[str]:
        return [row["EmailAddress"] for row in answer["SuppressedDestinationSummaries"]]

    assert names(complaints) == made[1::2] and names(both) == names(earlier) == made
    assert names(later) == []
    assert (bad["status"], bad["error"]) == (400, "BadRequestException")


def test_a_tenant(daemon, client):
    if not client.knows_tenants:
        pytest.skip("this client does not know TenantName")
    acme = {"TenantName": "acme"}
    put, got, other, listed, gone = client(
        ["PutSuppressedDestination", {"EmailAddress": ANN, "Reason": "BOUNCE"} | acme],
        ["GetSuppressedDestination", {"EmailAddress": ANN} | acme],
        ["GetSuppressedDestination", {"EmailAddress": ANN}],
        ["ListSuppressedDestinations", acme],
        ["DeleteSuppressedDestination", {"EmailAddress": ANN} | acme],
    )
    assert put == gone == {"status": 200}
    assert got["SuppressedDestination"]["TenantName"] == "acme"
    assert other["error"] == "NotFoundException"
    assert len(listed["SuppressedDestinationSummaries"]) == 1


def test_a_token_that_may_only_read(daemon, client):
    refused, listed = client(
        ["PutSuppressedDestination", {"EmailAddress": ANN, "Reason": "BOUNCE"}],
        ["ListSuppressedDestinations", {}], token=READER)
    assert (refused["status"], refused["error"]) == (403, "AccessDeniedException")
    assert listed["SuppressedDestinationSummaries"] == []


def test_the_command_line(daemon, make_jail, endpoint):
    jail = make_jail(daemon, "aws", "awscli", "python3-boto3", here=HERE)

    def aws(*words: str) -> tuple[int, str]:
        done = jail.run("env", f"AWS_ACCESS_KEY_ID={WRITER}", "AWS_SECRET_ACCESS_KEY=x", "HOME=/root",
                        "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1", "aws", "sesv2", *words, "--region",
                        "eu-west-1", "--endpoint-url", endpoint, seconds=CLIENT_SECONDS)
        return done.returncode, done.stdout + done.stderr

    assert aws("put-suppressed-destination", "--email-address", ODD, "--reason", "BOUNCE")[0] == 0
    code, said = aws("get-suppressed-destination", "--email-address", ODD)
    assert code == 0 and json.loads(said)["SuppressedDestination"]["EmailAddress"] == ODD
    code, said = aws("list-suppressed-destinations", "--reasons", "BOUNCE", "--page-size", "1",
                     "--start-date", "2020-01-01")
    assert code == 0 and len(json.loads(said)["SuppressedDestinationSummaries"]) == 1
    assert aws("delete-suppressed-destination", "--email-address", ODD)[0] == 0
    code, said = aws("get-suppressed-destination", "--email-address", ODD)
    assert code == 254 and "(NotFoundException)" in said
    assert daemon.suppressed() == []
