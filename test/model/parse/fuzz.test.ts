import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dump } from 'js-yaml';
import * as parse from '../../../src/model/parse/index.ts';
import { Store } from '../../../src/model/store.ts';
import { runs } from '../../runs.ts';

/** Names the parsers look for, so that random objects get past the first look. */
const KEYS =
  `apiVersion kind metadata name namespace labels annotations ownerReferences controller uid spec status
podSelector namespaceSelector ipBlock cidr except matchLabels matchExpressions key operator values policyTypes ingress egress
from to ports port endPort protocol targetPort nodePort type clusterIP clusterIPs selector externalName ipFamilies containers
initContainers restartPolicy env value command args template jobTemplate replicas subsets addresses ip endpoints conditions
targetRef podIPs rules http paths backend service backendRefs filters requestMirror webhooks clientConfig conversion webhook
strategy subject namespaces pods networks nodes protocols tcp destinationPort number range start end portNumber portRange
sessionAffinityConfig loadBalancerSourceRanges externalIPs items portent references workload
data envFrom valueFrom configMapRef configMapKeyRef volumes configMap projected sources __proto__ constructor`.split(
    /\s+/,
  );
const VALUES = [
  ...[
    'Ingress',
    'Egress',
    'In',
    'Exists',
    'NotIn',
    'TCP',
    'tcp',
    'Webhook',
    'Deny',
    'Admin',
    'Always',
    'Local',
    '',
  ],
  ...[
    '10.0.0.0/8',
    '10.1.0.0/16',
    '::/0',
    '10.0.0.1',
    'None',
    'http://a.b.svc:80/x',
    'db:5432',
    'ClientIP',
    'web',
  ],
  ...[0, 1, 80, 65536, -1, 1.5, true, null],
];
const KINDS = [
  ...[
    'v1 Pod',
    'v1 Service',
    'v1 Namespace',
    'v1 ConfigMap',
    'v1 Endpoints',
    'v1 Node',
    'v1 ReplicationController',
    'v1 List',
  ],
  ...['apps/v1 Deployment', 'apps/v1 DaemonSet', 'apps/v1 ReplicaSet', 'batch/v1 Job', 'batch/v1 CronJob'],
  ...[
    'networking.k8s.io/v1 NetworkPolicy',
    'networking.k8s.io/v1 Ingress',
    'discovery.k8s.io/v1 EndpointSlice',
  ],
  ...[
    'policy.networking.k8s.io/v1alpha1 AdminNetworkPolicy',
    'policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy',
  ],
  ...[
    'gateway.networking.k8s.io/v1 HTTPRoute',
    'cilium.io/v2 CiliumNetworkPolicy',
    'extensions/v1beta1 NetworkPolicy',
  ],
  'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration',
  'apiextensions.k8s.io/v1 CustomResourceDefinition',
  'apiregistration.k8s.io/v1 APIService',
];

const { any: anyJson } = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom(...VALUES),
    fc.array(tie('any'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.constantFrom(...KEYS), tie('any')), { maxLength: 7 })
      // Like JSON.parse: __proto__ becomes a field.
      .map((entries) =>
        JSON.parse(`{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)}}`),
      ),
  ),
}));

const anyObject = fc
  .tuple(fc.constantFrom(...KINDS), anyJson, anyJson, anyJson)
  .map(([type, metadata, spec, rest]) => {
    const [apiVersion, kind] = type.split(' ');
    return {
      ...(typeof rest === 'object' && !Array.isArray(rest) ? rest : {}),
      apiVersion,
      kind,
      metadata,
      spec,
    };
  });

const LENIENT: ((raw: unknown) => unknown)[] = [
  parse.parseApiService,
  parse.parseConfigMap,
  parse.parseConversion,
  parse.parseDaemonSet,
  parse.parseEndpointSlice,
  parse.parseEndpoints,
  parse.parseForeignPolicy,
  parse.parseGatewayRoute,
  parse.parseIngress,
  parse.parseNamespace,
  parse.parseNetworkPolicy,
  parse.parseNode,
  parse.parseObject,
  (raw) => parse.parsePod(raw),
  parse.parseService,
  parse.parseTierPolicy,
  parse.parseWebhookCallbacks,
  parse.parseWorkload,
];

test('no JSON makes a lenient parser throw', () => {
  fc.assert(
    fc.property(fc.oneof(anyJson, anyObject), (raw) => {
      for (const parser of LENIENT) parser(raw);
      for (const kind of ['NetworkPolicy', 'Service'] as const) parse.parseReviewed(raw, kind);
    }),
    runs(1500),
  );
});

test('no manifest makes the strict parser or the loader throw, and every problem has a line and a path', () => {
  fc.assert(
    fc.property(fc.array(anyObject, { maxLength: 4 }), (raws) => {
      const { documents } = parse.readDocuments(JSON.stringify(raws, null, 1), 'f.json');
      const objects: parse.ManifestObject[] = [];
      for (const document of documents) {
        for (const stored of [false, true]) {
          const { object, problems } = parse.parseManifest(document, { namespace: 'x', stored });
          if (object !== undefined) objects.push(object);
          assert.equal(object === undefined, problems.length > 0);
          for (const problem of problems) {
            assert.ok(problem.line >= 1);
            assert.doesNotMatch(parse.problemText(problem), /[\n\r]/);
          }
        }
      }
      load(objects);
      load(raws.map(parse.parseObject));
    }),
    runs(1000),
  );
});

function load(objects: Iterable<parse.ManifestObject>): void {
  parse.load(new Store(), objects);
}

test('no text makes the reader throw', () => {
  const fragment = fc.constantFrom(
    'a',
    ': ',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '&a ',
    '*a',
    '---\n',
    '"',
    "'",
    '|',
    '<<: ',
    '\t',
    '#',
    '!',
    '? ',
    'kind: List\n',
    'items:',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join('')),
      ),
      (text) => {
        const { documents } = parse.readDocuments(text, 'f');
        for (const document of documents) {
          assert.ok(document.line >= 1);
          assert.ok(document.lineOf(['a', 0, 'items', 'x']) >= 1);
        }
      },
    ),
    runs(3000),
  );
});

test('a policy gives the same model from YAML and from JSON text', () => {
  fc.assert(
    fc.property(anyJson, anyJson, (metadata, spec) => {
      const raw = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec };
      const models = [
        dump(raw, { noRefs: true, quoteStyle: 'double', forceQuotes: true }),
        JSON.stringify(raw),
      ].map((text) => {
        const { documents, problems } = parse.readDocuments(text, 'f');
        assert.deepEqual(problems, []);
        return documents.map((document) => parse.parseNetworkPolicy(document.raw));
      });
      assert.deepEqual(models[0], models[1]);
      assert.deepEqual(models[1], [parse.parseNetworkPolicy(raw)]);
    }),
    runs(500),
  );
});
