import { type Path, shown } from '../problem.ts';
import { dnsLabelProblem } from '../syntax.ts';
import { fields, isAbsent, items } from '../wire.ts';
import { checkOneOf, checkPort, checkPortNumber, checkProtocol } from './network.ts';
import type { Report } from './report.ts';
import { checkEndpointAddress } from './service.ts';

/** What the model uses of an Ingress: its backends. */
export function checkIngress(raw: unknown, report: Report): void {
  const spec = fields(fields(raw).spec);
  const rules = items(spec.rules);
  if (rules.length === 0 && isAbsent(spec.defaultBackend)) {
    report(['spec'], 'either rules or a defaultBackend is needed');
  }
  if (!isAbsent(spec.defaultBackend)) checkBackend(spec.defaultBackend, ['spec', 'defaultBackend'], report);
  rules.forEach((rule, i) => {
    items(fields(fields(rule).http).paths).forEach((item, n) => {
      const path = ['spec', 'rules', i, 'http', 'paths', n];
      const { backend, pathType } = fields(item);
      const types = ['Exact', 'Prefix', 'ImplementationSpecific'];
      if (isAbsent(pathType))
        report([...path, 'pathType'], `a pathType is missing; supported: ${types.join(', ')}`);
      checkOneOf(pathType, types, [...path, 'pathType'], report);
      checkBackend(backend, [...path, 'backend'], report);
    });
  });
}

function checkBackend(raw: unknown, path: Path, report: Report): void {
  const { service, resource } = fields(raw);
  if (isAbsent(service)) {
    if (isAbsent(resource)) report(path, 'a service is missing', 'Write service: {name, port}');
    return;
  }
  const { name, port } = fields(service);
  const at = [...path, 'service'];
  const problem = typeof name === 'string' ? dnsLabelProblem(name) : 'is missing';
  if (isAbsent(name)) report([...at, 'name'], 'a name is missing');
  else if (problem !== undefined) report([...at, 'name'], `${shown(name)} ${problem}`);
  const { name: portName, number } = fields(port);
  const named = !isAbsent(portName) && portName !== '';
  if (named && !isAbsent(number)) report([...at, 'port'], 'may hold a name or a number, not both');
  else if (named) checkPort(portName, [...at, 'port', 'name'], report);
  else if (isAbsent(number)) report([...at, 'port'], 'a port name or number is missing');
  else checkPortNumber(number, [...at, 'port', 'number'], report);
}

/** What the model uses of an EndpointSlice. */
export function checkSlice(raw: unknown, report: Report): void {
  const { addressType, endpoints, ports } = fields(raw);
  const types = ['FQDN', 'IPv4', 'IPv6'];
  if (isAbsent(addressType))
    report(['addressType'], `an addressType is missing; supported: ${types.join(', ')}`);
  checkOneOf(addressType, types, ['addressType'], report);
  items(endpoints).forEach((item, i) => {
    const { addresses } = fields(item);
    if (items(addresses).length === 0)
      report(['endpoints', i, 'addresses'], 'at least one address is needed');
    if (addressType === 'FQDN') return;
    items(addresses).forEach((address, n) => {
      const path = ['endpoints', i, 'addresses', n];
      const found = checkEndpointAddress(address, path, report);
      const family = typeof found === 'number' ? 'IPv4' : 'IPv6';
      if (
        found !== undefined &&
        (addressType === 'IPv4' || addressType === 'IPv6') &&
        family !== addressType
      ) {
        report(path, `${shown(address)} is not an ${addressType} address`);
      }
    });
  });
  checkEndpointPorts(ports, ['ports'], report);
}

/** What the model uses of an Endpoints object. */
export function checkEndpoints(raw: unknown, report: Report): void {
  items(fields(raw).subsets).forEach((subset, i) => {
    const { addresses, notReadyAddresses, ports } = fields(subset);
    for (const [field, list] of Object.entries({ addresses, notReadyAddresses })) {
      items(list).forEach((item, n) => {
        checkEndpointAddress(fields(item).ip, ['subsets', i, field, n, 'ip'], report);
      });
    }
    checkEndpointPorts(ports, ['subsets', i, 'ports'], report);
  });
}

function checkEndpointPorts(raw: unknown, path: Path, report: Report): void {
  items(raw).forEach((item, i) => {
    const { name, port, protocol } = fields(item);
    const problem = typeof name === 'string' && name !== '' ? dnsLabelProblem(name) : undefined;
    if (problem !== undefined) report([...path, i, 'name'], `${shown(name)} ${problem}`);
    if (!isAbsent(port) && port !== 0) checkPortNumber(port, [...path, i, 'port'], report);
    checkProtocol(protocol === '' ? undefined : protocol, [...path, i, 'protocol'], report);
  });
}
