import * as z from 'zod';
import {
  ACTIONS,
  bytes,
  labelSelector,
  objectName,
  objectPath,
  port,
  portRange,
  seconds,
  tristate,
  whole,
  word,
} from './fields.ts';

const action = word(ACTIONS);

const namespaceOverride = z
  .strictObject({
    names: z.array(objectName).min(1, { error: 'name at least one namespace' }).optional(),
    selector: labelSelector.optional(),
    action,
  })
  .refine(({ names, selector }) => (names === undefined) !== (selector === undefined), {
    error: 'give either names or selector',
  })
  .meta({
    description: 'Another action in some namespaces, by name or by label. The first that fits counts.',
  });

const rule = z
  .strictObject({
    action: action
      .optional()
      .meta({ description: 'The action everywhere else. Left out: as the profile says.' }),
    namespaces: z.array(namespaceOverride).default([]),
  })
  .meta({ description: 'What a finding of this rule leads to.' });

/** `node-port-range: deny` is short for `node-port-range: {action: deny}`. */
export const ruleOrAction = z.preprocess(
  (given) => (typeof given === 'string' ? { action: given } : given),
  rule,
);

const texts = z.array(z.string().min(1).max(500)).min(1, { error: 'name at least one, or leave it out' });

const exemption = z
  .strictObject({
    rules: texts.meta({ description: 'Rule ids, or "*" for all.' }),
    users: texts.optional().meta({ description: 'Left out: every user.' }),
    groups: texts.optional().meta({ description: 'Left out: every group.' }),
    namespaces: z.array(objectName).min(1).optional().meta({ description: 'Left out: every namespace.' }),
    reason: z.string().min(1).max(500).meta({ description: 'Recorded in the audit log.' }),
  })
  .meta({ description: 'A recorded opt-out: what it covers is noted, not warned about or denied.' });

/**
 * The configuration file. Every description here is what the documentation, the JSON Schema and
 * `portent serve --help` print.
 */
export const schema = z.strictObject({
  listen: z
    .strictObject({
      address: z
        .union([z.literal('*'), z.ipv4(), z.ipv6()], { error: 'use an IP address, or * for all of them' })
        .default('*')
        .meta({ description: 'Address of the webhook. * is every address, IPv4 and IPv6.' }),
      port: port
        .default(8443)
        .meta({ description: 'Port of the webhook (HTTPS). 0 lets the system choose.' }),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      address: z
        .union([z.literal('*'), z.ipv4(), z.ipv6()], { error: 'use an IP address, or * for all of them' })
        .default('*')
        .meta({ description: 'Address of the metrics.' }),
      port: port.default(9090).meta({ description: 'Port of the metrics (HTTP, /metrics).' }),
    })
    .prefault({}),
  tls: z
    .strictObject({
      directory: z
        .string()
        .min(1)
        .optional()
        .meta({ description: 'Folder for a self-made authority and certificate; made when empty.' }),
      certificateFile: z
        .string()
        .min(1)
        .optional()
        .meta({ description: 'PEM certificate (with its chain) to serve instead of a self-made one.' }),
      keyFile: z.string().min(1).optional().meta({ description: 'PEM private key of certificateFile.' }),
      names: z
        .array(z.string().regex(/^[A-Za-z0-9.:*-]{1,253}$/, { error: 'use a DNS name or an IP address' }))
        .default([])
        .meta({
          description:
            'More names of the self-made certificate, such as portent.portent.svc. localhost is in it.',
        }),
    })
    .refine((given) => (given.certificateFile === undefined) === (given.keyFile === undefined), {
      error: 'give certificateFile and keyFile together',
    })
    .prefault({}),
  log: z
    .strictObject({
      level: word(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info')
        .meta({ description: 'Least severe message to log. Every review is one line at info.' }),
    })
    .prefault({}),
  limits: z
    .strictObject({
      body: bytes(1024, 64 * 1024 ** 2)
        .prefault('7Mi')
        .meta({ description: 'Largest review. The API server sends up to about 6 MiB for one update.' }),
      inFlight: whole(1, 10_000).default(64).meta({ description: 'Reviews at once; more are answered 429.' }),
      connections: whole(1, 100_000).default(1000).meta({ description: 'Open connections at once.' }),
      headerSeconds: seconds(0.1, 300).default(5).meta({ description: 'Time to send the request headers.' }),
      bodySeconds: seconds(0.1, 300).default(10).meta({ description: 'Time to send a whole request.' }),
      idleSeconds: seconds(0.1, 3600)
        .default(120)
        .meta({ description: 'Life of an idle kept-alive connection.' }),
      lagSeconds: seconds(0.01, 60)
        .default(2)
        .meta({ description: 'Event-loop lag past which new reviews are answered 503.' }),
    })
    .prefault({}),
  shutdown: z
    .strictObject({
      lameDuckSeconds: seconds(0, 600)
        .default(10)
        .meta({ description: 'After SIGTERM: not ready, but serving, for so long.' }),
      closeSeconds: seconds(0, 600)
        .default(10)
        .meta({ description: 'Then: time for running requests to end.' }),
    })
    .prefault({}),
  stale: word(['allow', 'warn', 'deny'])
    .default('warn')
    .meta({ description: 'The decision while the model of the cluster is stale or still loading.' }),
  budget: whole(1, 1_000_000_000).default(20_000).meta({
    description:
      'Work for one review, in pairs of peers; the default is about 20 ms. Past it the answer says what was not analysed.',
  }),
  nodePortRange: portRange
    .prefault('30000-32767')
    .meta({ description: "Ports a Service's nodePort may have." }),
  cni: z
    .strictObject({
      name: z.string().min(1).max(100).optional().meta({ description: 'Name of the network plug-in.' }),
      enforcesIngress: tristate.optional().meta({ description: 'Whether it enforces ingress rules.' }),
      enforcesEgress: tristate.optional().meta({ description: 'Whether it enforces egress rules.' }),
      blocksMatchPods: tristate
        .optional()
        .meta({ description: "Whether an ipBlock matches pods' addresses." }),
    })
    .prefault({})
    .meta({ description: 'What you know of the network plug-in; overrides what Portent detects.' }),
  dns: z
    .strictObject({
      services: z
        .array(objectPath)
        .default(['kube-system/kube-dns'])
        .meta({ description: 'Services that answer cluster DNS, as namespace/name.' }),
      nodeLocal: z
        .array(z.union([z.ipv4(), z.ipv6()], { error: 'use an IP address' }))
        .default(['169.254.20.10'])
        .meta({ description: 'Addresses of a DNS cache on each node.' }),
    })
    .prefault({})
    .meta({ description: 'Where pods ask for names.' }),
  profile: word(['advise', 'standard', 'strict']).default('standard').meta({
    description: 'Actions of all rules that are not set: advise never denies, strict denies the most.',
  }),
  rules: z
    .record(z.string().regex(/^[a-z0-9-]{1,80}$/, { error: 'use the id of a rule' }), ruleOrAction)
    .default({})
    .meta({ description: 'Actions by rule id: off, note (log and metrics only), warn or deny.' }),
  exemptions: z.array(exemption).default([]).meta({ description: 'Recorded opt-outs.' }),
});

/** What a file may hold. */
export type ConfigInput = z.input<typeof schema>;
/** The configuration with every default filled in. */
export type ConfigOutput = z.output<typeof schema>;
