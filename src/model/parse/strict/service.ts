import type { Address } from '../../../netset/addresses.ts';
import { type Path, shown } from '../problem.ts';
import { dnsLabelProblem, dnsSubdomainProblem, labelKeyProblem } from '../syntax.ts';
import { type Fields, fields, isAbsent, items } from '../wire.ts';
import { checkLabels } from './metadata.ts';
import { checkAddress, checkCidr, checkOneOf, checkPort, checkPortNumber, checkProtocol } from './network.ts';
import type { Report } from './report.ts';
import { checkClusterIPs } from './service-addresses.ts';

const TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'];
const TRAFFIC = ['Cluster', 'Local'];
const LONGEST_AFFINITY = 86_400;

/** The spec of a Service, as validateService of the API server judges it after filling in defaults. */
export function checkService(raw: unknown, report: Report): void {
  const spec = fields(fields(raw).spec);
  const type = isAbsent(spec.type) || spec.type === '' ? 'ClusterIP' : String(spec.type);
  const headless = spec.clusterIP === 'None' || items(spec.clusterIPs)[0] === 'None';
  checkOneOf(spec.type === '' ? undefined : spec.type, TYPES, ['spec', 'type'], report);
  if (headless && (type === 'NodePort' || type === 'LoadBalancer')) {
    report(['spec', 'clusterIP'], `may not be None for type ${type}`);
  }
  if (type === 'ExternalName') checkExternalName(spec, report);
  else checkClusterIPs(spec, headless, report);
  checkPorts(spec, type, headless, report);
  checkLabels(spec.selector, ['spec', 'selector'], report);
  checkAffinity(spec, report);
  checkTraffic(spec, type, report);
  checkLoadBalancer(spec, type, report);
  items(spec.externalIPs).forEach((ip, i) => {
    checkEndpointAddress(ip, ['spec', 'externalIPs', i], report);
  });
}

function checkExternalName(spec: Fields, report: Report): void {
  for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
    const value = spec[field];
    if (
      isAbsent(value) ||
      (value === '' && field !== 'ipFamilyPolicy') ||
      (Array.isArray(value) && value.length === 0)
    )
      continue;
    report(['spec', field], 'may not be set for type ExternalName', `Leave ${field} out`);
  }
  const name = typeof spec.externalName === 'string' ? spec.externalName.replace(/\.$/, '') : '';
  const problem = name === '' ? undefined : dnsSubdomainProblem(name);
  if (name === '') report(['spec', 'externalName'], 'a name is missing for type ExternalName');
  else if (problem !== undefined) report(['spec', 'externalName'], `${shown(name)} ${problem}`);
}

function checkPorts(spec: Fields, type: string, headless: boolean, report: Report): void {
  const ports = items(spec.ports);
  if (ports.length === 0 && !headless && type !== 'ExternalName') {
    report(['spec', 'ports'], 'at least one port is needed');
  }
  const seen = { names: new Set<string>(), ports: new Set<string>(), nodePorts: new Map<string, unknown>() };
  ports.forEach((raw, i) => {
    const path = ['spec', 'ports', i];
    const { name, port, protocol, targetPort, nodePort, appProtocol } = fields(raw);
    if (isAbsent(name) || name === '') {
      if (ports.length > 1) report([...path, 'name'], 'every port needs a name when there are several');
    } else if (typeof name === 'string') {
      const problem = dnsLabelProblem(name);
      if (problem !== undefined) report([...path, 'name'], `${shown(name)} ${problem}`);
      if (seen.names.has(name)) report([...path, 'name'], `the name ${shown(name)} stands twice`);
      seen.names.add(name);
    }
    if (isAbsent(port)) report([...path, 'port'], 'a port is missing');
    else checkPortNumber(port, [...path, 'port'], report);
    checkProtocol(protocol === '' ? undefined : protocol, [...path, 'protocol'], report);
    if (!isAbsent(targetPort) && targetPort !== 0 && targetPort !== '') {
      checkPort(targetPort, [...path, 'targetPort'], report);
    }
    if (typeof appProtocol === 'string') {
      const problem = labelKeyProblem(appProtocol);
      if (problem !== undefined) report([...path, 'appProtocol'], `${shown(appProtocol)}: ${problem}`);
    }
    const transport = isAbsent(protocol) || protocol === '' ? 'TCP' : String(protocol);
    if (seen.ports.has(`${transport} ${port}`)) report(path, `port ${port}/${transport} stands twice`);
    seen.ports.add(`${transport} ${port}`);
    checkNodePort(nodePort, port, transport, type, [...path, 'nodePort'], seen.nodePorts, report);
  });
}

function checkNodePort(
  value: unknown,
  port: unknown,
  transport: string,
  type: string,
  path: Path,
  seen: Map<string, unknown>,
  report: Report,
): void {
  if (isAbsent(value) || value === 0) return;
  if (type === 'ClusterIP') {
    report(path, `may not be set for type ${type}`, 'Write type: NodePort, or leave nodePort out');
  }
  checkPortNumber(value, path, report);
  const key = `${transport} ${value}`;
  // TCP and UDP may share a node port only when they share the port too.
  const other = seen.get(String(value));
  if (seen.has(key)) report(path, `nodePort ${shown(value)}/${transport} stands twice`);
  else if (other !== undefined && other !== port)
    report(path, `nodePort ${shown(value)} stands twice, for different ports`);
  seen.set(key, port);
  seen.set(String(value), port);
}

function checkAffinity(spec: Fields, report: Report): void {
  const { sessionAffinity, sessionAffinityConfig } = spec;
  checkOneOf(sessionAffinity || undefined, ['ClientIP', 'None'], ['spec', 'sessionAffinity'], report);
  if (sessionAffinity !== 'ClientIP') return;
  const seconds = fields(fields(sessionAffinityConfig).clientIP).timeoutSeconds;
  if (typeof seconds === 'number' && (seconds <= 0 || seconds > LONGEST_AFFINITY)) {
    const path = ['spec', 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds'];
    report(path, `${seconds} is not between 1 and ${LONGEST_AFFINITY}`);
  }
}

/** Reached from outside: by node port, load balancer, or an external address on a Service of type ClusterIP. */
function isExternal(spec: Fields, type: string): boolean {
  if (type === 'NodePort' || type === 'LoadBalancer') return true;
  return type === 'ClusterIP' && items(spec.externalIPs).length > 0;
}

function checkTraffic(spec: Fields, type: string, report: Report): void {
  const { externalTrafficPolicy, internalTrafficPolicy, healthCheckNodePort, trafficDistribution } = spec;
  const external = ['spec', 'externalTrafficPolicy'];
  if (!isAbsent(externalTrafficPolicy) && externalTrafficPolicy !== '') {
    if (isExternal(spec, type)) checkOneOf(externalTrafficPolicy, TRAFFIC, external, report);
    else
      report(
        external,
        'may only be set for Services reached from outside',
        'Leave externalTrafficPolicy out',
      );
  }
  checkOneOf(internalTrafficPolicy, TRAFFIC, ['spec', 'internalTrafficPolicy'], report);
  const distributions = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];
  checkOneOf(trafficDistribution, distributions, ['spec', 'trafficDistribution'], report);
  if (isAbsent(healthCheckNodePort) || healthCheckNodePort === 0) return;
  const path = ['spec', 'healthCheckNodePort'];
  if (type !== 'LoadBalancer' || externalTrafficPolicy !== 'Local') {
    report(path, 'may only be set for type LoadBalancer with externalTrafficPolicy Local');
  } else checkPortNumber(healthCheckNodePort, path, report);
}

function checkLoadBalancer(spec: Fields, type: string, report: Report): void {
  const { loadBalancerSourceRanges, allocateLoadBalancerNodePorts, loadBalancerClass } = spec;
  const only = (field: string): void => {
    report(['spec', field], 'may only be set for type LoadBalancer', `Leave ${field} out`);
  };
  if (items(loadBalancerSourceRanges).length > 0 && type !== 'LoadBalancer') only('loadBalancerSourceRanges');
  items(loadBalancerSourceRanges).forEach((range, i) => {
    const trimmed = typeof range === 'string' ? range.trim() : range;
    checkCidr(trimmed, ['spec', 'loadBalancerSourceRanges', i], report);
  });
  if (!isAbsent(allocateLoadBalancerNodePorts) && type !== 'LoadBalancer')
    only('allocateLoadBalancerNodePorts');
  if (isAbsent(loadBalancerClass)) return;
  if (type !== 'LoadBalancer') only('loadBalancerClass');
  const problem = typeof loadBalancerClass === 'string' ? labelKeyProblem(loadBalancerClass) : undefined;
  if (problem !== undefined) report(['spec', 'loadBalancerClass'], `${shown(loadBalancerClass)}: ${problem}`);
}

/** ValidateEndpointIP: an address that something outside this host can be reached by. */
export function checkEndpointAddress(value: unknown, path: Path, report: Report): Address | undefined {
  const address = checkAddress(value, path, report);
  if (address === undefined) return undefined;
  const special =
    typeof address === 'number'
      ? address === 0
        ? 'unspecified'
        : address >>> 24 === 127
          ? 'a loopback address'
          : address >>> 16 === 0xa9fe || address >>> 8 === 0xe00000
            ? 'link-local'
            : undefined
      : address === 0n
        ? 'unspecified'
        : address === 1n
          ? 'a loopback address'
          : address >> 118n === 0x3fan || address >> 112n === 0xff02n
            ? 'link-local'
            : undefined;
  if (special !== undefined) report(path, `${shown(value)} may not be ${special}`);
  return address;
}
