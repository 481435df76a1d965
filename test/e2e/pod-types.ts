/** Of pods, what it takes to run one here. */

interface Item {
  readonly key: string;
  readonly path: string;
}

interface Named {
  readonly name: string;
  readonly items?: readonly Item[];
}

/** One source of a projected volume. */
export interface Source {
  readonly configMap?: Named;
  readonly secret?: Named;
  readonly serviceAccountToken?: { readonly path: string; readonly expirationSeconds?: number };
  readonly downwardAPI?: {
    readonly items: readonly { readonly path: string; readonly fieldRef: { readonly fieldPath: string } }[];
  };
}

export interface Volume {
  readonly name: string;
  readonly configMap?: Named & { readonly defaultMode?: number };
  readonly secret?: { readonly secretName: string; readonly defaultMode?: number };
  readonly projected?: { readonly sources: readonly Source[]; readonly defaultMode?: number };
  readonly emptyDir?: object;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string | number };
}

export interface Container {
  readonly name: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly securityContext?: {
    readonly readOnlyRootFilesystem?: boolean;
    readonly allowPrivilegeEscalation?: boolean;
  };
}

export interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly containers: readonly Container[];
    readonly volumes?: readonly Volume[];
    readonly securityContext?: {
      readonly runAsUser?: number;
      readonly runAsGroup?: number;
      readonly fsGroup?: number;
    };
  };
  readonly status: { readonly podIP?: string; readonly phase?: string };
}
