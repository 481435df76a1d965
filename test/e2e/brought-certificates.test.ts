/**
 * Certificates that somebody else makes, on a real API server: a Secret of one's own, and one that cert-manager fills.
 * The pods read mounted files; the API server trusts what the chart's values, or cert-manager's injector, say.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { chartFolder } from '../chart/helm.ts';
import { issue, type KeyedCertificate, newAuthority } from '../cluster/certificates.ts';
import { Brought, common, denial, servername, space } from './brought.ts';
import { definitions, Issuer } from './cert-manager.ts';
import { documents } from './objects.ts';
import type { Pod } from './pod-types.ts';

let brought: Brought;

before(
  async () => {
    brought = await Brought.start();
  },
  { timeout: 90_000 },
);

afterEach(async () => brought?.endWatches());

after(async () => brought?.stop());

async function podNames(): Promise<readonly string[]> {
  return (await brought.installed.deployed(2)).map(({ metadata }) => metadata.name).sort();
}

describe('a Secret of your own', () => {
  const name = 'own-certificate';
  const values = [
    ...common,
    '--set=certificates.mode=existing',
    `--set=certificates.existing.secretName=${name}`,
  ];
  let authority: KeyedCertificate;
  /** What is served at the end of a test. */
  let last: KeyedCertificate;

  // Of another life each, so that the metric tells them apart.
  let hours = 24;
  const newCertificate = (from: KeyedCertificate) =>
    issue(from, { commonName: 'mine', dnsNames: [servername], usage: 'server', hours: hours++ });
  const trusting = (...authorities: readonly KeyedCertificate[]): string => {
    const bundle = authorities.map(({ certificate }) => certificate).join('');
    return `--set-file=certificates.existing.caBundle=${brought.file('ca.pem', bundle)}`;
  };
  const upgrade = async (...authorities: readonly KeyedCertificate[]): Promise<void> => {
    await brought.installed.helm(
      'helm',
      'upgrade',
      'portent',
      chartFolder,
      ...values,
      trusting(...authorities),
    );
    await brought.installed.inForce();
  };

  before(async () => {
    authority = await newAuthority('my authority');
    last = await newCertificate(authority);
  });

  after(() => brought.remove('helm', name));

  test('is served from the mounted files, and the API server trusts the authority of the values', {
    timeout: 30_000,
  }, async () => {
    await brought.put(name, last);
    await brought.installed.install('helm', ...values, trusting(authority));
    await brought.installed.follow(2);
    await brought.installed.inForce();
    assert.equal(await brought.installed.published(), authority.certificate);
    await brought.hears(denial);
    await brought.served(last.certificate, authority.certificate);
    await brought.assertShown(last.certificate);
  });

  test('its successor is served without a restart, and no review fails meanwhile', {
    timeout: 30_000,
  }, async () => {
    const watch = await brought.watch(authority.certificate);
    const next = await newCertificate(authority);
    await brought.put(name, next);
    await brought.mount();
    await brought.served(next.certificate, authority.certificate);
    await watch.stop(last.certificate, next.certificate);
    await brought.logged('certificate: served');
    await brought.assertShown(next.certificate);
    last = next;
  });

  test('one of another authority is served too, when the API server is told of that before', {
    timeout: 30_000,
  }, async () => {
    const names = await podNames();
    const other = await newAuthority('my other authority');
    const next = await newCertificate(other);
    const watch = await brought.watch(authority.certificate + other.certificate);
    await upgrade(authority, other);
    await brought.put(name, next);
    await brought.mount();
    await brought.served(next.certificate, other.certificate);
    // From here on the API server calls on connections that the old authority cannot have let through.
    await upgrade(other);
    assert.match(await brought.said(), denial);
    await watch.stop(last.certificate, next.certificate);
    assert.equal(await brought.installed.published(), other.certificate);
    assert.deepEqual(await podNames(), names);
    [authority, last] = [other, next];
  });

  test('garbage in it is logged, what was served stays, and what is good again is served', {
    timeout: 30_000,
  }, async () => {
    const stays = 'certificate: the new one cannot be used, the old one stays';
    const file = '/etc/portent/tls/tls.crt';
    const watch = await brought.watch(authority.certificate);
    await brought.put(name, { certificate: 'garbage', key: last.key });
    await brought.mount();
    await brought.logged(stays, `${file}: not a certificate in PEM form`);
    await brought.assertShown(last.certificate);
    const next = await newCertificate(authority);
    // One half of it only.
    await brought.put(name, { certificate: next.certificate, key: last.key });
    await brought.mount();
    await brought.logged(stays, `${file}: the private key does not belong to the certificate`);
    await brought.served(last.certificate, authority.certificate);
    await brought.assertShown(last.certificate);
    await brought.put(name, next);
    await brought.mount();
    await brought.served(next.certificate, authority.certificate);
    await watch.stop(last.certificate, next.certificate);
    await brought.assertShown(next.certificate);
  });
});

interface Certificate {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly secretName: string;
    readonly dnsNames: readonly string[];
    readonly isCA?: boolean;
    readonly issuerRef: { readonly name: string; readonly kind: string };
    readonly privateKey: { readonly rotationPolicy?: string };
  };
}

interface Webhooks {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly webhooks: readonly {
    readonly timeoutSeconds: number;
    readonly clientConfig: {
      readonly service: { readonly name: string; readonly namespace: string };
      readonly caBundle?: string;
    };
  }[];
}

describe('cert-manager', () => {
  const configuration = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${space}`;
  const objects = `/apis/cert-manager.io/v1/namespaces/${space}`;
  const values = [...common, '--set=certificates.mode=certManager'];
  const mountedSecret = ({ spec }: Pod) =>
    spec.volumes?.find(({ name }) => name === 'tls')?.secret?.secretName;
  let issuer: Issuer;
  let wanted: Certificate;
  let last: KeyedCertificate;

  before(async () => {
    const { cluster } = brought.installed;
    await cluster.apply(documents(...definitions));
    await cluster.waitFor('its kinds are served', async () => {
      const paths = [`${objects}/certificates`, `${objects}/issuers`];
      const answers = await Promise.all(paths.map((path) => cluster.request('GET', path)));
      return answers.every(({ status }) => status === 200);
    });
    issuer = new Issuer(brought.folder);
  });

  /** What cert-manager puts into the Secret. */
  const issued = (certificate: KeyedCertificate) =>
    brought.put(wanted.spec.secretName, certificate, { 'ca.crt': issuer.authority });

  /** What its injector does to a configuration that asks for it, and to nothing else of it. */
  async function injected(): Promise<void> {
    const caBundle = Buffer.from(issuer.authority).toString('base64');
    const { webhooks } = await brought.installed.get<Webhooks>(configuration);
    const patch = webhooks.map((each) => ({ ...each, clientConfig: { ...each.clientConfig, caBundle } }));
    const answer = await brought.installed.cluster.request('PATCH', configuration, { webhooks: patch });
    assert.equal(answer.status, 200, answer.text);
    await brought.installed.inForce();
  }

  test('is asked for a certificate for the names of the Service, in the Secret that the pods mount', {
    timeout: 30_000,
  }, async () => {
    await brought.installed.install('helm3', ...values);
    wanted = await brought.installed.get<Certificate>(`${objects}/certificates/portent-tls`);
    const { metadata, webhooks } = await brought.installed.get<Webhooks>(configuration);
    assert.equal(metadata.annotations?.['cert-manager.io/inject-ca-from'], `${space}/portent-tls`);
    assert.equal(webhooks[0]?.clientConfig.caBundle, undefined);
    const { name = '', namespace = '' } = webhooks[0]?.clientConfig.service ?? {};
    assert.ok(wanted.spec.dnsNames.includes(`${name}.${namespace}.svc`), wanted.spec.dnsNames.join());
    for (const pod of await brought.installed.deployed(2))
      assert.equal(mountedSecret(pod), wanted.spec.secretName);
    // The chain of issuers: its own authority, signed by nobody else.
    const from = ({ spec }: Certificate) =>
      brought.installed.get<object>(`${objects}/issuers/${spec.issuerRef.name}`);
    const ca = await brought.installed.get<Certificate>(`${objects}/certificates/portent-ca`);
    assert.deepEqual(((await from(wanted)) as { readonly spec: object }).spec, {
      ca: { secretName: ca.spec.secretName },
    });
    assert.deepEqual(((await from(ca)) as { readonly spec: object }).spec, { selfSigned: {} });
    assert.equal(ca.spec.isCA, true);
  });

  test('fills it and injects the authority: a change is denied, and not before', {
    timeout: 30_000,
  }, async () => {
    last = issuer.issue(wanted.spec.dnsNames, 1);
    await issued(last);
    await brought.installed.follow(2);
    await brought.installed.inForce();
    await brought.hears(/failed calling webhook.*certificate signed by unknown authority/);
    await injected();
    assert.match(await brought.said(), denial);
    await brought.served(last.certificate, issuer.authority);
    await brought.assertShown(last.certificate);
  });

  test('keeps what it injected over an upgrade of the chart', { timeout: 30_000 }, async () => {
    await brought.installed.helm(
      'helm3',
      'upgrade',
      'portent',
      chartFolder,
      ...values,
      '--set=webhook.timeoutSeconds=4',
    );
    const { webhooks } = await brought.installed.get<Webhooks>(configuration);
    assert.equal(webhooks[0]?.timeoutSeconds, 4);
    assert.equal(await brought.installed.published(), issuer.authority);
    await brought.installed.inForce();
    assert.match(await brought.said(), denial);
  });

  test('renews its authority with the certificate: the API server knows at once, the pods later, and no review fails', {
    timeout: 30_000,
  }, async () => {
    const ca = await brought.installed.get<Certificate>(`${objects}/certificates/portent-ca`);
    // With another key, no certificate of before would be trusted until the kubelet has come by.
    assert.equal(ca.spec.privateKey.rotationPolicy, 'Never');
    const before = issuer.authority;
    issuer.renew();
    const next = issuer.issue(wanted.spec.dnsNames, 2);
    const watch = await brought.watch(before);
    await issued(next);
    await injected();
    assert.equal(await brought.installed.published(), issuer.authority);
    assert.match(await brought.said(), denial);
    await brought.served(last.certificate, issuer.authority);
    await brought.mount();
    await brought.served(next.certificate, issuer.authority);
    await watch.stop(last.certificate, next.certificate);
    await brought.assertShown(next.certificate);
  });
});
