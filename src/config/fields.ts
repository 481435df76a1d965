import * as z from 'zod';

/** What a finding of a rule leads to. */
export const ACTIONS = ['off', 'note', 'warn', 'deny'] as const;
export type Action = (typeof ACTIONS)[number];

/** Closed range of ports, both ends included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

const UNITS = new Map([
  ['', 1],
  ['Ki', 1024],
  ['Mi', 1024 ** 2],
  ['Gi', 1024 ** 3],
]);

/** `1,2 or 3`, for messages. */
function oneOf(values: readonly string[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

/** One word out of a closed set. */
export function word<const T extends readonly [string, ...string[]]>(
  values: T,
): z.ZodEnum<z.core.util.ToEnum<T[number]>> {
  return z.enum(values, { error: `use ${oneOf(values)}` });
}

/** A whole number within bounds. */
export function whole(from: number, to: number, unit = ''): z.ZodNumber {
  const error = `use a whole number from ${from} to ${to}${unit === '' ? '' : ` (${unit})`}`;
  return z.int({ error }).min(from, { error }).max(to, { error });
}

/** A TCP port; 0 lets the system choose one. */
export const port = whole(0, 65535);

/** A number of seconds, fractions allowed. */
export function seconds(from: number, to: number): z.ZodNumber {
  const error = `use a number of seconds from ${from} to ${to}`;
  return z.number({ error }).min(from, { error }).max(to, { error });
}

/** `7Mi`, `512Ki` or a plain number of bytes. */
export function bytes(from: number, to: number) {
  const error = `use a number of bytes such as 7Mi, from ${bytesText(from)} to ${bytesText(to)}`;
  return z
    .union([z.int(), z.string().regex(/^[0-9]{1,12}(Ki|Mi|Gi)?$/, { error })], { error })
    .transform((given) => {
      const [, digits = '', unit = ''] = /^([0-9]+)(.*)$/.exec(String(given)) ?? [];
      return Number(digits) * (UNITS.get(unit) ?? 1);
    })
    .refine((size) => size >= from && size <= to, { error });
}

function bytesText(size: number): string {
  for (const [unit, factor] of [...UNITS].reverse())
    if (size % factor === 0) return `${size / factor}${unit}`;
  return String(size);
}

/** `30000-32767`, as the API server's --service-node-port-range writes it. */
export const portRange = z
  .string({ error: 'use a range such as 30000-32767' })
  .regex(/^[0-9]{1,5}-[0-9]{1,5}$/, { error: 'use a range such as 30000-32767' })
  .transform((text): PortRange => {
    const [from = 0, to = 0] = text.split('-').map(Number);
    return { from, to };
  })
  .refine(({ from, to }) => from >= 1 && to <= 65535 && from <= to, {
    error: 'use two ports from 1 to 65535, the lower one first, such as 30000-32767',
  });

/** `yes`, `no` or `unknown`; YAML's true and false are taken for the first two. */
export const tristate = z
  .union([z.boolean(), z.enum(['yes', 'no', 'unknown'])], { error: 'use yes, no or unknown' })
  .transform((given) => (given === true ? 'yes' : given === false ? 'no' : given));

const nameError = 'use a name of lower-case letters, digits, - and .';
/** A Kubernetes object name (RFC 1123 subdomain). */
export const objectName = z
  .string({ error: nameError })
  .max(253, { error: nameError })
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, { error: nameError });

/** `namespace/name`. */
export const objectPath = z.string({ error: 'use namespace/name' }).regex(/^[a-z0-9.-]+\/[a-z0-9.-]+$/, {
  error: 'use namespace/name, such as kube-system/kube-dns',
});

const labelKey = z
  .string()
  .max(317)
  .regex(/^([a-z0-9.-]+\/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/, {
    error: 'use a label key such as team or example.com/team',
  });
const labelText = z
  .string({ error: 'use a text; put numbers and true or false in quotes' })
  .max(63)
  .regex(/^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/, { error: 'use a label value such as backend' });

/** `key=value`, or `key` for any value. */
export const labelPair = z
  .string({ error: 'use key=value, or key for any value' })
  .max(381)
  .regex(
    /^([a-z0-9.-]+\/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(=([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?)?$/,
    {
      error: 'use key=value, such as portent.dev/protected=true, or key for any value',
    },
  );

/** A label key, `example.com/*` or `*.example.com/*`. */
export const labelPattern = z
  .string({ error: 'use a label key' })
  .max(317)
  .regex(/^((\*\.)?[a-z0-9.-]+\/\*|([a-z0-9.-]+\/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)$/, {
    error: 'use a label key such as team, or example.com/* or *.example.com/* for keys with a prefix',
  });

const expression = z
  .strictObject({
    key: labelKey,
    operator: word(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: z.array(labelText).default([]),
  })
  .refine(({ operator, values }) => operator.endsWith('In') === values.length > 0, {
    error: 'give values for In and NotIn, and none for Exists and DoesNotExist',
  });

/** A Kubernetes label selector, with both parts always there. */
export const labelSelector = z
  .strictObject({
    matchLabels: z.record(labelKey, labelText).default({}),
    matchExpressions: z.array(expression).default([]),
  })
  .refine((given) => Object.keys(given.matchLabels).length + given.matchExpressions.length > 0, {
    error: 'give matchLabels or matchExpressions; to mean every namespace, set the action of the rule itself',
  });
