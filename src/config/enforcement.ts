/** The part of the configuration that says what findings lead to. A PortentPolicy may set it too. */
import * as z from 'zod';
import { DEFAULT_RULES_CONFIG as DEFAULTS } from '../decision/enforcement.ts';
import { expiryOf } from '../decision/expiry.ts';
import {
  ACTIONS,
  labelPair,
  labelPattern,
  labelSelector,
  objectName,
  objectPath,
  portRange,
  word,
} from './fields.ts';

/** Helm and kubectl read YAML in which a bare `off` is false. */
const action = z.preprocess((given) => (given === false ? 'off' : given), word(ACTIONS));

const atLeastOne = { error: 'name at least one, or leave it out' };
const texts = z.array(z.string().min(1).max(500)).min(1, atLeastOne).max(200);

const scope = {
  namespaces: z
    .array(objectName)
    .min(1, atLeastOne)
    .max(200)
    .optional()
    .meta({ description: 'In one of these namespaces. Left out: in every one.' }),
  namespaceSelector: labelSelector
    .optional()
    .meta({ description: 'In namespaces with these labels. Left out: whatever their labels.' }),
  kinds: z
    .array(word(['NetworkPolicy', 'Service']))
    .min(1, atLeastOne)
    .max(2)
    .optional()
    .meta({ description: 'Changes of these kinds. Left out: of both.' }),
  users: texts.optional().meta({ description: 'Changes by one of these users. Left out: by everybody.' }),
  groups: texts
    .optional()
    .meta({ description: 'Changes by members of one of these groups. Left out: by everybody.' }),
};

/** CEL for the API server: what a refinement here says to the program. */
const needsScope = {
  rule: 'has(self.namespaces) || has(self.namespaceSelector) || has(self.kinds) || has(self.users) || has(self.groups)',
  message: 'give at least one of namespaces, namespaceSelector, kinds, users and groups',
};

const override = z
  .strictObject({ ...scope, action })
  .refine((given) => Object.keys(scope).some((key) => given[key as keyof typeof scope] !== undefined), {
    error: `${needsScope.message}; to mean every change, set the action of the rule itself`,
  })
  .meta({
    description: 'Another action where all conditions hold. The first that fits counts.',
    'x-kubernetes-validations': [needsScope],
  });

/** What a finding of one rule leads to. */
export const rule = z
  .strictObject({
    action: action
      .optional()
      .meta({ description: 'The action everywhere else. Left out: as the profile says.' }),
    overrides: z
      .array(override)
      .max(100)
      .default([])
      .meta({ description: 'Other actions by namespace, kind, user or group.' }),
  })
  .meta({ description: 'What a finding of this rule leads to.' });

/** `node-port-range: deny` is short for `node-port-range: {action: deny}`. */
export const ruleOrAction = z.preprocess(
  (given) => (typeof given === 'string' || given === false ? { action: given } : given),
  rule,
);

const ruleId = z.string().regex(/^[a-z0-9-]{1,80}$/, { error: 'use the id of a rule' });

const day = z
  .string()
  .max(40)
  .refine((text) => expiryOf(text) !== undefined, {
    error: 'use a day such as 2030-12-31 or a time such as 2030-12-31T18:00:00Z',
  });

const exemption = z
  .strictObject({
    rules: texts.meta({ description: 'Rule ids, or "*" for all.' }),
    ...scope,
    reason: z.string().min(1).max(500).meta({ description: 'Shown to the user and kept in the audit log.' }),
    until: day.optional().meta({
      description: 'The day (its first moment, UTC) or moment at which it ends. Left out: it does not end.',
    }),
  })
  .meta({ description: 'A recorded opt-out: what it covers is noted, not warned about or denied.' });

const listed = {
  rule: "(has(self.by) && self.by == 'listed') == ((has(self.users) && size(self.users) > 0) || (has(self.groups) && size(self.groups) > 0))",
  message: 'give users or groups with "by: listed", and with nothing else',
};
const names = z.array(z.string().min(1).max(500)).max(200);

const exemptionAnnotation = z
  .strictObject({
    by: word(['access-review', 'listed', 'nobody']).default(DEFAULTS.exemptionAnnotation.by).meta({
      description:
        'Who may exempt an object by its annotation: whoever has the verb exempt on portentpolicies in the namespace, those listed, or nobody.',
    }),
    users: names.default([]).meta({ description: 'Users who may, with listed.' }),
    groups: names.default([]).meta({ description: 'Groups whose members may, with listed.' }),
  })
  .refine(({ by, users, groups }) => (by === 'listed') === users.length + groups.length > 0, {
    error: listed.message,
  })
  .meta({ 'x-kubernetes-validations': [listed] });

const fields = {
  profile: word(['advise', 'standard', 'strict']).meta({
    description: 'Actions of all rules that are not set: advise never denies, strict denies the most.',
  }),
  stale: word(['allow', 'warn', 'deny']).meta({
    description: 'The decision while the model of the cluster is stale or still loading.',
  }),
  nodePortRange: portRange.meta({ description: "Ports a Service's nodePort may have." }),
  dnsServices: z
    .array(objectPath)
    .max(100)
    .meta({ description: 'Services that answer cluster DNS, as namespace/name.' }),
  dnsNodeLocal: z
    .array(z.union([z.ipv4(), z.ipv6()], { error: 'use an IP address' }))
    .max(100)
    .meta({ description: 'Addresses of a DNS cache on each node.' }),
  rules: {
    description: 'Actions by rule id: off, note (log and metrics only), warn or deny.',
    maxProperties: 200,
  },
  exemptions: z.array(exemption).max(200).meta({ description: 'Recorded opt-outs.' }),
};

/** Only in the file: who may change what holds for everybody is not said by an object of the cluster. */
const protectedPolicies = z
  .strictObject({
    labels: z
      .array(labelPair)
      .max(20)
      .default([...DEFAULTS.protectedPolicies.labels])
      .meta({
        description: 'Labels, all of them, of the policies that only some may change. None: no policy is.',
      }),
    users: names
      .default([])
      .meta({ description: 'Users who may change them. The group system:masters always may.' }),
    groups: names.default([]).meta({ description: 'Groups that may change them.' }),
  })
  .meta({
    description: 'Baseline policies. With users or groups named, others are refused; else they are warned.',
  });

/** These settings in the configuration file, with their defaults. */
export const enforcementSettings = {
  stale: fields.stale.default(DEFAULTS.stale),
  nodePortRange: fields.nodePortRange.prefault(`${DEFAULTS.nodePortRange.from}-${DEFAULTS.nodePortRange.to}`),
  dns: z
    .strictObject({
      services: fields.dnsServices.default([...DEFAULTS.dns.services]),
      nodeLocal: fields.dnsNodeLocal.default([...DEFAULTS.dns.nodeLocal]),
    })
    .prefault({})
    .meta({ description: 'Where pods ask for names.' }),
  trustedNamespaceLabels: z
    .array(labelPattern)
    .max(200)
    .default([...DEFAULTS.trustedNamespaceLabels])
    .meta({
      description:
        'Keys of Namespace labels that those who own a namespace cannot write: a key, or example.com/* or *.example.com/* for keys with such a prefix.',
    }),
  protectedPolicies: protectedPolicies.prefault({}),
  profile: fields.profile.default(DEFAULTS.profile),
  rules: z.record(ruleId, ruleOrAction).default({}).meta(fields.rules),
  exemptions: fields.exemptions.default([]),
  exemptionAnnotation: exemptionAnnotation.prefault({}),
};

/** The `spec` of a PortentPolicy: the same settings, none of them needed. */
export const policySpec = z.strictObject({
  profile: fields.profile.optional(),
  stale: fields.stale.optional(),
  nodePortRange: fields.nodePortRange.optional(),
  dns: z
    .strictObject({
      services: fields.dnsServices.optional(),
      nodeLocal: fields.dnsNodeLocal.optional(),
    })
    .optional()
    .meta({ description: 'Where pods ask for names.' }),
  rules: z.record(ruleId, rule).optional().meta(fields.rules),
  exemptions: fields.exemptions.optional(),
  exemptionAnnotation: exemptionAnnotation.optional(),
});

/** A PortentPolicy's `spec` as it was read. */
export type PolicySpec = z.output<typeof policySpec>;
