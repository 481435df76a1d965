/** What the commands are given, as commander hands it over. */

/** Where the cluster state comes from. */
export interface StateOptions {
  readonly snapshot?: readonly string[];
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly cni?: string;
}

interface ManifestOptions extends StateOptions {
  readonly file: readonly string[];
  readonly namespace: string;
  readonly config?: string;
  readonly delete?: true;
}

export interface CheckOptions extends ManifestOptions {
  readonly together?: true;
  readonly fix?: true;
  readonly failOn: 'deny' | 'warn';
  readonly output: string;
}

export interface ListOptions extends StateOptions {
  readonly by: 'workload' | 'pod';
  readonly output: string;
}

export interface DiffOptions extends ManifestOptions {
  readonly by: 'workload' | 'pod';
  readonly exitCode?: true;
  readonly output: string;
}

export interface ExplainOptions extends StateOptions {
  readonly queries?: string;
  readonly output: string;
}

export interface SnapshotOptions extends Pick<StateOptions, 'kubeconfig' | 'context'> {
  readonly output: string;
}

export interface ServeOptions extends StateOptions {
  readonly config?: string;
}
