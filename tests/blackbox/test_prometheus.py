"""contrib/prometheus and contrib/grafana ask for nothing that /metrics does not have."""

from __future__ import annotations

import json
import re

import pytest

import ses
from daemon import REPOSITORY, UnixConnection, eventually

RULES = REPOSITORY / "contrib/prometheus/sesbounced.rules.yml"
RULE_TESTS = REPOSITORY / "contrib/prometheus/sesbounced.test.yml"
DASHBOARD = REPOSITORY / "contrib/grafana/sesbounced.json"
OWN_LABELS = {"job", "instance"}  # Prometheus adds them

# `name{label="value",…}`, where there may be no braces.
SELECTOR = re.compile(r"\b(sesbounced_[a-z_]+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')


@pytest.fixture
def scraped(make_daemon, home, sns) -> dict[str, list[dict[str, str]]]:
    """The labels of each sample, by its name; [] of one that is only described."""
    daemon = make_daemon(admin={"listen": f"unix:{home}/admin.sock"}).start()
    daemon.accept(sns.feedback(ses.bounce("ann@mail.example")))
    daemon.restart()

    def metrics() -> str:
        connection = UnixConnection(home / "admin.sock")
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return text if "sesbounced_database_seen" in text else ""

    text = eventually(metrics)
    found: dict[str, list[dict[str, str]]] = {}
    for name in re.findall(r"^# TYPE (\w+)", text, re.M):
        found[name] = []
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", text, re.M):
        found.setdefault(name, []).append(dict(re.findall(r'(\w+)="([^"]*)"', labels)))
    return found


def assert_there(scraped: dict[str, list[dict[str, str]]], expression: str) -> None:
    selectors = SELECTOR.findall(expression)
    assert selectors or "up{" in expression or "sesbounced:" in expression, expression
    for name, matchers in selectors:
        assert name in scraped, f"no {name}, of {expression}"
        for label, operator, value in MATCHER.findall(matchers):
            if label in OWN_LABELS or not scraped[name]:
                continue
            values = {labels.get(label) for labels in scraped[name]}
            assert values != {None}, f"{name} has no label {label}"
            assert operator != "=" or value in values, f"{name}{{{label}}} is never {value}"


def rules() -> list[str]:
    """The expressions, each on one line."""
    text = re.sub(r"\n {12,}", " ", RULES.read_text())
    return re.findall(r"expr: (?:\|\s*)?(.+)", text)


def test_the_alerts_ask_for_what_there_is(scraped):
    expressions = rules()
    assert len(expressions) == len(re.findall(r"- (?:alert|record):", RULES.read_text())) > 10
    for expression in expressions:
        assert_there(scraped, expression)


def test_each_alert_is_tested(scraped):
    tested = RULE_TESTS.read_text()
    for alert in re.findall(r"- alert: (\w+)", RULES.read_text()):
        assert alert in tested, alert
    for series in re.findall(r"series: '(.*?)'", tested):
        if not series.startswith("up{"):
            assert_there(scraped, series)


def test_the_dashboard_asks_for_what_there_is(scraped):
    dashboard = json.loads(DASHBOARD.read_text())
    expressions = [t["expr"] for panel in dashboard["panels"] for t in panel["targets"]]
    assert len(expressions) > 20
    for expression in [*expressions, dashboard["templating"]["list"][1]["query"]]:
        assert_there(scraped, expression)
    legends = [(t["expr"], label) for panel in dashboard["panels"] for t in panel["targets"]
               for label in re.findall(r"\{\{(\w+)\}\}", t["legendFormat"])]
    for expression, label in legends:
        ((name, _),) = SELECTOR.findall(expression)
        assert not scraped[name] or label in scraped[name][0], (name, label)


def test_the_dashboard_is_one_that_grafana_can_draw():
    dashboard = json.loads(DASHBOARD.read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
        assert panel["title"] and panel["description"]
