import type { Reference } from '../objects.ts';
import { type Fields, fields, items, text } from './wire.ts';

/** Bounds for a pod spec that was written to be expensive. */
const MOST_REFERENCES = 64;
const LONGEST_VALUE = 4096;

/** env names whose value is likely to be the name of something on the network. */
const TELLING_NAME =
  /(^|[_.-])(HOSTS?|HOSTNAME|UR[LI]S?|ADDR|ADDRESS|ADDRESSES|ADDRS|ENDPOINTS?|SERVICE|SERVERS?)$|(HOST|URL|ADDR|ENDPOINT|SERVER)$/i;
/** Names whose values are secrets: there only what is written as an address can be one. */
const SECRET_NAME = /PASS|PWD|SECRET|TOKEN|KEY|CERT|CREDENTIAL|AUTH|SALT/i;
const SEPARATORS = /[\s,;|"'[\]{}]+/;
const LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

interface Target {
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  /** How the text said so: a bare word proves nothing unless the place it stands in does. */
  readonly form: 'word' | 'port' | 'url' | 'svc';
}

/**
 * The Services that the containers' own env, command and arguments name. Only names are taken:
 * values may hold passwords (`postgres://user:secret@db`), and none of them enters the model.
 * Candidates, not facts: whether such a Service exists is for the reader to check. A candidate is a name that
 * somebody wrote where the name of a Service belongs; of `PASSWORD=hunter2:99` nothing is taken.
 */
export function parseReferences(containers: readonly Fields[], namespace: string): Reference[] {
  const found = new FoundReferences(namespace);
  const take = (value: string, source: string, name: string, bareWord?: boolean): void => {
    if (value.length <= LONGEST_VALUE) found.take(value, source, name, bareWord);
  };
  const takeWords = (words: readonly unknown[], what: string): void => {
    let before = '';
    for (const [i, each] of words.entries()) {
      const word = text(each);
      const flag = /^-{1,2}([\w.-]+)(=|$)/.exec(word);
      // `--redis=db:6379` says what it is; after `--redis` the next word is meant.
      const value = flag?.[2] === '=' ? word.slice(flag[0].length) : word;
      take(value, `${what} ${i + 1}`, flag?.[1] ?? before, false);
      before = flag?.[2] === '' ? (flag[1] ?? '') : '';
    }
  };
  for (const { env, command, args } of containers) {
    for (const entry of items(env)) {
      const name = text(fields(entry).name);
      const value = text(fields(entry).value);
      if (value !== '') take(value, `env ${name}`, name);
    }
    takeWords(items(command), 'command');
    takeWords(items(args), 'argument');
  }
  return found.all();
}

/** Collects the Services that values name; of every other word of a value nothing is kept. */
export class FoundReferences {
  readonly #namespace: string;
  readonly #found = new Map<string, Reference>();

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** Takes what a value names. What it is called decides whether a bare word in it counts. */
  take(value: string, source: string, name: string, bareWord: boolean = TELLING_NAME.test(name)): void {
    if (this.full) return;
    const secret = SECRET_NAME.test(name) && !TELLING_NAME.test(name);
    for (const part of value.split(SEPARATORS)) {
      const target = parseTarget(part, this.#namespace);
      if (target === undefined || (target.form === 'word' && !bareWord)) continue;
      if (secret && (target.form === 'word' || target.form === 'port')) continue;
      const { namespace, service, port } = target;
      const key = `${namespace}/${service}:${port}`;
      if (!this.#found.has(key)) this.#found.set(key, { namespace, service, port, source });
      if (this.full) return;
    }
  }

  get full(): boolean {
    return this.#found.size >= MOST_REFERENCES;
  }

  all(): Reference[] {
    return [...this.#found.values()];
  }
}

/** `[scheme://][user@]host[:port][/path]` with host `name`, `name.namespace` or `name.namespace.svc…`. */
function parseTarget(written: string, namespace: string): Target | undefined {
  let rest = written;
  const scheme = /^[a-z][a-z0-9+.-]*(:[a-z][a-z0-9+.-]*)?:\/\//i.exec(rest);
  if (scheme !== null) rest = rest.slice(scheme[0].length);
  rest = rest.split(/[/?#]/, 1)[0] as string;
  if (scheme === null && rest !== written) return undefined;
  if (rest.includes('@')) {
    if (scheme === null) return undefined;
    rest = rest.slice(rest.lastIndexOf('@') + 1);
  }
  const [host = '', portText, extra] = rest.split(':');
  if (extra !== undefined || (portText !== undefined && !/^\d{1,5}$/.test(portText))) return undefined;
  const port = portText === undefined ? 0 : Number(portText);
  if (port > 65535 || (portText !== undefined && port === 0)) return undefined;
  const [service = '', space, svc, ...domain] = host.replace(/\.$/, '').split('.');
  if (!LABEL.test(service) || service === 'localhost' || service === 'true' || service === 'false') {
    return undefined;
  }
  if (space !== undefined && !NAMESPACE.test(space)) return undefined;
  if (svc !== undefined && svc !== 'svc') return undefined;
  if (domain.some((label) => !NAMESPACE.test(label))) return undefined;
  const form = svc !== undefined ? 'svc' : scheme !== null ? 'url' : portText !== undefined ? 'port' : 'word';
  return { namespace: space ?? namespace, service, port, form };
}
