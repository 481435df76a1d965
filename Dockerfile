# syntax=docker/dockerfile:1
# Pin both bases by digest in what you publish, e.g.
#   docker build --build-arg NODE=node:24-bookworm-slim@sha256:… --build-arg BASE=…@sha256:… .
# `docker buildx imagetools inspect IMAGE` prints the digest of today.
ARG NODE=node:24-bookworm-slim
ARG BASE=gcr.io/distroless/cc-debian12:nonroot

FROM ${NODE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run -s build

# No shell and no package manager: the Node binary, the libraries it links to, and the bundled program.
FROM ${BASE}
LABEL org.opencontainers.image.title="portent" \
      org.opencontainers.image.description="Says before a NetworkPolicy or Service is stored who loses access, who gains it." \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /usr/local/bin/node /usr/local/bin/node
# package.json says that these files are ES modules.
COPY --from=build /build/package.json /app/package.json
COPY --from=build /build/dist /app/dist
ENV NODE_ENV=production
USER 65532:65532
WORKDIR /app
EXPOSE 8443 9090
ENTRYPOINT ["/usr/local/bin/node", "/app/dist/portent.js"]
CMD ["serve"]
