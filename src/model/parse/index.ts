/** Wire JSON and YAML → model. The only place that knows absent from empty, defaults, and API versions. */
export { parseApiService, parseConversion, parseWebhookCallbacks } from './callback.ts';
export { parseDaemonSet } from './daemonset.ts';
export { type Documents, readDocuments } from './documents.ts';
export { isForeignPolicy, parseForeignPolicy } from './foreign.ts';
export { type Loaded, load } from './load.ts';
export { type Defaults, type ManifestObject, type Parsed, parseManifest, parseObject } from './manifest.ts';
export { keepsAnnotation } from './meta.ts';
export { parseNamespace } from './namespace.ts';
export { parseNode } from './node.ts';
export { parsePod } from './pod.ts';
export { parseNetworkPolicy } from './policy.ts';
export { type Path, type Problem, pathText, problemText, type RawDocument } from './problem.ts';
export { parseReviewed, type Reviewed, selectorProblems } from './reviewed.ts';
export { GATEWAY_ROUTES, parseGatewayRoute, parseIngress } from './route.ts';
export { parseService } from './service.ts';
export { parseEndpointSlice, parseEndpoints } from './slice.ts';
export { parseTierPolicy } from './tier.ts';
export { parseWorkload, WORKLOAD_KINDS, type WorkloadObject } from './workload.ts';
