/** One line of JSON a figure; times in ms unless the unit says otherwise. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly pods?: number;
  readonly policies?: number;
  readonly baseline?: number;
  readonly ratio?: number;
  /** What is special about this run. */
  readonly note?: string;
}

export function print(figure: Figure): void {
  const rounded = { ...figure, value: round(figure.value) };
  if (figure.baseline !== undefined) {
    process.stdout.write(
      `${JSON.stringify({ ...rounded, baseline: round(figure.baseline), ratio: round(figure.value / figure.baseline) })}\n`,
    );
  } else process.stdout.write(`${JSON.stringify(rounded)}\n`);
}

/** The value below which `share` of the samples lie. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** Collects garbage when Node runs with --expose-gc; without it memory figures would be noise. */
export function collect(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error('run with node --expose-gc');
  gc();
  gc();
}
