"""What the tests of this folder borrow from blackbox and fault: modules and fixtures.

No conftest.py: that name belongs to tests/blackbox, which runs in the same process.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is written into the source tree
TESTS = Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "blackbox"), str(TESTS / "fault")]

_spec = importlib.util.spec_from_file_location(
    "blackbox_fixtures", TESTS / "blackbox" / "conftest.py"
)
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)

authority = _fixtures.authority
make_sns = _fixtures.make_sns
sns = _fixtures.sns
home = _fixtures.home
make_daemon = _fixtures.make_daemon
