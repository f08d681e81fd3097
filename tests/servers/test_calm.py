"""What is said of a broker that goes away in the middle of a job: one line, and no traceback."""

import logging

import pytest

from mailer.queues import make_celery
from mailer.worker.calm import calm_consumers
from tests.support.redis import RedisServer


def test_that_a_job_is_done_and_nobody_is_there_to_hear_it_takes_one_line(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    calm_consumers()
    with make_celery(redis_server.url).connection_for_read() as connection, connection.SimpleQueue("jobs") as queue:
        queue.put("a job")
        job = queue.get(timeout=10)
        redis_server.kill()
        # As Celery does it (celery.worker.request.Request.acknowledge).
        job.ack_log_error(logging.getLogger("celery.worker.request"), connection.connection_errors)
        redis_server.start()

    [said] = [record for record in caplog.records if "Couldn't ack" in record.getMessage()]
    assert "ConnectionError" in said.getMessage()
    assert "Traceback" not in caplog.text
