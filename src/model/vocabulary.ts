import type { Labels } from './labels.ts';
import type { Selector } from './selector.ts';

interface Mention {
  /** How many selectors ask whether the key is there; undefined when none ever did. */
  exists: number | undefined;
  readonly values: Map<string, number>;
}

/** Mentions that nobody makes any more are kept until there are so many: they often come back. */
const MOST_RETIRED = 256;

/**
 * The keys and values that selectors mention. Labels outside it cannot tell two pods apart,
 * whatever they are: a StatefulSet's pod name costs nothing until a selector asks for it.
 */
export class Vocabulary {
  readonly #mentions = new Map<string, Mention>();
  #retired = 0;
  /** Changes with what is mentioned; classes built by an older version are of no use. */
  version = 0;

  add(selector: Selector): void {
    for (const { key, operator, values } of selector.requirements) {
      const mention = this.#mentions.get(key) ?? { exists: undefined, values: new Map<string, number>() };
      this.#mentions.set(key, mention);
      if (operator === 'Exists' || operator === 'DoesNotExist') {
        this.#count(mention.exists);
        mention.exists = (mention.exists ?? 0) + 1;
        continue;
      }
      for (const value of values) {
        this.#count(mention.values.get(value));
        mention.values.set(value, (mention.values.get(value) ?? 0) + 1);
      }
    }
  }

  /** Takes back one `add`. Classes stay as fine as they are until many mentions have gone. */
  remove(selector: Selector): void {
    for (const { key, operator, values } of selector.requirements) {
      const mention = this.#mentions.get(key);
      if (mention === undefined) continue;
      if (operator === 'Exists' || operator === 'DoesNotExist') {
        mention.exists = (mention.exists ?? 1) - 1;
        if (mention.exists === 0) this.#retired++;
        continue;
      }
      for (const value of values) {
        const count = (mention.values.get(value) ?? 1) - 1;
        mention.values.set(value, count);
        if (count === 0) this.#retired++;
      }
    }
    if (this.#retired > MOST_RETIRED) this.#purge();
  }

  #count(before: number | undefined): void {
    if (before === undefined) this.version++;
    else if (before === 0) this.#retired--;
  }

  #purge(): void {
    for (const [key, mention] of this.#mentions) {
      if (mention.exists === 0) mention.exists = undefined;
      for (const [value, count] of mention.values) if (count === 0) mention.values.delete(value);
      if (mention.exists === undefined && mention.values.size === 0) this.#mentions.delete(key);
    }
    this.#retired = 0;
    this.version++;
  }

  get empty(): boolean {
    return this.#mentions.size === 0;
  }

  /** Whether everything the selector asks for is mentioned already. */
  covers(selector: Selector): boolean {
    for (const { key, operator, values } of selector.requirements) {
      const mention = this.#mentions.get(key);
      if (mention === undefined) return false;
      if (operator === 'Exists' || operator === 'DoesNotExist') {
        if (mention.exists === undefined) return false;
      } else for (const value of values) if (!mention.values.has(value)) return false;
    }
    return true;
  }

  /** Whether the value, or only the presence, of this label can matter to a selector. */
  weighs(key: string, value: string): 'value' | 'presence' | 'nothing' {
    const mention = this.#mentions.get(key);
    if (mention === undefined) return 'nothing';
    if (mention.values.has(value)) return 'value';
    return mention.exists === undefined ? 'nothing' : 'presence';
  }
}

/** What of the labels the vocabularies can see, as a text that is equal for indistinguishable labels. */
export function projection(labels: Labels, near: Vocabulary, far: Vocabulary): string {
  let text = '';
  for (let i = 0; i < labels.length; i += 2) {
    const key = labels[i] as string;
    const value = labels[i + 1] as string;
    const here = near.weighs(key, value);
    const weight = here === 'value' ? here : far.weighs(key, value);
    if (weight === 'value') text += `${key}=${value}\n`;
    else if (weight === 'presence' || here === 'presence') text += `${key}\n`;
  }
  return text;
}
