import { setTimeout as sleep } from 'node:timers/promises';
import { type Access, type AccessOptions, openAccess } from './access.ts';
import { ApiError } from './api-error.ts';
import { type Logger, SILENT } from './logger.ts';
import { isRaw, listAt, type Raw, rawAt, textAt } from './raw.ts';
import { pauseAfter, TIMINGS } from './timings.ts';
import { WatchStream } from './watch-stream.ts';

/** Texts by key: the content of a Secret. */
type Content = Readonly<Record<string, string>>;

export interface CertificatePlaceOptions extends AccessOptions {
  /** `namespace/name` */
  readonly secret: string;
  /** Name of the ValidatingWebhookConfiguration whose callers are to trust us; without it nobody is told. */
  readonly configuration?: string | undefined;
  readonly logger?: Logger;
}

/** A webhook configuration as far as trust goes. */
export interface PublishedBundles {
  readonly version: string;
  /** PEM, one for each webhook. */
  readonly bundles: readonly string[];
}

export interface StoredSecret {
  readonly version: string;
  readonly content: Content;
  /** By the API server's clock. */
  readonly now: Date;
  /** The whole Secret, so that labels of others survive a change. */
  readonly raw: Raw;
}

export const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const MANAGER = 'portent';
/** Somebody else changed or deleted the object in between; a failed `test` of a JSON patch is 422. */
const LOST = { PUT: [404, 409], PATCH: [404, 409, 422] } as const;

/**
 * One Secret and one webhook configuration, by name: the rights are for these two alone. Every write says which
 * version it is based on.
 */
export class CertificatePlace {
  readonly #access: Access;
  readonly #secrets: string;
  readonly #secretName: string;
  readonly #namespace: string;
  readonly #configuration: string | undefined;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  readonly #tasks: Promise<void>[] = [];

  constructor(options: CertificatePlaceOptions) {
    const [namespace = '', name = ''] = options.secret.split('/');
    this.#access = openAccess(options);
    this.#namespace = namespace;
    this.#secretName = name;
    this.#secrets = `/api/v1/namespaces/${namespace}/secrets`;
    this.#configuration = options.configuration;
    this.#log = options.logger ?? SILENT;
  }

  async published(): Promise<PublishedBundles | undefined> {
    if (this.#configuration === undefined) return undefined;
    const found = await this.#find(`${CONFIGURATIONS}/${this.#configuration}`);
    return found === undefined ? undefined : publishedIn(found.body);
  }

  async publish(
    bundle: string,
    { version, bundles }: PublishedBundles,
  ): Promise<PublishedBundles | undefined> {
    const value = Buffer.from(bundle).toString('base64');
    const patch = [
      { op: 'test', path: '/metadata/resourceVersion', value: version },
      ...bundles.map((_, index) => ({ op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value })),
    ];
    const path = `${CONFIGURATIONS}/${this.#configuration}?fieldManager=${MANAGER}`;
    const body = await this.#change('PATCH', path, patch, 'application/json-patch+json');
    return body === undefined ? undefined : publishedIn(body);
  }

  async stored(): Promise<StoredSecret> {
    const path = `${this.#secrets}/${this.#secretName}`;
    const found = (await this.#find(path)) ?? (await this.#make(path));
    return {
      version: textAt(rawAt(found.body, 'metadata'), 'resourceVersion'),
      content: contentOf(rawAt(found.body, 'data')),
      now: found.date ?? new Date(),
      raw: isRaw(found.body) ? found.body : {},
    };
  }

  async store(content: Content, { raw }: StoredSecret): Promise<boolean> {
    const { stringData: _, ...rest } = raw;
    const data = Object.fromEntries(
      Object.entries(content).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
    );
    const path = `${this.#secrets}/${this.#secretName}?fieldManager=${MANAGER}`;
    return (await this.#change('PUT', path, { ...rest, data })) !== undefined;
  }

  /** Watches both objects, for ever. */
  follow(listener: () => void): void {
    this.#tasks.push(this.#watch(this.#secrets, this.#secretName, listener));
    if (this.#configuration !== undefined)
      this.#tasks.push(this.#watch(CONFIGURATIONS, this.#configuration, listener));
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    await Promise.all(this.#tasks);
    await this.#access.close();
  }

  async #watch(path: string, name: string, listener: () => void): Promise<void> {
    const { signal } = this.#stop;
    const [least, most] = TIMINGS.watchSeconds;
    let failures = 0;
    let told = false;
    while (!signal.aborted) {
      const controller = new AbortController();
      const abort = () => controller.abort(signal.reason);
      signal.addEventListener('abort', abort);
      const query = new URLSearchParams({
        watch: 'true',
        fieldSelector: `metadata.name=${name}`,
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(Math.round(least + Math.random() * (most - least))),
      });
      const { headMs, silenceMs } = TIMINGS;
      const onOpen = () => {
        failures = 0;
        told = false;
      };
      const stream = new WatchStream(this.#access, {
        ...{ path, query, headMs, silenceMs, controller, onOpen },
        onBytes: () => undefined,
      });
      try {
        for await (const events of stream.chunks()) {
          for (const { type } of events) if (type !== 'bookmark') listener();
        }
      } catch (error) {
        // Whoever listens also looks by itself from time to time, and says then what is wrong; but not this.
        failures++;
        const refused = error instanceof ApiError && error.status === 403;
        if (refused && !told)
          this.#log.warn(
            { error: error.message },
            `certificate: ${name} cannot be watched; changes are seen late`,
          );
        told ||= refused;
      } finally {
        signal.removeEventListener('abort', abort);
      }
      const pause = pauseAfter(failures + 1, TIMINGS.pauseMs, Math.random);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /** The object, or undefined when it is not there. */
  async #find(
    path: string,
  ): Promise<{ readonly body: unknown; readonly date: Date | undefined } | undefined> {
    try {
      return await this.#access.call('GET', path, { signal: this.#stop.signal });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * Server-side apply of an empty Secret: it makes the Secret or leaves it as it is, whoever comes first. Unlike
   * an ordinary create, the right to it can be given for one name.
   */
  async #make(path: string): Promise<{ readonly body: unknown; readonly date: Date | undefined }> {
    const metadata = { name: this.#secretName, namespace: this.#namespace };
    return this.#access.call('PATCH', `${path}?fieldManager=${MANAGER}`, {
      body: { apiVersion: 'v1', kind: 'Secret', metadata },
      contentType: 'application/apply-patch+yaml',
      signal: this.#stop.signal,
    });
  }

  /** What the server answered; undefined when the object is no longer what the change is based on. */
  async #change(
    method: 'PUT' | 'PATCH',
    path: string,
    body: unknown,
    contentType?: string,
  ): Promise<unknown> {
    try {
      const type = contentType === undefined ? {} : { contentType };
      return (await this.#access.call(method, path, { body, ...type, signal: this.#stop.signal })).body;
    } catch (error) {
      const lost: readonly number[] = LOST[method];
      if (error instanceof ApiError && lost.includes(error.status)) return undefined;
      throw error;
    }
  }
}

function publishedIn(configuration: unknown): PublishedBundles {
  return {
    version: textAt(rawAt(configuration, 'metadata'), 'resourceVersion'),
    bundles: listAt(configuration, 'webhooks').map((webhook) =>
      Buffer.from(textAt(rawAt(webhook, 'clientConfig'), 'caBundle'), 'base64').toString('utf8'),
    ),
  };
}

function contentOf(data: Raw): Content {
  const entries = Object.entries(data).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(
    entries.map(([key, text]) => [key, Buffer.from(text, 'base64').toString('utf8')]),
  );
}
