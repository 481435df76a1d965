import { type Address, parseAddress } from '../../../netset/addresses.ts';
import { shown } from '../problem.ts';
import { type Fields, fields, isAbsent, items } from '../wire.ts';
import { checkAddress, checkOneOf } from './network.ts';
import type { Report } from './report.ts';

const FAMILIES = ['IPv4', 'IPv6'];

/** clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy together (ValidateServiceClusterIPsRelatedFields). */
export function checkClusterIPs(spec: Fields, headless: boolean, report: Report): void {
  const { clusterIP, ipFamilyPolicy } = spec;
  const families = items(spec.ipFamilies);
  const written = items(spec.clusterIPs);
  const single = isAbsent(clusterIP) || clusterIP === '' ? undefined : clusterIP;
  if (single === undefined && written.length > 0) {
    report(
      ['spec', 'clusterIPs'],
      'must be empty when clusterIP is not given',
      `Write clusterIP: ${shown(written[0])}`,
    );
  } else if (written.length > 0 && written[0] !== single) {
    report(['spec', 'clusterIPs'], 'the first value must be that of clusterIP');
  }
  families.forEach((family, i) => {
    checkOneOf(family, FAMILIES, ['spec', 'ipFamilies', i], report);
    if (families.indexOf(family) < i) report(['spec', 'ipFamilies', i], `${shown(family)} stands twice`);
  });
  const policies = ['SingleStack', 'PreferDualStack', 'RequireDualStack'];
  checkOneOf(ipFamilyPolicy, policies, ['spec', 'ipFamilyPolicy'], report);
  // Without a selector a headless Service is of both families by itself.
  const manual = headless && Object.keys(fields(spec.selector)).length === 0;
  const oneFamily = isAbsent(ipFamilyPolicy) ? !manual : ipFamilyPolicy === 'SingleStack';
  if (oneFamily && (families.length > 1 || written.length > 1)) {
    report(
      ['spec', 'ipFamilyPolicy'],
      'one address family only, unless ipFamilyPolicy says otherwise',
      'Write ipFamilyPolicy: PreferDualStack',
    );
  }

  const values = written.length > 0 ? written : single === undefined ? [] : [single];
  const pathOf = (i: number): (string | number)[] =>
    written.length > 0 ? ['spec', 'clusterIPs', i] : ['spec', 'clusterIP'];
  if (headless && values.length > 1) {
    report(['spec', 'clusterIPs'], 'None must be the only value');
    return;
  }
  const addresses: (Address | undefined)[] = values.map((value, i) =>
    value === 'None' ? undefined : checkAddress(value, pathOf(i), report),
  );
  if (values.length > 2) report(['spec', 'clusterIPs'], 'may hold no more than two values');
  else if (
    addresses.length === 2 &&
    addresses[0] !== undefined &&
    addresses[1] !== undefined &&
    typeof addresses[0] === typeof addresses[1]
  ) {
    report(['spec', 'clusterIPs'], 'may hold no more than one address of each family');
  }
  values.forEach((value, i) => {
    const family = families[i];
    const address = typeof value === 'string' ? parseAddress(value) : undefined;
    if (address === undefined || (family !== 'IPv4' && family !== 'IPv6')) return;
    if ((typeof address === 'number') !== (family === 'IPv4')) {
      report(pathOf(i), `${shown(value)} is not of the family ${family} that ipFamilies asks for`);
    }
  });
}
