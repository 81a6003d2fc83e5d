# The service, and with --target erp a Tryton to try the connector on.
#
#   docker build --tag customer-identity .
#
# Nothing is built from source: each wheel is one whose hash requirements.lock tells. The image holds no compiler, no
# pip and no test library; it runs as a user without a name or a shell, on a root file system that may be read-only.
ARG PYTHON=3.11.13-slim-trixie

FROM python:${PYTHON} AS wheels
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements.lock ./
RUN pip download --quiet --no-cache-dir --require-hashes --only-binary :all: --requirement requirements.lock --dest wheels
COPY pyproject.toml README.md LICENSE ./
COPY identity identity
COPY matching_rules matching_rules
COPY api api
COPY stewardship stewardship
COPY reference_loyalty reference_loyalty
COPY erp erp
# The lock pins what tests need too; of its wheels the service's own needs are taken, and nothing else is to be had.
RUN python -m venv /build/tools \
 && /build/tools/bin/pip install --quiet --no-index --find-links wheels hatchling \
 && /build/tools/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir wheels . \
 && python -m venv --without-pip /opt/identity \
 && pip --python /opt/identity/bin/python install --quiet --no-index --find-links wheels --no-compile customer-identity \
 && /opt/identity/bin/python -m compileall -q /opt/identity/lib

FROM python:${PYTHON} AS tryton
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY erp/requirements.lock /build/
RUN python -m venv --without-pip /opt/tryton \
 && pip --python /opt/tryton/bin/python install --quiet --no-cache-dir --require-hashes --only-binary :all: \
      --requirement /build/requirements.lock

FROM python:${PYTHON} AS erp
LABEL org.opencontainers.image.title="Tryton to try customer-identity with" \
      org.opencontainers.image.licenses="GPL-3.0-or-later"
RUN install --directory --owner 10001 --group 10001 /var/lib/tryton
COPY --from=tryton /opt/tryton /opt/tryton
COPY --chmod=0555 ops/erp/serve /usr/local/bin/serve-tryton
USER 10001:10001
WORKDIR /var/lib/tryton
ENV PATH=/opt/tryton/bin:$PATH
EXPOSE 8069
CMD ["serve-tryton"]

FROM python:${PYTHON} AS service
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="customer-identity" \
      org.opencontainers.image.description="Identity resolution for retailers" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# pg_dump and pg_restore, for `identity backup` and `identity restore`. pip is of no use here.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends postgresql-client \
 && rm -rf /var/lib/apt/lists/* \
 && pip uninstall --quiet --yes --root-user-action ignore pip \
 && install --directory --owner 10001 --group 10001 --mode 0700 \
      /srv/identity /srv/identity/drops /srv/identity/backups /srv/identity/journal /srv/loyalty
COPY --from=wheels /opt/identity /opt/identity
USER 10001:10001
WORKDIR /srv/identity
# What outlives a container lies below /srv/identity: uploads that wait, exports to be fetched, the signing key. The
# journals of erasures and consents, and anchors of the audit trail, are apart from the backups: they tell what those do
# not know.
ENV PATH=/opt/identity/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/srv/identity \
    XDG_STATE_HOME=/srv/identity \
    IDENTITY_ERASURES=/srv/identity/journal/erasures.ndjson \
    IDENTITY_CONSENT_JOURNAL=/srv/identity/journal/consents \
    IDENTITY_AUDIT_ANCHORS=/srv/identity/journal/audit-anchors.ndjson \
    IDENTITY_PULSE=/tmp/pulse
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=4 \
  CMD ["identity", "alive", "http://127.0.0.1:8000/readyz"]
CMD ["identity", "serve"]
