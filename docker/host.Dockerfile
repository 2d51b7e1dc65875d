# host: local models on the CPU; no database, no keys. Build from the repository's root:
# docker build -f docker/host.Dockerfile .
FROM python:3.11-slim AS build
WORKDIR /build
COPY locks/host.txt locks/torch-cpu.txt locks/
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r locks/host.txt \
    && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes \
       --extra-index-url https://download.pytorch.org/whl/cpu -r locks/torch-cpu.txt
COPY pyproject.toml README.md LICENSE ./
COPY sdk sdk
COPY workers workers
COPY control_plane control_plane
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --uid 10001 ductape
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    OMP_WAIT_POLICY=passive \
    DUCTAPE_MODELS_DIR=/models
USER ductape
CMD ["python", "-m", "workers.hosting"]
