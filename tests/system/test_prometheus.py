"""/metrics and contrib/prometheus with Debian's Prometheus and its promtool."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

import ses
from daemon import REPOSITORY, Daemon, UnixConnection, eventually
from gateway import Gateway
from jail import Jail
from smtp import free_port

RULES = REPOSITORY / "contrib/prometheus"
START_SECONDS = 30

CONFIGURATION = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [/srv/rules/sesbounced.rules.yml]
scrape_configs:
  - job_name: sesbounced
    static_configs: [{{targets: ["{address}"]}}]
"""


@pytest.fixture
def daemon(make_daemon, home, sns) -> Daemon:
    daemon = make_daemon(admin={"listen": f"unix:{home}/admin.sock"}).start()
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")), sns.notification("no json"))
    daemon.restart()  # the figures of the database are taken at once
    return daemon


@pytest.fixture
def jail(daemon, make_jail) -> Jail:
    return make_jail(daemon, "prometheus", "prometheus", rules=RULES)


def scrape(home: Path) -> str:
    connection = UnixConnection(home / "admin.sock")
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_promtool_has_nothing_to_say_about_the_metrics(daemon, jail, home):
    text = eventually(lambda: re.search(r"(?s).*sesbounced_database_seen.*", scrape(home)))[0]
    done = jail.run("promtool", "check", "metrics", input=text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_alerts_are_well_formed_and_fire_when_they_should(jail):
    assert "SUCCESS" in jail.must("promtool", "check", "rules", "/srv/rules/sesbounced.rules.yml")
    done = jail.run("promtool", "test", "rules", "/srv/rules/sesbounced.test.yml")
    assert done.returncode == 0 and "SUCCESS" in done.stdout, done.stdout + done.stderr


@pytest.fixture
def gateway(daemon, home) -> Iterator[Gateway]:
    gateway = Gateway(home / "admin.sock")
    yield gateway
    gateway.close()


def ask(port: int, query: str) -> list[dict]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", f"/api/v1/query?query={quote(query)}")
        reply = connection.getresponse()
        text = reply.read()
        return json.loads(text)["data"]["result"] if reply.status == 200 else []
    except OSError:
        return []
    finally:
        connection.close()


def test_prometheus_scrapes_it_and_an_alert_is_pending(jail, gateway):
    port = free_port()
    jail.write("/etc/prometheus/prometheus.yml", CONFIGURATION.format(address=gateway.address))
    jail.start("prometheus", "--config.file=/etc/prometheus/prometheus.yml",
               "--storage.tsdb.path=/tmp/prometheus", f"--web.listen-address=127.0.0.1:{port}")

    def value(query: str) -> list[float]:
        return [float(found["value"][1]) for found in ask(port, query)]

    eventually(lambda: value("up") == [1.0], START_SECONDS, "a scrape")
    eventually(lambda: value("sesbounced_quarantined") == [1.0], START_SECONDS, "the figures")
    assert value('sesbounced_suppressed{reason="BOUNCE"}') == [1.0]
    assert value("sesbounced_verify_seconds_count") == [0.0], "it was restarted"
    eventually(lambda: {found["metric"]["alertname"] for found in ask(port, "ALERTS")}
               == {"SesbouncedQuarantine"}, START_SECONDS, "the alert")
