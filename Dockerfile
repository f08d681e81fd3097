# One image for web, worker, beat and the migrations; the command decides. EXTRAS are those of pyproject.toml, such as fast-dkim.
ARG PYTHON=3.13.7-slim-bookworm

FROM python:${PYTHON} AS wheels
ARG EXTRAS=
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY mailer mailer
COPY subscribers subscribers
COPY templates templates
RUN pip wheel --no-cache-dir --wheel-dir /wheels ".${EXTRAS:+[$EXTRAS]}"

FROM python:${PYTHON}
ARG EXTRAS=
RUN groupadd --gid 10001 mailer \
 && useradd --uid 10001 --gid mailer --home-dir /data --no-create-home --shell /usr/sbin/nologin mailer \
 && install --directory --owner mailer --group mailer /data
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels "mailer${EXTRAS:+[$EXTRAS]}"
ENV MAILER_HOME=/data \
    MAILER_LOG_FORMAT=json \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER mailer
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["mailer", "web", "--host", "0.0.0.0", "--port", "8000"]
