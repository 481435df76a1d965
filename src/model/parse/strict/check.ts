import { shown } from '../problem.ts';
import { fields, isAbsent, isFields, items, text } from '../wire.ts';
import { WORKLOAD_KINDS } from '../workload.ts';
import { checkFields, knowsFields } from './fields.ts';
import { checkMetadata, checkSelector } from './metadata.ts';
import { checkLooseCidr } from './network.ts';
import { checkPodSpec, checkWorkload } from './pod.ts';
import { checkPolicy } from './policy.ts';
import type { Report } from './report.ts';
import { checkEndpoints, checkIngress, checkSlice } from './routes.ts';
import { checkService } from './service.ts';
import { SERVED, versionProblem } from './versions.ts';

/**
 * Reports what an API server with strict field validation would refuse in a new object. A `sketch` of a cluster's
 * state may leave out parts of pods that the model has no use for.
 */
export function checkManifest(raw: unknown, report: Report, sketch: boolean): void {
  const { apiVersion, kind, metadata } = fields(raw);
  for (const [field, value] of Object.entries({ apiVersion, kind })) {
    if (text(value) !== '') continue;
    const wrong = isAbsent(value) ? `${field} is missing` : `must be a string, not ${shown(value)}`;
    report(isAbsent(value) ? [] : [field], wrong, 'An object begins with apiVersion and kind');
  }
  if (text(apiVersion) === '' || text(kind) === '') return;
  const version = versionProblem(text(apiVersion), text(kind));
  if (version !== undefined) {
    report([version.field], version.message, version.fix);
    return;
  }
  const ours = SERVED.get(text(kind)) === apiVersion;
  if (ours && knowsFields(text(kind))) checkFields(text(kind), raw, [], report);
  else if (!isAbsent(metadata)) checkFields('ObjectMeta', metadata, ['metadata'], report);
  if (ours || text(apiVersion).startsWith('policy.networking.k8s.io/')) {
    checkMetadata(raw, text(kind), report);
    checkKind(text(kind), raw, report, sketch);
  }
}

function checkKind(kind: string, raw: unknown, report: Report, sketch: boolean): void {
  if (WORKLOAD_KINDS.has(kind)) {
    checkWorkload(kind, raw, report, sketch);
    return;
  }
  switch (kind) {
    case 'Pod':
      checkPodSpec(fields(raw).spec, ['spec'], report, sketch);
      return;
    case 'NetworkPolicy':
      checkPolicy(raw, report);
      return;
    case 'Service':
      checkService(raw, report);
      return;
    case 'Ingress':
      checkIngress(raw, report);
      return;
    case 'EndpointSlice':
      checkSlice(raw, report);
      return;
    case 'Endpoints':
      checkEndpoints(raw, report);
      return;
    case 'AdminNetworkPolicy':
    case 'BaselineAdminNetworkPolicy':
    case 'ClusterNetworkPolicy':
      checkTier(raw, report);
      return;
  }
}

/** Whom a tier policy is about and to what it applies, wherever that stands; its CRD checks the rest. */
function checkTier(raw: unknown, report: Report): void {
  const spec = fields(fields(raw).spec);
  checkTierPeer(spec.subject, ['spec', 'subject'], report);
  for (const [section, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const) {
    items(spec[section]).forEach((rule, i) => {
      items(fields(rule)[peers]).forEach((peer, n) => {
        checkTierPeer(peer, ['spec', section, i, peers, n], report);
      });
      for (const field of ['ports', 'protocols']) {
        items(fields(rule)[field]).forEach((port, n) => {
          checkOnly(port, ['spec', section, i, field, n], report);
        });
      }
    });
  }
}

function checkTierPeer(raw: unknown, path: (string | number)[], report: Report): void {
  checkOnly(raw, path, report);
  const { namespaces, pods, nodes, networks } = fields(raw);
  for (const [field, selector] of Object.entries({ namespaces, nodes })) {
    if (isFields(selector)) checkSelector(selector, [...path, field], report);
  }
  for (const field of ['namespaceSelector', 'podSelector']) {
    checkSelector(fields(pods)[field], [...path, 'pods', field], report);
  }
  items(networks).forEach((cidr, i) => {
    checkLooseCidr(cidr, [...path, 'networks', i], report);
  });
}

/** A choice: with two fields, or none, nobody could tell what is meant. */
function checkOnly(raw: unknown, path: (string | number)[], report: Report): void {
  if (!isFields(raw)) return;
  const set = Object.keys(raw).filter((field) => !isAbsent(raw[field]));
  if (set.length === 0) report(path, 'must have one field, and has none');
  else if (set.length > 1) report(path, `must have one field alone, not ${set.map(shown).join(' and ')}`);
}
