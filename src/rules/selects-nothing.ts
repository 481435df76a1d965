import { isOfRelease } from '../evidence/release.ts';
import { selectorText, selectsEverything } from '../model/selector.ts';
import { correctedSelector, meantLabel, meantText } from './nearest.ts';
import { selectorWire } from './patch.ts';
import type { Rule } from './rule.ts';
import { policyText } from './text.ts';
import { deployment, policy } from './worlds/manifests.ts';

const CLUSTER = deployment('shop/redis', 'app: redis');

export const selectsNothing: Rule = {
  id: 'selects-nothing',
  title: 'Policy that selects no pod',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'low',
  action: 'warn',
  needs: 'model',
  aspects: ['nobody'],
  summary: "No pod of the policy's namespace carries the labels of its podSelector.",
  why: 'A policy protects only what it selects. A misspelt label leaves the pods it was written for open.',
  fix: 'Compare podSelector with the labels of the pods: kubectl get pods --show-labels.',
  limits: [
    'A policy applied before its pods is reported too. In a namespace without any pod it is only a note, and where a tool makes it as part of a release (app.kubernetes.io/managed-by and the like) and no label is close.',
    'Pods on the host network cannot be selected and do not count.',
  ],
  examples: {
    good: [
      {
        title: 'The label exists',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: policy('shop/redis', '  podSelector: {matchLabels: {app: redis}}\n'),
        findings: [],
      },
      {
        title: 'Every pod',
        cluster: '',
        operation: 'CREATE',
        manifest: policy('shop/redis', '  podSelector: {}\n'),
        findings: [],
      },
      {
        title: 'A release makes its policies before its pods: a note',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: policy('shop/cart', '  podSelector: {matchLabels: {app: cart}}\n').replace(
          'namespace: shop}',
          'namespace: shop, labels: {app.kubernetes.io/managed-by: Helm}}',
        ),
        findings: [
          {
            subject: 'NetworkPolicy shop/cart',
            severity: 'info',
            message: 'app=cart selects no pod in namespace shop.',
          },
        ],
      },
    ],
    bad: [
      {
        title: 'A misspelt label',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: policy('shop/redis', '  podSelector: {matchLabels: {app: rediss}}\n'),
        findings: [
          {
            subject: 'NetworkPolicy shop/redis',
            message: 'app=rediss selects no pod in namespace shop; did you mean app=redis?',
            patch: [{ op: 'replace', path: '/spec/podSelector', value: { matchLabels: { app: 'redis' } } }],
          },
        ],
      },
      {
        title: 'The value under another key',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: policy('shop/redis', '  podSelector: {matchLabels: {name: redis}}\n'),
        findings: [
          {
            subject: 'NetworkPolicy shop/redis',
            message: 'name=redis selects no pod in namespace shop; did you mean app=redis?',
            patch: [{ op: 'replace', path: '/spec/podSelector', value: { matchLabels: { app: 'redis' } } }],
          },
        ],
      },
      {
        title: 'A namespace without pods: a note',
        cluster: '',
        operation: 'CREATE',
        manifest: policy('shop/redis', '  podSelector: {matchLabels: {app: redis}}\n'),
        findings: [
          {
            subject: 'NetworkPolicy shop/redis',
            severity: 'info',
            message: 'app=redis selects no pod in namespace shop.',
          },
        ],
      },
    ],
  },
  *check({ change, after, snapshot, simulation }) {
    const policy = change.after;
    if (policy?.kind !== 'NetworkPolicy' || selectsEverything(policy.subject)) return;
    const chosen = simulation.selected;
    if (chosen.some(({ hostNetwork }) => !hostNetwork)) return;
    const space = snapshot.spaces.get(policy.namespace);
    const classes = space === undefined ? [] : after.classes(space);
    const meant = meantLabel(policy.subject, classes);
    const right = chosen.length > 0 ? undefined : correctedSelector(policy.subject, meant, classes);
    const hint =
      chosen.length > 0
        ? '; the pods that carry it are on the host network, which no policy covers.'
        : meant === undefined
          ? '.'
          : `; did you mean ${meantText(meant)}?`;
    const early =
      change.operation === 'CREATE' &&
      chosen.length === 0 &&
      meant === undefined &&
      isOfRelease(policy.labels);
    yield {
      subject: policyText(policy),
      ...(classes.length === 0 || early ? { severity: 'info' as const } : {}),
      message: `${selectorText(policy.subject)} selects no pod in namespace ${policy.namespace}${hint}`,
      because: [`${policyText(policy)} spec.podSelector`],
      ...(right === undefined
        ? {}
        : { patch: [{ op: 'replace', path: '/spec/podSelector', value: selectorWire(right) }] }),
    };
  },
};
