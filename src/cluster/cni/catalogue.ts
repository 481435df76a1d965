import { antrea } from './antrea.ts';
import { amazonVpc } from './aws.ts';
import { azureCni, azureNpm } from './azure.ts';
import { calico, canal } from './calico.ts';
import { cilium, gkeDataplaneV2 } from './cilium.ts';
import { contrail } from './contrail.ts';
import { flannel } from './flannel.ts';
import { k3s } from './k3s.ts';
import { kindnet } from './kindnet.ts';
import { kubeNetworkPolicies } from './kube-network-policies.ts';
import { kubeRouter } from './kube-router.ts';
import { multus } from './multus.ts';
import { ovnKubernetes } from './ovn-kubernetes.ts';
import type { Plugin } from './plugin.ts';
import { referencePlugins } from './reference-plugins.ts';
import { romana } from './romana.ts';
import { weave } from './weave.ts';

/** Every plug-in that is recognised. The order decides which name comes first where several enforce. */
export const CATALOGUE: readonly Plugin[] = [
  canal,
  calico,
  gkeDataplaneV2,
  cilium,
  antrea,
  ovnKubernetes,
  azureNpm,
  amazonVpc,
  kubeRouter,
  kindnet,
  weave,
  contrail,
  romana,
  kubeNetworkPolicies,
  k3s,
  azureCni,
  flannel,
  referencePlugins,
  multus,
];

/** The arguments that decide whether a plug-in enforces. Saved snapshots hold no others. */
export const FLAGS_READ: readonly string[] = [
  '--enable-network-policy',
  '--enable-policy',
  '--feature-gates',
  '--network-policy',
  '--no-network-policy',
  '--run-firewall',
];

/** The environment settings that do. */
export const SETTINGS_READ: readonly string[] = ['EXPECT_NPC'];
