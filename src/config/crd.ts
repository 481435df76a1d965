import { stringify } from 'yaml';
import * as z from 'zod';
import { policySpec } from './enforcement.ts';

/** The parts of a JSON Schema that are changed here. */
type Node = { [key: string]: unknown };

/** Keywords a structural schema of the API server has no room for; what they say, the program checks itself. */
const DROPPED = ['$schema', 'additionalProperties', 'propertyNames', 'default', 'id'] as const;
/** Their patterns use what Go's regular expressions lack. */
const FORMATS: readonly unknown[] = ['ipv4', 'ipv6'];

/**
 * The CustomResourceDefinition of PortentPolicy, as YAML: its schema is that of the configuration file. Helm keeps
 * it when the release goes, and with it everybody's PortentPolicies.
 */
export function portentPolicyCrd(): string {
  const spec = structural(
    z.toJSONSchema(policySpec, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Node,
  );
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: 'portentpolicies.portent.dev',
      annotations: { 'helm.sh/resource-policy': 'keep' },
    },
    spec: {
      group: 'portent.dev',
      scope: 'Cluster',
      names: {
        kind: 'PortentPolicy',
        listKind: 'PortentPolicyList',
        plural: 'portentpolicies',
        singular: 'portentpolicy',
      },
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [
            { name: 'Profile', type: 'string', jsonPath: '.spec.profile' },
            { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
            {
              name: 'Message',
              type: 'string',
              priority: 1,
              jsonPath: '.status.conditions[?(@.type=="Ready")].message',
            },
            { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          ],
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: 'What findings of Portent lead to, on top of its configuration file.',
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec,
                status,
              },
            },
          },
        },
      ],
    },
  };
  const heading =
    '# Made from the schema of the configuration by "npm run docs"; change that, not this file.\n';
  // YAML 1.1, as kubectl and Helm read it: a bare `off` would be false.
  return heading + stringify(crd, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

const text = { type: 'string' };
const status = {
  type: 'object',
  description: 'Written by Portent.',
  properties: {
    observedGeneration: { type: 'integer', format: 'int64' },
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: {
        type: 'object',
        required: ['type', 'status'],
        properties: {
          type: text,
          status: text,
          reason: text,
          message: text,
          lastTransitionTime: { type: 'string', format: 'date-time' },
          observedGeneration: { type: 'integer', format: 'int64' },
        },
      },
    },
  },
};

/** A schema in the form the API server takes: one type a node, and nothing that it does not know. */
function structural(node: Node): Node {
  const made: Node = {};
  for (const [key, value] of Object.entries(node)) {
    if (!(DROPPED as readonly string[]).includes(key)) made[key] = value;
  }
  const { additionalProperties, properties, items, anyOf } = node;
  if (isNode(additionalProperties)) made.additionalProperties = structural(additionalProperties);
  if (isNode(items)) made.items = structural(items);
  if (isNode(properties)) {
    made.properties = Object.fromEntries(
      Object.entries(properties).map(([name, child]) => [name, structural(child as Node)]),
    );
  }
  // The only alternatives there are: an address of one family or the other.
  if (Array.isArray(anyOf)) {
    made.type = 'string';
    made.anyOf = anyOf.map(({ format }: Node) => ({ format }));
  }
  if (FORMATS.includes(made.format)) delete made.pattern;
  return made;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
