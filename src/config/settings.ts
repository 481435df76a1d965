import * as z from 'zod';
import { ruleOrAction } from './enforcement.ts';
import { ACTIONS } from './fields.ts';
import { schema } from './schema.ts';

/** A setting that one text can give: on the command line, in the environment, or as a leaf of the file. */
export interface Setting {
  /** `limits.headerSeconds` */
  readonly path: string;
  /** `PORTENT_LIMITS_HEADER_SECONDS` */
  readonly variable: string;
  /** `--limits-header-seconds` */
  readonly flag: string;
  readonly type: 'number' | 'boolean' | 'text' | 'list';
  readonly description: string;
  /** As a file would write it; undefined = none. */
  readonly standard: unknown;
}

/** The part of a JSON Schema that is read here. */
interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly anyOf?: readonly Node[];
}

/** JSON Schema (draft 2020-12) of the configuration file. */
export function configJsonSchema(): object {
  const made = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // For the API server alone.
      delete (jsonSchema as Record<string, unknown>)['x-kubernetes-validations'];
      if (zodSchema !== ruleOrAction) return;
      // The schema of a preprocessed value is that of the result; the short form has to be told apart.
      const { description, ...long } = jsonSchema;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
      Object.assign(jsonSchema, { description, anyOf: [{ type: 'string', enum: [...ACTIONS] }, long] });
    },
  });
  return { title: 'Portent configuration', ...made };
}

let known: readonly Setting[] | undefined;

/** Every setting but those that only a file can hold. */
export function settings(): readonly Setting[] {
  known ??= Object.freeze([...walk(configJsonSchema() as Node, '')]);
  return known;
}

function* walk(node: Node, path: string): Iterable<Setting> {
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    const here = path === '' ? key : `${path}.${key}`;
    if (here === 'rules' || here === 'exemptions') continue;
    if (child.properties !== undefined) {
      yield* walk(child, here);
      continue;
    }
    const words = here.replaceAll('.', '-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    yield {
      path: here,
      variable: `PORTENT_${words.replaceAll('-', '_').toUpperCase()}`,
      flag: `--${words}`,
      type: typeOf(child),
      description: child.description ?? '',
      standard: child.default,
    };
  }
}

function typeOf(node: Node): Setting['type'] {
  if (node.type === 'array') return 'list';
  if (node.type === 'boolean') return 'boolean';
  return node.type === 'integer' || node.type === 'number' ? 'number' : 'text';
}
