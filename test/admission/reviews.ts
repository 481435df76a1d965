/** Reviews as an API server sends them, and a small cluster to judge them against. */
import type { Judge } from '../../src/admission/judging.ts';
import { configOf } from '../../src/config/config.ts';
import { judgeInSteps } from '../../src/decision/judge.ts';
import { labelsOf } from '../../src/model/labels.ts';
import { parsePod } from '../../src/model/parse/pod.ts';
import { parseService } from '../../src/model/parse/service.ts';
import { Store } from '../../src/model/store.ts';

/** JSON as it is on the wire. */
export type Wire = { [key: string]: unknown };

/** Fields of `request` that a test sets. */
export interface ReviewOptions {
  readonly operation?: string;
  readonly object?: unknown;
  readonly oldObject?: unknown;
  readonly user?: string;
  readonly dryRun?: boolean;
  readonly extra?: Wire;
}

/** An AdmissionReview of the kind and name of its object. */
export function review(options: ReviewOptions): Wire {
  const { operation = 'CREATE', object = null, oldObject = null, user = 'alice', dryRun = false } = options;
  const subject = (object ?? oldObject ?? {}) as { kind?: string; metadata?: Wire };
  const policy = subject.kind === 'NetworkPolicy';
  const group = policy ? 'networking.k8s.io' : '';
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'c0ffee00-0000-4000-8000-000000000001',
      kind: { group, version: 'v1', kind: subject.kind },
      resource: { group, version: 'v1', resource: policy ? 'networkpolicies' : 'services' },
      name: subject.metadata?.name,
      namespace: subject.metadata?.namespace,
      operation,
      userInfo: { username: user, groups: ['system:authenticated'] },
      object,
      oldObject,
      dryRun,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
      ...options.extra,
    },
  };
}

/** A NetworkPolicy as the API server hands it over; `spec` defaults to isolating the whole namespace. */
export function policy(name: string, spec: Wire = {}, namespace = 'default'): Wire {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, uid: `uid-${name}`, generation: 1 },
    spec: { podSelector: {}, policyTypes: ['Ingress'], ...spec },
  };
}

/** A Service of type NodePort. */
export function nodePortService(name: string, nodePort: number, namespace = 'default'): Wire {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      type: 'NodePort',
      clusterIP: '10.96.0.20',
      clusterIPs: ['10.96.0.20'],
      selector: { app: 'web' },
      ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080, nodePort }],
    },
  };
}

/** Namespaces default and old (terminating), with a pod `web` and its Service in each. */
export function cluster(): Store {
  const store = new Store();
  store.health = { state: 'live', problems: [] };
  for (const name of ['default', 'old']) {
    store.putNamespace({ name, labels: labelsOf([]), terminating: name === 'old' });
    const pod = parsePod({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: name, labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', ports: [{ containerPort: 8080 }] }], nodeName: 'n1' },
      status: { phase: 'Running', podIPs: [{ ip: name === 'old' ? '10.0.0.2' : '10.0.0.1' }] },
    });
    if (pod === undefined) throw new Error('the pod does not count');
    store.putPod(pod);
    store.putService(parseService(nodePortService('web', 30080, name)));
  }
  return store;
}

/** The real judge, with a configuration file. */
export function judgeWith(text: string): Judge {
  const config = configOf({ file: { name: 'test', text } });
  return (snapshot, change, context) =>
    judgeInSteps(snapshot, change, { ...context, config, now: Date.now() });
}
