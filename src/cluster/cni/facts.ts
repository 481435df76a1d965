import type { Labels } from '../../model/labels.ts';
import type { DaemonSetFacts } from '../../model/objects.ts';

/** What a Node tells about the CNI. A Node of the model is one. */
export interface NodeFacts {
  readonly name: string;
  readonly labels: Labels;
  /** `NAME=value`: distribution, and what k3s was started with. */
  readonly settings?: readonly string[];
}

/** Everything a network plug-in can be recognised by. */
export interface CniFacts {
  readonly daemonSets: readonly DaemonSetFacts[];
  readonly nodes: readonly NodeFacts[];
  /** API groups served, such as `crd.projectcalico.org`; may be empty offline. */
  readonly apiGroups: readonly string[];
  /** Settings from the plug-ins' own ConfigMaps (see config-maps.ts), as `cilium-config/enable-policy`. */
  readonly settings?: ReadonlyMap<string, string>;
}
