"""GET /v1/openapi.json says what the API does: every route, every answer it declares."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

import ses
from api import READER, WRITER, Client, bearer, client_of, settings
from daemon import REPOSITORY, Daemon, Reply, eventually

SOURCE = REPOSITORY / "src/daemon/openapi.json"
ROUTES = REPOSITORY / "src/daemon/routes.c"
DESCRIPTION = json.loads(SOURCE.read_text())
SHARED = DESCRIPTION["components"]
ANN, BEN, FREE = "ann@mail.example", "ben@mail.example", "free@mail.example"
UNKNOWN = {"status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user here"}

OPERATIONS = [(method.upper(), path) for path, methods in DESCRIPTION["paths"].items()
              for method in methods]
DECLARED = [(method, path, status) for method, path in OPERATIONS
            for status in DESCRIPTION["paths"][path][method.lower()]["responses"]]

# For people.
PAGE = {("GET", "/"), ("POST", "/why"), ("GET", "/page.css"), ("GET", "/page.js"),
        ("GET", "/page.svg")}

# A body that is accepted.
BODIES: dict[str, dict[str, Any]] = {
    "/v1/check": {"addresses": [ANN, FREE, "junk"], "scope": "news"},
    "/v1/why": {"address": ANN},
    "/v1/suppressions": {"address": FREE, "note": "why", "until": "2999-01-01T00:00:00Z"},
    "/v1/suppressions/remove": {"address": BEN},
    "/v1/held/release": {"ids": [1]},
    "/v1/held/drop": {"why": "guard:mail.example"},
    "/v2/email/suppression/addresses": {"EmailAddress": FREE, "Reason": "BOUNCE"},
}
# What to ask, several times where answers differ.
QUERIES = {"/v1/rates": ["", *(f"?by={by}" for by in (
    "day", "all", "domain", "identity", "configuration_set", "scope", "campaign", "tenant"))]}
# Why a request is refused in a way of its own.
REFUSED = {
    ("POST", "/v1/suppressions", 422): {"address": FREE, "until": "2001-01-01T00:00:00Z"},
    ("POST", "/v1/suppressions/remove", 409): {"address": ANN},
}


@pytest.fixture
def daemon(make_daemon, home, sns) -> Daemon:
    daemon = make_daemon(admin=settings(home), events={"keep": "*"},
                         suppression={"guard": "on", "guard_least": "5"}).start()
    daemon.accept(sns.feedback(ses.complaint(ANN, feed="event")), sns.feedback(ses.bounce(BEN)),
                  sns.feedback(ses.delivery(FREE)), sns.notification("no json"))
    for i in range(6):
        to = ses.recipient(f"p{i}@mail.example", **UNKNOWN)
        daemon.accept(sns.feedback(ses.bounce(to)))
    assert daemon.ctl("suppress", "add", "--for", "2d", "--scope", "news", FREE).code == 0
    assert daemon.value("SELECT count(*) FROM held") > 0
    return daemon


@pytest.fixture
def api(daemon) -> Client:
    return client_of(daemon)


def writes(method: str, path: str) -> bool:
    return "403" in DESCRIPTION["paths"][path][method.lower()]["responses"]


def ask(api: Client, method: str, path: str, *, query: str = "", body: Any = None,
        address: str = ANN, **headers: str) -> Reply:
    if body is None:
        body = BODIES.get(path) if method in ("POST", "PUT") else None
    allowed = bearer(WRITER) if writes(method, path) else {}
    return api.ask(method, path.replace("{EmailAddress}", address) + query, body,
                   **(allowed | headers))


def response_of(method: str, path: str, status: str) -> dict[str, Any]:
    response = DESCRIPTION["paths"][path][method.lower()]["responses"][status]
    return SHARED["responses"][response["$ref"].split("/")[-1]] if "$ref" in response else response


def closed(schema: Any) -> Any:
    """The same, but nothing is there that is not described."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(value) for name, value in schema.items()}
    if "properties" in schema and set(schema["properties"]) != {"view"}:
        made.setdefault("additionalProperties", False)
    return made


def is_open(path: str) -> bool:
    return path == "/v1/openapi.json"  # it does not describe descriptions


def assert_answer(reply: Reply, method: str, path: str, status: str) -> None:
    assert str(reply.status) == status, f"{method} {path}: {reply.status} {reply.text[:300]}"
    ((kind, content),) = response_of(method, path, status)["content"].items()
    assert reply.headers["Content-Type"] == kind
    for name, header in response_of(method, path, status).get("headers", {}).items():
        assert reply.headers[name] == header["schema"]["const"]
    answer = json.loads(reply.text) if "json" in kind else reply.text
    schema = content["schema"] if is_open(path) else closed(content["schema"])
    Draft202012Validator(schema | {"components": closed(SHARED)},
                         format_checker=FormatChecker()).validate(answer)


def test_it_is_the_file_and_a_sound_description(api):
    reply = api.ask("GET", "/v1/openapi.json")
    assert reply.status == 200 and reply.text == SOURCE.read_text()
    assert DESCRIPTION["openapi"] == "3.1.0"
    for schema in SHARED["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for reference in re.findall(r'"\$ref": "#/components/(\w+)/(\w+)"', SOURCE.read_text()):
        assert reference[1] in SHARED[reference[0]], reference
    for kind in ("schemas", "responses"):
        for name in SHARED[kind]:
            assert f'"#/components/{kind}/{name}"' in SOURCE.read_text(), f"{name} is unused"
    names = [methods[method]["operationId"] for methods in DESCRIPTION["paths"].values()
             for method in methods]
    assert len(names) == len(set(names))


def test_every_route_is_described_and_there_is_no_other():
    text = ROUTES.read_text()
    ((name, value),) = re.findall(r'#define (\w+) +"(/[^"]*)"', text)
    text = text.replace(f'{name} "', f'"{value}').replace(f"{{{name},", f'{{"{value}",')
    routes = {(method, re.sub("(?<=.)/$", "/{EmailAddress}", path)) for path, method in re.findall(
        r'\{"(/[^"]*)", (GET|POST|PUT|DELETE), API_(?!PAGE|PUBLIC)', text)}  # not the page's
    assert routes - PAGE == {(method, path) for method, path in OPERATIONS}


@pytest.mark.parametrize("method, path", OPERATIONS)
def test_an_answer_has_what_is_described(api, method, path):
    for query in QUERIES.get(path, [""]):
        assert_answer(ask(api, method, path, query=query), method, path, "200")


@pytest.mark.parametrize("method, path, status", [d for d in DECLARED if d[2] not in ("200", "503")])
def test_every_fault_that_is_declared(daemon, api, method, path, status):
    if (method, path, int(status)) in REFUSED:
        body = REFUSED[method, path, int(status)]
        assert_answer(ask(api, method, path, body=body), method, path, status)
        return
    far = {"X-Forwarded-For": "192.0.2.1"}
    how = {
        "400": {"query": "?unknown=%00"},
        "401": {"Authorization": "Bearer wrong"} | far,
        "403": bearer(READER),
        "404": {"address": FREE},
        "410": {"query": "?after=999999999"},
        "413": {"body": b" " * (1024 * 1024 + 1)},
        "421": {"Host": "evil.example"},
    }[status]
    assert_answer(ask(api, method, path, **how), method, path, status)


@pytest.mark.parametrize("method, path", [d[:2] for d in DECLARED if d[2] == "503"])
def test_503_while_there_is_no_database(daemon, api, method, path):
    ask(api, method, path)  # the file is open
    daemon.database.unlink()
    eventually(lambda: ask(api, method, path).status == 503)
    assert_answer(ask(api, method, path), method, path, "503")


@pytest.mark.parametrize("method, path", OPERATIONS)
def test_what_is_not_declared_does_not_happen(api, method, path):
    declared = DESCRIPTION["paths"][path][method.lower()]["responses"]
    for how in ({}, {"query": "?a=1"}, {"body": b"{"}, {"body": b'{"x":1}'}, bearer(READER),
                {"Authorization": "Bearer x"}, {"Host": "evil.example"}):
        reply = ask(api, method, path, **how)
        assert str(reply.status) in declared, f"{reply.status} {reply.text}"


def test_what_a_request_may_have_is_described(api):
    """A parameter or member that is described is accepted; others are refused."""
    for method, path in OPERATIONS:
        operation = DESCRIPTION["paths"][path][method.lower()]
        for parameter in operation.get("parameters", []):
            if parameter["in"] != "query":
                continue
            reply = ask(api, method, path, query=f"?{parameter['name']}=1")
            assert "the parameter" not in reply.text, (path, parameter["name"], reply.text)
        if "requestBody" in operation and path in BODIES:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            Draft202012Validator(schema | {"components": SHARED}).validate(BODIES[path])
            for properties in [s["properties"] for s in schema.get("oneOf", [schema])]:
                for member in properties:
                    reply = ask(api, method, path, body={member: None})
                    assert "there is no member" not in reply.text, (path, member)
