"""Logging: structlog on standard error, for people or as JSON lines; addresses and tokens are masked as a last net."""

import logging
import re
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, WrappedLogger

ADDRESS = re.compile(r"[^\s<>@\"']+@[^\s<>@\"']+\.[^\s<>@\"']+")
TOKEN = re.compile(r"/(unsubscribe|preferences|view|confirm|address|login)/[A-Za-z0-9_-]{8,}")


def set_up(log_format: Literal["console", "json"], *, level: int = logging.INFO) -> None:
    """Set up logging for this process."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask,
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    # What libraries log is told alike, masked with its tracebacks: a database's error repeats the values of its statement.
    without_record = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared], processors=[without_record, last]
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide what looks like an address or a link's token, in every text of an event."""
    return {key: masked(value) if isinstance(value, str) else value for key, value in event.items()}


def masked(text: str) -> str:
    """`text` with addresses and tokens replaced."""
    return TOKEN.sub(r"/\1/…", ADDRESS.sub("…@…", text))
