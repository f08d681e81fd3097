"""Logs: no address and no token gets through, whatever was logged."""

import json
import logging

import pytest
import structlog

from mailer.base.logs import masked, set_up


@pytest.fixture(autouse=True)
def _tidy() -> object:
    yield None
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


def test_what_libraries_log_is_masked_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("console")
    try:
        raise ValueError("Key (address_key)=(ada@x.test) already exists")  # noqa: TRY301
    except ValueError:
        logging.getLogger("uvicorn.error").exception("POST /preferences/AgEHCQ-abc_DEF123 failed")
    said = capsys.readouterr().err
    assert "already exists" in said
    assert "ada@" not in said
    assert "AgEHCQ" not in said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sent to ada@x.test twice", "sent to …@… twice"),
        ("<Ada.Long+tag@mail.x.test>", "<…@…>"),
        ("GET /unsubscribe/AgEHCQ-abc_DEF123 200", "GET /unsubscribe/… 200"),
        ("/view/AgEHCQabcDEF /login/AgEHCQabcDEF", "/view/… /login/…"),
        ("/address/AgEHCQ-abc_DEF123/x", "/address/…/x"),
        ("ü.ä@bücher.test", "…@…"),
        ("campaign 7, batch 12", "campaign 7, batch 12"),
    ],
)
def test_addresses_and_tokens_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_json_lines_hold_the_facts_as_keys(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("json")
    structlog.get_logger().info("batch_sent", batch_id=12, text="to ada@x.test", seconds=1.5)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["batch_id"], line["text"], line["level"]) == ("batch_sent", 12, "to …@…", "info")
    assert line["timestamp"].endswith("Z")


def test_what_libraries_log_is_a_json_line_too_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("json")
    try:
        int("ada@x.test")
    except ValueError:
        logging.getLogger("celery.worker").exception("POST /preferences/%s failed", "AgEHCQ-abc_DEF123")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["logger"]) == ("POST /preferences/… failed", "error", "celery.worker")
    assert line["timestamp"].endswith("Z")
    assert "ValueError" in line["exception"]
    assert "ada@" not in line["exception"]


def test_an_exception_is_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("json")
    try:
        int("ada@x.test")
    except ValueError:
        structlog.get_logger().exception("job_failed")
    said = capsys.readouterr().err
    assert "ada@x.test" not in said
    assert "ValueError" in said


def test_the_console_says_it_in_words_and_not_below_its_level(capsys: pytest.CaptureFixture[str]) -> None:
    set_up("console", level=logging.WARNING)
    log = structlog.get_logger()
    log.info("batch_sent")
    log.warning("relay_slow", seconds=9)
    said = capsys.readouterr()
    assert "relay_slow" in said.err
    assert "batch_sent" not in said.err
    assert said.out == ""
