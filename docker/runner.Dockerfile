# runner: /v1. Build from the repository's root: docker build -f docker/runner.Dockerfile .
FROM python:3.11-slim AS build
WORKDIR /build
COPY locks/runner.txt locks/
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r locks/runner.txt
COPY pyproject.toml README.md LICENSE ./
COPY sdk sdk
COPY workers workers
COPY control_plane control_plane
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --uid 10001 ductape
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    DJANGO_SETTINGS_MODULE=control_plane.settings \
    DUCTAPE_ROLE=runner \
    DUCTAPE_KEYS_DIR=/run/secrets/ductape
USER ductape
EXPOSE 8701
CMD ["granian", "--interface", "asgi", "--host", "0.0.0.0", "--port", "8701", "--no-ws", "control_plane.asgi:application"]
