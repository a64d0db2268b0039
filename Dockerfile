# The server, or a worker (`docker run ... engine worker`): configuration at /config, a SQLite store at /data.
FROM python:3.11-slim-bookworm AS built
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY engine engine
COPY connectors connectors
COPY mappings mappings
COPY schemas schemas
RUN python -m venv /opt/engine && /opt/engine/bin/pip install --no-cache-dir '.[postgres]'

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /data engine
COPY --from=built /opt/engine /opt/engine
ENV PATH=/opt/engine/bin:$PATH PYTHONUNBUFFERED=1 ENGINE_CONFIG=/config/engine.yaml
USER engine
WORKDIR /data
VOLUME /data
EXPOSE 8800
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8800/healthz', timeout=4)"]
CMD ["engine", "serve", "--host", "0.0.0.0", "--port", "8800"]
