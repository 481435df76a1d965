import { join } from 'node:path';

/** The ports of one cluster, all on 127.0.0.1. */
export interface ClusterPorts {
  readonly etcdClient: number;
  readonly etcdPeer: number;
  readonly apiServer: number;
  readonly controllerManager: number;
  readonly scheduler: number;
  readonly kwok: number;
}

/**
 * The address under which the API server enters itself in the endpoints of `default/kubernetes`. Kubernetes
 * refuses loopback addresses there; this one belongs to documentation (RFC 5737) and is never spoken to.
 */
export const advertisedAddress = '192.0.2.1';

/** etcd's arguments. Data need not survive a power cut, so it does not wait for the disk. */
export function etcdArguments(folder: string, ports: ClusterPorts): string[] {
  const client = `http://127.0.0.1:${ports.etcdClient}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync=true',
    '--quota-backend-bytes=4294967296',
    '--log-level=warn',
  ];
}

/** What a test may choose about the API server. */
export interface ApiServerChoices {
  readonly serviceCidr: string;
  readonly nodePortRange: string;
  /** Without a controller manager nobody makes the service accounts that pods are then required to have. */
  readonly serviceAccounts: boolean;
  readonly more: readonly string[];
}

/** kube-apiserver's arguments: RBAC, the default admission plug-ins, tokens that really are issued. */
export function apiServerArguments(folder: string, ports: ClusterPorts, choices: ApiServerChoices): string[] {
  const issuer = 'https://kubernetes.default.svc.cluster.local';
  return [
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.apiServer}`,
    `--advertise-address=${advertisedAddress}`,
    `--etcd-servers=http://127.0.0.1:${ports.etcdClient}`,
    `--tls-cert-file=${join(folder, 'apiserver.crt')}`,
    `--tls-private-key-file=${join(folder, 'apiserver.key')}`,
    `--client-ca-file=${join(folder, 'ca.crt')}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    `--service-account-issuer=${issuer}`,
    `--service-account-signing-key-file=${join(folder, 'serviceaccount.key')}`,
    `--service-account-key-file=${join(folder, 'serviceaccount.pub')}`,
    '--authorization-mode=RBAC',
    '--allow-privileged=true',
    `--service-cluster-ip-range=${choices.serviceCidr}`,
    `--service-node-port-range=${choices.nodePortRange}`,
    ...(choices.serviceAccounts ? [] : ['--disable-admission-plugins=ServiceAccount']),
    ...choices.more,
  ];
}

/** kube-controller-manager's arguments. */
export function controllerManagerArguments(folder: string, ports: ClusterPorts): string[] {
  return [
    ...client(folder, 'controller-manager'),
    `--cert-dir=${join(folder, 'controller-manager')}`,
    `--secure-port=${ports.controllerManager}`,
    `--service-account-private-key-file=${join(folder, 'serviceaccount.key')}`,
    `--root-ca-file=${join(folder, 'ca.crt')}`,
    '--use-service-account-credentials=true',
    // kwok's nodes give no sign of life: after 50 s they and their pods would not be ready any more.
    '--node-monitor-grace-period=24h',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}

/** kube-scheduler's arguments. */
export function schedulerArguments(folder: string, ports: ClusterPorts): string[] {
  return [
    ...client(folder, 'scheduler'),
    `--cert-dir=${join(folder, 'scheduler')}`,
    `--secure-port=${ports.scheduler}`,
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}

function client(folder: string, name: string): string[] {
  const kubeconfig = join(folder, `${name}.kubeconfig`);
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
  ];
}

/** kwok's arguments: it plays the kubelet of every node. Its own default would listen on all addresses. */
export function kwokArguments(folder: string, ports: ClusterPorts, stages: string): string[] {
  return [
    `--kubeconfig=${join(folder, 'kwok.kubeconfig')}`,
    `--config=${stages}`,
    '--manage-all-nodes=true',
    `--server-address=127.0.0.1:${ports.kwok}`,
    '--node-port=0',
  ];
}
