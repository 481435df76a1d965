/**
 * What the chart's values may be. Helm checks them against values.schema.json, which is made from this; what they mean
 * is said once, in the comments of values.yaml.
 */
import * as z from 'zod';
import { folder, valueRows } from './chart-readme.ts';

/** A group of values: each may be left out, and no other is known. */
const group = <Shape extends z.core.$ZodLooseShape>(shape: Shape) => z.strictObject(shape).partial();

const text = z.string();
const filled = text.min(1);
const flag = z.boolean();
const whole = (least: number) => z.int().min(least);
const duration = text.regex(/^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/);
const strings = z.record(text, text);
/** What Kubernetes, or the program itself, checks. */
const object = z.looseObject({});
const objects = z.array(object);

const selector = group({
  matchLabels: strings,
  matchExpressions: z.array(
    z.strictObject({
      key: text,
      operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
      values: z.array(text).optional(),
    }),
  ),
});

const values = group({
  // Helm gives it to every chart that is part of another.
  global: object,
  nameOverride: text,
  fullnameOverride: text,
  image: group({
    repository: filled,
    tag: text,
    digest: text.regex(/^(sha256:[0-9a-f]{64})?$/),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
  }),
  imagePullSecrets: objects,
  replicas: whole(0),
  // Its own schema is docs/config.schema.json. The program says what is wrong with it, and an image of another version
  // than the chart's may know more. One value gives a right.
  config: z.looseObject({ evidence: z.looseObject({ configMaps: flag.optional() }).optional() }),
  crds: group({ enabled: flag }),
  events: group({ enabled: flag }),
  webhook: group({
    failurePolicy: z.enum(['Ignore', 'Fail']),
    timeoutSeconds: whole(1).max(30),
    excludedNamespaces: z.array(filled).meta({ uniqueItems: true }),
    namespaceSelector: selector,
    objectSelector: selector,
    // Kubernetes takes 64, and three are the chart's own.
    matchConditions: z.array(z.strictObject({ name: filled, expression: filled })).max(61),
    annotations: strings,
  }),
  certificates: group({
    mode: z.enum(['selfManaged', 'certManager', 'existing']),
    selfManaged: group({ days: whole(1).max(3650) }),
    certManager: group({
      issuerRef: group({ name: text, kind: text, group: text }),
      duration,
      renewBefore: duration,
    }),
    existing: group({ secretName: text, caBundle: text }),
  }),
  serviceAccount: group({
    create: flag,
    name: text,
    annotations: strings,
    automountServiceAccountToken: flag,
  }),
  rbac: group({ create: flag }),
  service: group({
    type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']),
    port: whole(1).max(65535),
    annotations: strings,
  }),
  // The pods do not run as root, whom the lower ones are for.
  ports: group({ webhook: whole(1024).max(65535), metrics: whole(1024).max(65535) }),
  resources: object,
  podDisruptionBudget: group({
    enabled: flag,
    maxUnavailable: z.union([whole(0), text.regex(/^[0-9]+%$/)]),
  }),
  topologySpreadConstraints: objects,
  affinity: object,
  nodeSelector: strings,
  tolerations: objects,
  priorityClassName: text,
  terminationGracePeriodSeconds: whole(10),
  hostNetwork: flag,
  dnsPolicy: z.enum(['', 'ClusterFirst', 'ClusterFirstWithHostNet', 'Default']),
  podAnnotations: strings,
  podLabels: strings,
  commonLabels: strings,
  podSecurityContext: object,
  securityContext: object,
  extraArgs: z.array(text),
  extraEnv: objects,
  extraVolumes: objects,
  extraVolumeMounts: objects,
  networkPolicy: group({
    enabled: flag,
    metricsFrom: objects,
    apiServerPorts: z.array(whole(1).max(65535)).min(1),
    extraIngress: objects,
    extraEgress: objects,
  }),
  serviceMonitor: group({ enabled: flag, interval: duration, scrapeTimeout: duration, labels: strings }),
  prometheusRule: group({ enabled: flag, labels: strings, runbookBaseUrl: filled }),
  dashboard: group({ enabled: flag, labels: strings, annotations: strings }),
});

/** The parts of a JSON Schema that are looked at here. */
interface Node {
  description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
}

/** The generated schema: its path in the repository and its text. Draft-07 is what every Helm understands. */
export function chartValues(): { readonly path: string; readonly text: string } {
  const made = z.toJSONSchema(values, {
    target: 'draft-07',
    io: 'input',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema }) => {
      // A bound of JavaScript's numbers, not of the value.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      // What says nothing: every name is a string, and an open object is one of which nothing is known.
      delete jsonSchema.propertyNames;
      if (zodSchema !== object) return;
      delete jsonSchema.properties;
      delete jsonSchema.additionalProperties;
    },
  });
  describe(made as Node);
  const { $schema, ...rest } = made;
  const schema = { $schema, title: 'Values of the Portent chart', ...rest };
  return { path: `${folder}/values.schema.json`, text: `${JSON.stringify(schema, null, 2)}\n` };
}

/** Gives each value the meaning that its comment has. Throws where values.yaml has a value that is not above. */
function describe(schema: Node): void {
  for (const { path, meaning } of valueRows()) {
    let node: Node | undefined = schema;
    for (const key of path.split('.')) {
      // Inside what is not checked here.
      if (node.properties === undefined) break;
      node = node.properties[key];
      if (node === undefined) throw new Error(`the schema of the chart's values has no ${path}`);
    }
    if (meaning !== '') node.description = meaning;
  }
}
