# control: /api/v1 and /admin. Build from the repository's root: docker build -f docker/control.Dockerfile .
FROM python:3.11-slim AS build
WORKDIR /build
COPY locks/control.txt locks/
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r locks/control.txt
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
    DUCTAPE_ROLE=control \
    DUCTAPE_KEYS_DIR=/run/secrets/ductape \
    DUCTAPE_STATIC_ROOT=/static
# Static files need neither keys nor a database; the URL is only read.
RUN DATABASE_URL=postgresql://nobody@/none python -m django collectstatic --noinput
USER ductape
EXPOSE 8700
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8700", "--no-ws", \
     "--static-path-route", "/static", "--static-path-mount", "/static", "control_plane.wsgi:application"]
