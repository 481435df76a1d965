import { findDaemonSet, IGNORES, type Plugin, seen, setting, UNCLEAR } from './plugin.ts';

const TYPES = ['bridge', 'vlan', 'ipvlan', 'macvlan', 'host-local', 'dhcp', 'ptp', 'host-device'];
const IMAGE =
  /(^|\/)(cni-plugins|containernetworking[-/](cni-)?plugins|k8snetworkplumbingwg\/plugins|bridge-cni)$/;
const NAMES = ['cni-plugins', 'dhcp-daemon', 'cni-dhcp', 'bridge-cni', 'install-cni-plugins'];

/** The CNI project's own plug-ins: bridge, VLAN, IPVLAN, MACVLAN, host-local, DHCP. None knows policy. */
export const referencePlugins: Plugin = {
  name: 'CNI reference plug-ins',
  recognise: (facts) => {
    const found = findDaemonSet(facts, NAMES, IMAGE);
    if (found === undefined) return undefined;
    const configuration = setting(found.settings, 'CNI_NETWORK_CONFIG') ?? '';
    const types = typesIn([configuration, ...found.arguments].join('\n'));
    if (types.length === 0) {
      const why = 'which know no policy; whether pods’ main network is one of them is not known';
      return seen('CNI reference plug-ins', 'secondary', found, UNCLEAR, why);
    }
    const why = `and its configuration makes ${types.join(' and ')} the pods’ network, which knows no policy`;
    return seen('CNI reference plug-ins', 'network', found, IGNORES, why, [
      'Run a policy engine beside it, such as kube-network-policies.',
    ]);
  },
};

function typesIn(text: string): string[] {
  return TYPES.filter((type) => new RegExp(`"type"\\s*:\\s*"${type}"`).test(text));
}
