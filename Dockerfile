# One target per program; compose.yaml builds them. Packages are locked in requirements/.
ARG PYTHON_IMAGE=python:3.13-slim
# The page in a few small files, the same for each processor: made on that of the building machine.
FROM --platform=$BUILDPLATFORM ${PYTHON_IMAGE} AS page
WORKDIR /src
COPY requirements/page.txt requirements/
RUN python -m pip --no-cache-dir --disable-pip-version-check install --root-user-action ignore \
    --require-hashes -r requirements/page.txt
COPY package.json package-lock.json .npmrc ./
# Node brings authorities of its own; those of the image count, as for pip.
RUN NODE_OPTIONS=--use-system-ca npm ci --ignore-scripts
COPY deploy/page deploy/page
COPY monitor/page monitor/page
RUN npm run --silent build

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
RUN python -m venv --without-pip /opt/teleinfo
COPY requirements/full.txt requirements/
# A package to build from source; tests use it to prove that no compiler is needed where there is no wheel.
ARG NO_BINARY=
RUN python -m pip --python /opt/teleinfo/bin/python --no-cache-dir --disable-pip-version-check install \
    --require-hashes --no-binary "$NO_BINARY" -r requirements/full.txt
COPY pyproject.toml README.md LICENSE ./
COPY common common
COPY reader reader
COPY storer storer
COPY monitor monitor
COPY --from=page /src/monitor/page/dist monitor/page/dist
# Without the history of a clone, its commit is not known here; deploy/release/images says that it is a release.
ARG COMMIT=+unreleased
RUN sed --in-place "s/^COMMIT = \"\"/COMMIT = \"$COMMIT\"/" common/machine/version.py
# Remove the packages that are needed only to build.
RUN python -m pip --python /opt/teleinfo/bin/python --no-cache-dir --disable-pip-version-check install \
    --no-deps --no-build-isolation . \
 && python -m pip --python /opt/teleinfo/bin/python uninstall --yes \
    editables hatchling packaging pathspec pluggy tomlkit trove-classifiers \
 && chmod -R a+rX /opt/teleinfo

# What answers a language model: 35 MB that only the monitor's image brings. 32-bit ARM lacks a wheel, and goes without.
FROM build AS build-mcp
COPY requirements/mcp.txt requirements/
RUN case $(dpkg --print-architecture) in amd64 | arm64) \
      python -m pip --python /opt/teleinfo/bin/python --no-cache-dir --disable-pip-version-check install \
        --require-hashes --only-binary :all: -r requirements/mcp.txt \
   && chmod -R a+rX /opt/teleinfo ;; \
    esac

FROM ${PYTHON_IMAGE} AS base
ENV PATH=/opt/teleinfo/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

FROM base AS program
COPY --from=build /opt/teleinfo /opt/teleinfo

FROM base AS program-mcp
COPY --from=build-mcp /opt/teleinfo /opt/teleinfo

FROM program AS reader
RUN groupadd --gid 10001 reader \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir / --shell /usr/sbin/nologin reader \
 && install -d -o reader -g reader -m 0700 /var/lib/teleinfo
COPY deploy/compose/reader.yaml /etc/teleinfo/
RUN chmod -R a+rX /etc/teleinfo
USER 10001:10001
ENTRYPOINT ["teleinfo-reader"]
CMD ["run"]

FROM program AS storer
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends mariadb-client \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10002 storer \
 && useradd --uid 10002 --gid 10002 --no-create-home --home-dir / --shell /usr/sbin/nologin storer \
 && install -d -o storer -g storer -m 0700 /backups
COPY deploy/compose/storer.yaml /etc/teleinfo/
RUN chmod -R a+rX /etc/teleinfo
USER 10002:10002
ENTRYPOINT ["teleinfo-storer"]
CMD ["run"]

FROM program-mcp AS monitor
# Large blocks, such as what a check of the password takes, go back to the system.
ENV MALLOC_MMAP_THRESHOLD_=1048576
RUN groupadd --gid 10003 monitor \
 && useradd --uid 10003 --gid 10003 --no-create-home --home-dir / --shell /usr/sbin/nologin monitor \
 && install -d -o monitor -g monitor -m 0755 /etc/teleinfo \
 && install -d -o monitor -g monitor -m 0700 /var/lib/teleinfo-monitor \
 && install -d -o monitor -g monitor -m 0750 /var/lib/teleinfo-accounts
COPY --chown=monitor:monitor deploy/compose/monitor.yaml /etc/teleinfo/
COPY deploy/compose/take-over /opt/teleinfo/bin/
RUN chmod -R a+rX /etc/teleinfo /opt/teleinfo/bin/take-over
USER 10003:10003
ENTRYPOINT ["take-over", "teleinfo-monitor"]
CMD ["run"]

# A new volume gets owner and mode of the folder that it is mounted on: `setup` needs no rights to change them.
# It contains the reader, too, to find the meter's port.
FROM program AS setup
ENV PYTHONPATH=/opt/setup
RUN openssl version \
 && install -d -o 1883 -g 1883 -m 0700 /setup/keep /setup/broker \
 && install -d -o 1883 -g 999 -m 0755 /setup/database \
 && install -d -o 1883 -g 10001 -m 0750 /setup/reader \
 && install -d -o 1883 -g 10002 -m 0750 /setup/storer \
 && install -d -o 1883 -g 10003 -m 0750 /setup/monitor \
 && install -d -o 1883 -g 472 -m 0750 /setup/grafana
COPY mosquitto /opt/setup/mosquitto
COPY mariadb /opt/setup/mariadb
COPY deploy/*.py /opt/setup/deploy/
COPY deploy/compose/*.py /opt/setup/deploy/compose/
COPY deploy/grafana /opt/setup/deploy/grafana
RUN chmod -R a+rX /opt/setup
USER 1883:1883
ENTRYPOINT ["python", "-P", "-m", "deploy.compose"]
CMD ["prepare"]

# All programs with a database and a broker of their own, under s6: docs/installation.md. It starts as root, writes what
# the programs read, and runs each as a user of its own.
FROM program-mcp AS teleinfo
RUN for user in 10001:teleinfo-reader 10002:teleinfo 10003:teleinfo-monitor 10004:mysql 10005:mosquitto; do \
      groupadd --gid "${user%:*}" "${user#*:}" \
   && useradd --uid "${user%:*}" --gid "${user%:*}" --no-create-home --home-dir / --shell /usr/sbin/nologin "${user#*:}" \
   || exit 1; \
    done \
 && apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends \
    mariadb-server-core mariadb-client mosquitto s6 \
 && rm -rf /var/lib/apt/lists/* /etc/mysql /etc/mosquitto \
 && ln -s /run/teleinfo /etc/teleinfo
ENV PYTHONPATH=/opt/app TELEINFO_DEPLOYMENT=image TZ=Europe/Paris
COPY mosquitto /opt/app/mosquitto
COPY mariadb /opt/app/mariadb
COPY deploy/*.py /opt/app/deploy/
COPY deploy/app /opt/app/deploy/app
COPY deploy/image /opt/app/deploy/image
RUN python -m compileall -q /opt/app && chmod -R a+rX /opt/app
WORKDIR /
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --start-interval=2s --retries=3 \
    CMD ["bash", "/opt/app/deploy/app/health"]
VOLUME /data
EXPOSE 8080 1883
ENTRYPOINT ["python", "-P", "-m", "deploy.image", "start"]

# The app of Home Assistant: the same, with the Supervisor's options and services instead of a broker of its own.
FROM teleinfo AS app
ENV TELEINFO_DEPLOYMENT=app
ENTRYPOINT ["python", "-P", "-m", "deploy.app", "start"]
