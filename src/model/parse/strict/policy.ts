import { type Path, shown } from '../problem.ts';
import { fields, isAbsent, isFields, items } from '../wire.ts';
import { checkSelector } from './metadata.ts';
import {
  checkCidr,
  checkOneOf,
  checkPort,
  checkPortNumber,
  checkProtocol,
  isStrictSubset,
} from './network.ts';
import type { Report } from './report.ts';

/** The spec of a NetworkPolicy, as ValidateNetworkPolicySpec of the API server judges it. */
export function checkPolicy(raw: unknown, report: Report): void {
  const spec = fields(fields(raw).spec);
  checkSelector(spec.podSelector, ['spec', 'podSelector'], report);
  for (const [section, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const) {
    items(spec[section]).forEach((rule, i) => {
      const path = ['spec', section, i];
      const { ports, [peers]: list } = fields(rule);
      items(ports).forEach((port, n) => {
        checkPolicyPort(port, [...path, 'ports', n], report);
      });
      items(list).forEach((peer, n) => {
        checkPeer(peer, [...path, peers, n], report);
      });
    });
  }
  const types = items(spec.policyTypes);
  if (types.length > 2) report(['spec', 'policyTypes'], 'must hold no more than two policyTypes');
  else {
    types.forEach((type, i) => {
      checkOneOf(type ?? '', ['Ingress', 'Egress'], ['spec', 'policyTypes', i], report);
    });
  }
}

function checkPolicyPort(raw: unknown, path: Path, report: Report): void {
  const { protocol, port, endPort } = fields(raw);
  checkProtocol(protocol, [...path, 'protocol'], report);
  if (!isAbsent(port)) checkPort(port, [...path, 'port'], report);
  if (isAbsent(endPort)) return;
  const at = [...path, 'endPort'];
  if (isAbsent(port)) report(at, 'needs a port beside it', `Write port: 1 beside endPort: ${shown(endPort)}`);
  else if (typeof port === 'string') report(at, 'needs a numeric port beside it, not a name');
  else {
    if (typeof endPort === 'number' && typeof port === 'number' && endPort < port) {
      report(at, `${endPort} is less than port ${port}`, `Write a port from ${port} to 65535`);
    }
    checkPortNumber(endPort, at, report);
  }
}

function checkPeer(raw: unknown, path: Path, report: Report): void {
  const { podSelector, namespaceSelector, ipBlock } = fields(raw);
  const selectors = [podSelector, namespaceSelector].filter((selector) => !isAbsent(selector)).length;
  checkSelector(podSelector, [...path, 'podSelector'], report);
  checkSelector(namespaceSelector, [...path, 'namespaceSelector'], report);
  if (!isAbsent(ipBlock)) {
    checkBlock(ipBlock, [...path, 'ipBlock'], report);
    if (selectors > 0) {
      report(
        path,
        'may not hold both ipBlock and a selector',
        'Make two list items of them: either then matches',
      );
    }
  } else if (selectors === 0 && (isAbsent(raw) || isFields(raw))) {
    const list = path.findLast((step) => typeof step === 'string');
    report(
      path,
      'must hold podSelector, namespaceSelector or ipBlock',
      `Leave ${list} out to match everything`,
    );
  }
}

function checkBlock(raw: unknown, path: Path, report: Report): void {
  const { cidr, except } = fields(raw);
  if (isAbsent(cidr) || cidr === '') {
    report([...path, 'cidr'], 'a cidr is missing');
    return;
  }
  const readable = checkCidr(cidr, [...path, 'cidr'], report);
  items(except).forEach((hole, i) => {
    const at = [...path, 'except', i];
    if (!checkCidr(hole, at, report) || !readable) return;
    if (!isStrictSubset(String(hole), String(cidr))) {
      report(at, `${shown(hole)} must lie within cidr ${shown(cidr)} and be smaller`);
    }
  });
}
