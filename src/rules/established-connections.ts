import { changedObject } from '../model/change.ts';
import { canLose } from '../simulate/loss.ts';
import type { Rule } from './rule.ts';
import { admitsAll, policyText } from './text.ts';
import { policy } from './worlds/manifests.ts';
import { ALLOW_ALL, EXCEPT_AND_LABELS, EXCEPT_ONE_CLIENT, REGIONS } from './worlds/regions.ts';

export const establishedConnections: Rule = {
  id: 'established-connections',
  title: 'Open connections may stay open',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  severity: 'info',
  action: 'note',
  needs: 'model',
  aspects: ['takes'],
  summary: 'The change takes something away; connections that are open already are not necessarily cut.',
  why: 'Most plug-ins decide about a connection when it begins. A client that is to be shut out keeps what it has, and a client that was shut out by mistake fails only when it connects again.',
  fix: 'Restart the pods on one side if what is open now must end, and watch for reconnects before calling the change good.',
  limits: [
    'Some plug-ins do cut established connections. The note is given for every change that may deny something new.',
  ],
  examples: {
    good: [
      {
        title: 'One more policy beside another only adds',
        cluster: REGIONS + EXCEPT_ONE_CLIENT,
        operation: 'CREATE',
        manifest: policy(
          'demo/more',
          '  podSelector: {matchLabels: {app: server}}\n  policyTypes: [Ingress]\n',
        ),
        findings: [],
      },
      {
        title: 'A policy that allows everything takes nothing',
        cluster: REGIONS,
        operation: 'CREATE',
        manifest: ALLOW_ALL,
        findings: [],
      },
    ],
    bad: [
      {
        title: 'A first policy',
        cluster: REGIONS,
        operation: 'CREATE',
        manifest: EXCEPT_ONE_CLIENT,
        findings: [
          {
            subject: 'NetworkPolicy demo/regions',
            message: 'connections that are open now are not necessarily cut: policies decide about new ones.',
          },
        ],
      },
      {
        title: 'One peer less',
        cluster: REGIONS + EXCEPT_AND_LABELS,
        operation: 'UPDATE',
        manifest: EXCEPT_ONE_CLIENT,
        findings: [
          {
            subject: 'NetworkPolicy demo/regions',
            message: 'connections that are open now are not necessarily cut: policies decide about new ones.',
          },
        ],
      },
    ],
  },
  *check({ change, simulation }) {
    const changed = changedObject(change);
    if (changed.kind !== 'NetworkPolicy') return;
    const takes = simulation.subjects.some((subject) =>
      subject.directions.some((direction) => {
        if (!canLose(simulation, subject, direction)) return false;
        return !subject[direction].after.some((one) => admitsAll(one, direction));
      }),
    );
    if (!takes) return;
    yield {
      subject: policyText(changed),
      message: 'connections that are open now are not necessarily cut: policies decide about new ones.',
      because: [policyText(changed)],
    };
  },
};
