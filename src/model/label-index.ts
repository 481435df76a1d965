import type { Labels } from './labels.ts';
import { type Selector, selects } from './selector.ts';

/** What the index holds: anything with labels. */
interface Labelled {
  readonly labels: Labels;
}

/** Classes by the labels they carry, so that a selector finds its own without looking at all of them. */
export class LabelIndex<T extends Labelled> {
  readonly #byKey = new Map<string, Map<string, Set<T>>>();
  readonly #matters: (key: string, value: string) => boolean;

  /** `matters`: whether some selector asks for this value; other labels are not kept. */
  constructor(matters: (key: string, value: string) => boolean) {
    this.#matters = matters;
  }

  add(labels: Labels, one: T): void {
    for (let i = 0; i < labels.length; i += 2) {
      const [key, value] = [labels[i] as string, labels[i + 1] as string];
      if (!this.#matters(key, value)) continue;
      const values = this.#byKey.get(key) ?? new Map<string, Set<T>>();
      this.#byKey.set(key, values);
      const found = values.get(value);
      if (found === undefined) values.set(value, new Set([one]));
      else found.add(one);
    }
  }

  remove(labels: Labels, one: T): void {
    for (let i = 0; i < labels.length; i += 2) {
      const values = this.#byKey.get(labels[i] as string);
      const found = values?.get(labels[i + 1] as string);
      found?.delete(one);
      if (found?.size === 0) values?.delete(labels[i + 1] as string);
    }
  }

  /** All that the selector selects; undefined when it asks for no value, so that all have to be looked at. */
  find(selector: Selector): T[] | undefined {
    const { requirements, problem } = selector;
    if (problem !== undefined) return [];
    const wanted = requirements.find(({ operator }) => operator === 'In');
    if (wanted === undefined) return undefined;
    const values = this.#byKey.get(wanted.key);
    const found: T[] = [];
    if (values === undefined) return found;
    // A value may be written twice.
    for (const value of wanted.values.length === 1 ? wanted.values : new Set(wanted.values)) {
      for (const one of values.get(value) ?? NONE) {
        if (requirements.length === 1 || selects(selector, one.labels)) found.push(one as T);
      }
    }
    return found;
  }
}

const NONE: ReadonlySet<never> = new Set();
