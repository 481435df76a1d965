import * as z from 'zod';
import { enforcementSettings } from './enforcement.ts';
import { bytes, objectName, objectPath, port, seconds, tristate, whole, word } from './fields.ts';

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
      secret: objectPath.optional().meta({
        description:
          'Secret (namespace/name) in which all replicas share a self-made certificate, instead of a folder.',
      }),
      webhookConfiguration: objectName.optional().meta({
        description:
          "ValidatingWebhookConfiguration whose caBundle is kept to that certificate's authority. Needs secret.",
      }),
      lifeSeconds: seconds(6, 3650 * 86_400)
        .default(90 * 86_400)
        .meta({ description: 'Life of the shared certificate; it is renewed after two thirds of it.' }),
      clientAuthorityFile: z.string().min(1).optional().meta({
        description:
          'PEM authority of callers. When set, reviews are only for callers with a certificate it signed.',
      }),
      clientNames: z.array(z.string().min(1).max(253)).default([]).meta({
        description: "Common names that callers' certificates may carry; empty: any.",
      }),
    })
    .refine((given) => given.clientNames.length === 0 || given.clientAuthorityFile !== undefined, {
      error: 'clientNames needs clientAuthorityFile: without an authority a name proves nothing',
    })
    .refine((given) => (given.certificateFile === undefined) === (given.keyFile === undefined), {
      error: 'give certificateFile and keyFile together',
    })
    .refine((given) => given.secret === undefined || given.certificateFile === undefined, {
      error: 'give either secret or certificateFile',
    })
    .refine((given) => given.webhookConfiguration === undefined || given.secret !== undefined, {
      error: 'webhookConfiguration needs secret: only a certificate that replicas share is published',
    })
    .prefault({}),
  log: z
    .strictObject({
      level: word(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info')
        .meta({ description: 'Least severe message to log. Every review is one line at info.' }),
    })
    .prefault({}),
  events: z
    .strictObject({
      enabled: z
        .boolean({ error: 'use true or false' })
        .default(true)
        .meta({ description: 'Whether denials are written as Kubernetes Events. Dry runs never are.' }),
    })
    .prefault({}),
  evidence: z
    .strictObject({
      configMaps: z.boolean({ error: 'use true or false' }).default(false).meta({
        description:
          'Whether Services that pods name in their ConfigMaps count as used. Needs the right to list and watch all ConfigMaps; only names of Services are kept. Counts from the next start.',
      }),
    })
    .prefault({}),
  limits: z
    .strictObject({
      body: bytes(1024, 64 * 1024 ** 2)
        .prefault('7Mi')
        .meta({ description: 'Largest review. The API server sends up to about 6 MiB for one update.' }),
      bodies: bytes(1024, 4 * 1024 ** 3)
        .prefault('64Mi')
        .meta({
          description:
            'What has arrived of unfinished reviews, together; past it the oldest is answered 503.',
        }),
      inFlight: whole(1, 10_000).default(64).meta({
        description:
          'Reviews at once that wait for word on an exemption, or for their turn because there is much to judge; more are answered 429.',
      }),
      connections: whole(1, 100_000)
        .default(1000)
        .meta({ description: 'Open connections at once; past it the one idle longest gives way.' }),
      headerSeconds: seconds(0.1, 300).default(5).meta({ description: 'Time to send the request headers.' }),
      bodySeconds: seconds(0.1, 300).default(10).meta({ description: 'Time to send a whole request.' }),
      idleSeconds: seconds(0.1, 3600)
        .default(120)
        .meta({ description: 'Life of an idle kept-alive connection.' }),
      lagSeconds: seconds(0.01, 60)
        .default(2)
        .meta({ description: 'Event-loop lag past which new reviews are answered 503.' }),
      memoryPercent: whole(10, 100, 'per cent').default(90).meta({
        description: 'Share of the heap or of the container past which new reviews are answered 503.',
      }),
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
  budget: whole(1, 1_000_000_000).default(20_000).meta({
    description:
      'Work for one review, in pairs of peers; the default is about 20 ms. Past it the answer says what was not analysed.',
  }),
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
  ...enforcementSettings,
});

/** The configuration with every default filled in. */
export type ConfigOutput = z.output<typeof schema>;
