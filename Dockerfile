# The hub (and, with another command, an agent). npm's own Node only installs: the project brings
# the Node it runs on as a dependency.
FROM node:22-bookworm-slim AS build
WORKDIR /app
# The project's Node is linked against libatomic, which a slim image does not have.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends libatomic1 \
  && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM debian:bookworm-slim
WORKDIR /app
RUN apt-get update \
  && apt-get install --yes --no-install-recommends libatomic1 \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --gid 10001 ansang \
  && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin ansang \
  && install --directory --owner=ansang --group=ansang --mode=0700 /data
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/src ./src
COPY package.json LICENSE ./
COPY broker ./broker
COPY agents ./agents
ENV NODE_ENV=production \
  PATH=/app/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  ANSANG_DATA_DIR=/data \
  ANSANG_HTTP_HOST=0.0.0.0 \
  ANSANG_HTTP_PORT=8080 \
  ANSANG_MQTT_HOST=0.0.0.0 \
  ANSANG_MQTT_PORT=1883
USER ansang
VOLUME /data
EXPOSE 8080 1883
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.ANSANG_HTTP_PORT}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=16", "src/main.ts"]
