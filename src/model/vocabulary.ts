import type { Labels } from './labels.ts';
import type { Selector } from './selector.ts';

interface Mention {
  exists: number;
  readonly values: Map<string, number>;
}

/**
 * The keys and values that selectors mention. Labels outside it cannot tell two pods apart,
 * whatever they are: a StatefulSet's pod name costs nothing until a selector asks for it.
 */
export class Vocabulary {
  readonly #mentions = new Map<string, Mention>();
  /** Grows when something is mentioned for the first time; classes built before are then too coarse. */
  version = 0;

  add(selector: Selector): void {
    for (const { key, operator, values } of selector.requirements) {
      const mention = this.#mentions.get(key) ?? { exists: 0, values: new Map<string, number>() };
      this.#mentions.set(key, mention);
      if (operator === 'Exists' || operator === 'DoesNotExist') {
        if (mention.exists++ === 0) this.version++;
        continue;
      }
      for (const value of values) {
        const count = mention.values.get(value) ?? 0;
        if (count === 0) this.version++;
        mention.values.set(value, count + 1);
      }
    }
  }

  /** Takes back one `add`. Classes built before stay finer than needed until they are next rebuilt. */
  remove(selector: Selector): void {
    for (const { key, operator, values } of selector.requirements) {
      const mention = this.#mentions.get(key);
      if (mention === undefined) continue;
      if (operator === 'Exists' || operator === 'DoesNotExist') mention.exists--;
      else {
        for (const value of values) {
          const count = (mention.values.get(value) ?? 0) - 1;
          if (count > 0) mention.values.set(value, count);
          else mention.values.delete(value);
        }
      }
      if (mention.exists <= 0 && mention.values.size === 0) this.#mentions.delete(key);
    }
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
        if (mention.exists === 0) return false;
      } else for (const value of values) if (!mention.values.has(value)) return false;
    }
    return true;
  }

  /** Whether the value, or only the presence, of this label can matter to a selector. */
  weighs(key: string, value: string): 'value' | 'presence' | 'nothing' {
    const mention = this.#mentions.get(key);
    if (mention === undefined) return 'nothing';
    if (mention.values.has(value)) return 'value';
    return mention.exists > 0 ? 'presence' : 'nothing';
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
