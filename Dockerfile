# One image, any command of `pawl`: worker (default), gateway, or a client command.
# glibc only: the Temporal SDK's native core has no musl build, so never Alpine.
# Not built yet: there was no Docker daemon.

FROM node:24-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# The `prepare` script builds, and the sources are not there yet.
RUN npm ci --ignore-scripts
COPY . .
# The local stack's database and the binaries of other platforms are of no use in a container.
RUN npm run build \
 && npm prune --omit=dev --ignore-scripts \
 && case "$(uname -m)" in x86_64) keep=x86_64-unknown-linux-gnu ;; *) keep=aarch64-unknown-linux-gnu ;; esac \
 && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 ! -name "$keep" -exec rm -r {} + \
 && rm -r node_modules/@temporalio/core-bridge/sdk-core

FROM node:24-trixie-slim
# The native core needs the certificates even for a connection without TLS.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/bin ./bin
COPY --from=build /app/dist ./dist
# Data files that are read at run time: migrations, the request schema of the offline model, the corpus.
COPY --from=build /app/src ./src
COPY --from=build /app/offline-model ./offline-model
COPY --from=build /app/activities ./activities
# Files of runs: all that a container writes besides /tmp. There belongs a volume, the same one for all workers.
RUN install -d -o 1000 -g 1000 -m 0700 /data/files
ENV NODE_ENV=production
ENV PAWL_FILES_DIR=/data/files
# Where commands look for a local stack; in a container there is none.
ENV PAWL_STATE_DIR=/tmp/pawl
# The user `node`; by number, so that a cluster sees that it is not root.
USER 1000:1000
ENTRYPOINT ["node", "bin/pawl.js"]
CMD ["worker"]
