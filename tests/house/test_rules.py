"""Every rule of the house is seen to catch what it forbids, and to let pass what it allows."""

import pytest

from tests.house.rules import Source, offences


def _broken(path: str, text: str) -> list[str]:
    return [offence.rule for offence in offences(Source(path, text))]


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        ("module_name", "mailer/delivery/utils.py", ""),
        ("module_name", "mailer/helpers/words.py", ""),
        ("module_length", "mailer/delivery/run.py", "x = 1\n" * 401),
        ("function_length", "mailer/delivery/run.py", "def f():\n" + "    x = 1\n" * 50),
        ("front", "mailer/content/__init__.py", "from mailer.content.parse import _inner\n"),
        ("commit", "subscribers/people.py", "session.commit()\n"),
        ("commit", "mailer/web/api.py", "request.state.session.rollback()\n"),
        ("clock", "mailer/campaigns/decisions.py", "datetime.now(UTC)\n"),
        ("clock", "mailer/campaigns/decisions.py", "datetime.datetime.utcnow()\n"),
        ("clock", "mailer/campaigns/decisions.py", "time.time()\n"),
        ("log_event", "mailer/delivery/run.py", "log.info(f'sent {n}')\n"),
        ("log_event", "mailer/delivery/run.py", "log.info('Sent it')\n"),
        ("log_event", "mailer/delivery/run.py", "log.warning('sent %s' % n)\n"),
        ("relationship", "mailer/delivery/models.py", "relationship(Batch)\n"),
        ("relationship", "mailer/delivery/models.py", "relationship(Batch, lazy='select')\n"),
        ("environment", "mailer/delivery/run.py", "os.environ['X']\n"),
        ("environment", "mailer/delivery/run.py", "os.getenv('X')\n"),
        ("catch_all", "mailer/delivery/run.py", "try:\n    f()\nexcept Exception:\n    g()\n"),
        ("catch_all", "mailer/delivery/run.py", "try:\n    f()\nexcept (ValueError, BaseException):\n    g()\n"),
        ("honest_tests", "tests/unit/test_x.py", "from unittest.mock import Mock\n"),
        ("honest_tests", "tests/unit/test_x.py", "monkeypatch.setattr('mailer.delivery.run.send', None)\n"),
        ("honest_tests", "tests/unit/test_x.py", "pytest.importorskip('redis')\n"),
    ],
)
def test_a_rule_catches_what_it_forbids(rule: str, path: str, text: str) -> None:
    assert _broken(path, text) == [rule]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("mailer/web/manager/issues.py", ""),
        ("mailer/delivery/run.py", "x = 1\n" * 400),
        ("mailer/delivery/run.py", "def f():\n" + "    x = 1\n" * 49),
        ("mailer/delivery/run.py", 'def f():\n    """What.\n\n    And why.\n    """\n' + "    x = 1\n" * 49),
        ("mailer/content/__init__.py", "from mailer.content.parse import read\nfrom mailer import __version__\n"),
        ("mailer/base/database.py", "session.commit()\n"),
        ("mailer/app.py", "datetime.now(UTC)\n"),
        ("mailer/delivery/run.py", "time.monotonic()\ndatetime.fromisoformat(x)\napp.clock()\n"),
        ("mailer/delivery/run.py", "log.info('batch_sent', count=n)\n"),
        ("mailer/delivery/run.py", "log.info('batch_lost' if lost else 'batch_sent')\n"),
        ("mailer/delivery/models.py", "relationship(Batch, lazy='raise')\n"),
        ("mailer/base/settings.py", "os.environ\n"),
        ("mailer/worker/celery_app.py", "try:\n    f()\nexcept Exception:\n    raise\n"),
        ("mailer/delivery/run.py", "try:\n    f()\nexcept OSError:\n    g()\n"),
        ("mailer/delivery/run.py", "try:\n    f()\nexcept BaseException:\n    g()\n    raise\n"),
        ("tests/unit/test_x.py", "monkeypatch.setattr('mailer.delivery.batch.RENEW_SECONDS', 0)\n"),
        ("tests/unit/test_x.py", "monkeypatch.setenv('MAILER_HOME', 'x')\ndatetime.now(UTC)\n"),
    ],
)
def test_a_rule_lets_pass_what_it_allows(path: str, text: str) -> None:
    assert _broken(path, text) == []
