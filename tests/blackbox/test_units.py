"""The units of contrib/systemd: what they grant fits what the daemon says it needs."""

from __future__ import annotations

import re

from daemon import REPOSITORY, SESBOUNCED, run

SERVICE = (REPOSITORY / "contrib/systemd/sesbounced.service").read_text()


def setting(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", SERVICE, re.M)


def test_MemoryMax_is_what_check_config_prints_for_the_defaults(make_daemon):
    daemon = make_daemon()
    printed = run(SESBOUNCED, "--check-config", "-c", daemon.config_file)
    (needed,) = re.findall(r"^# .*MemoryMax=(\d+M) or more", printed.out, re.M)
    assert setting("MemoryMax") == [needed]


def test_LimitNOFILE_is_enough_for_the_default_max_connections():
    (files,) = setting("LimitNOFILE")
    assert int(files) >= 1024 + 384


def test_no_core_dump_holds_keys_and_addresses():
    assert setting("LimitCORE") == ["0"]


def test_the_tasks_of_the_service_are_bounded():
    (tasks,) = setting("TasksMax")
    assert 2 * 64 + 16 + 7 < int(tasks) < 1024


def test_link_local_addresses_are_denied():
    (denied,) = setting("IPAddressDeny")
    assert "169.254.0.0/16" in denied.split()
