# syntax=docker/dockerfile:1
# The one place where both bases are named. To pin them, write NAME:TAG@sha256:… here or give it as --build-arg
# (docs/install.md, "The image").
ARG NODE=node:24-bookworm-slim
ARG BASE=gcr.io/distroless/cc-debian12:nonroot

FROM ${NODE} AS build
WORKDIR /portent
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run -s build
# What is bundled, in CycloneDX; tools that only build are not.
RUN npm sbom --sbom-format=cyclonedx --omit=dev --omit=optional > dist/sbom.cdx.json
# The program where it will be, with what Node makes of it. package.json says that its files are ES modules.
COPY LICENSE /app/
RUN cp -r dist package.json /app/ && node scripts/warm.ts /app 65532

# No shell and no package manager: the Node binary, the libraries it links to, and the bundled program.
FROM ${BASE}
ARG BASE
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="portent" \
      org.opencontainers.image.description="Says before a NetworkPolicy or Service is stored who loses access, who gains it." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}"
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /app /app
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/app/cache
USER 65532:65532
WORKDIR /app
EXPOSE 8443 9090
ENTRYPOINT ["/usr/local/bin/node", "/app/dist/portent.js"]
CMD ["serve"]
