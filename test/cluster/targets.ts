import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A program that tests run, and the Go package it is built from. */
export interface Target {
  /** The file name of the built program, and the name by which tests ask for it. */
  readonly name: TargetName;
  /** The folder under `go/` whose go.mod and go.sum pin every version. */
  readonly folder: string;
  /** The package with the program's `main`. */
  readonly package: string;
  /** The module whose version is the program's version. */
  readonly module: string;
  /** Rough time to build it on two cores with an empty Go cache, in words. */
  readonly time: string;
  /** Linker variables that carry the version; Go modules have no version of their own program. */
  readonly variables: (version: string, folder: string) => readonly string[];
  /** A folder of the module whose YAML files (kustomizations apart) are kept beside the program. */
  readonly extra?: { readonly file: string; readonly from: readonly string[] };
}

/** Every program that `build.ts` can build. */
export type TargetName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubectl'
  | 'kwok'
  | 'helm'
  | 'helm3'
  | 'kubeconform';

const goFolder = join(import.meta.dirname, 'go');

const kubernetes = (name: TargetName, time: string): Target => ({
  name,
  folder: join(goFolder, 'kubernetes'),
  package: `k8s.io/kubernetes/cmd/${name}`,
  module: 'k8s.io/kubernetes',
  time,
  variables: (version) => {
    const [major = '', minor = ''] = version.replace(/^v/, '').split('.');
    const prefix = 'k8s.io/component-base/version';
    return [`${prefix}.gitVersion=${version}`, `${prefix}.gitMajor=${major}`, `${prefix}.gitMinor=${minor}`];
  },
});

const all: readonly Target[] = [
  {
    name: 'etcd',
    folder: join(goFolder, 'etcd'),
    package: 'go.etcd.io/etcd/server/v3',
    module: 'go.etcd.io/etcd/server/v3',
    time: 'half a minute',
    variables: () => [],
  },
  kubernetes('kube-apiserver', '4 minutes'),
  kubernetes('kubectl', '1 minute'),
  kubernetes('kube-controller-manager', '2 minutes'),
  kubernetes('kube-scheduler', 'half a minute'),
  {
    name: 'kwok',
    folder: join(goFolder, 'kwok'),
    package: 'sigs.k8s.io/kwok/cmd/kwok',
    module: 'sigs.k8s.io/kwok',
    time: '1 minute',
    variables: () => [],
    extra: {
      file: 'stages.yaml',
      from: [
        'kustomize/stage/node/fast',
        'kustomize/stage/node/heartbeat-with-lease',
        'kustomize/stage/pod/fast',
      ],
    },
  },
  {
    name: 'helm',
    folder: join(goFolder, 'helm4'),
    package: 'helm.sh/helm/v4/cmd/helm',
    module: 'helm.sh/helm/v4',
    time: '2 minutes',
    variables: (version) => [`helm.sh/helm/v4/internal/version.version=${version}`],
  },
  {
    name: 'helm3',
    folder: join(goFolder, 'helm3'),
    package: 'helm.sh/helm/v3/cmd/helm',
    module: 'helm.sh/helm/v3',
    time: '2 minutes',
    // Helm 3 takes the Kubernetes version that charts are rendered for from the linker, not from its modules.
    variables: (version, folder) => {
      const [, minor = ''] = moduleVersion(folder, 'k8s.io/client-go').split('.');
      return [
        `helm.sh/helm/v3/internal/version.version=${version}`,
        ...['pkg/lint/rules', 'pkg/chartutil'].flatMap((path) => [
          `helm.sh/helm/v3/${path}.k8sVersionMajor=1`,
          `helm.sh/helm/v3/${path}.k8sVersionMinor=${minor}`,
        ]),
      ];
    },
  },
  {
    name: 'kubeconform',
    folder: join(goFolder, 'kubeconform'),
    package: 'github.com/yannh/kubeconform/cmd/kubeconform',
    module: 'github.com/yannh/kubeconform',
    time: 'half a minute',
    variables: (version) => [`main.version=${version}`],
  },
];

/** Every target by its name. */
export const targets: ReadonlyMap<string, Target> = new Map(all.map((target) => [target.name, target]));

/** The target of that name. Throws on a name that is none. */
export function target(name: TargetName): Target {
  const found = targets.get(name);
  if (found === undefined) throw new Error(`no target is called ${name}`);
  return found;
}

/** The pinned version (`v1.36.3`) of a module in a folder's go.mod. Throws if it is not there. */
export function moduleVersion(folder: string, module: string): string {
  const line = readFileSync(join(folder, 'go.mod'), 'utf8')
    .split('\n')
    .map((text) => text.trim().replace(/^require /, ''))
    .find((text) => text.startsWith(`${module} v`));
  const version = line?.split(' ')[1];
  if (version === undefined) throw new Error(`${join(folder, 'go.mod')} does not require ${module}`);
  return version;
}

/** The oldest Go version (`1.26.0`) that a folder's go.mod admits. */
export function goVersion(folder: string): string {
  const match = /^go (\S+)$/m.exec(readFileSync(join(folder, 'go.mod'), 'utf8'));
  if (match?.[1] === undefined) throw new Error(`${join(folder, 'go.mod')} names no Go version`);
  return match[1];
}
