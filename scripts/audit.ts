/**
 * `npm audit`, with its three outcomes told apart in one line: nothing open, something open (exit status 1), or
 * advisories that could not be had, because not every registry gives them. That is said, and is no failure.
 */
import { spawnSync } from 'node:child_process';
import { z } from 'zod';

const Report = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({
      severity: z.string(),
      range: z.string(),
      via: z.array(z.union([z.string(), z.object({ title: z.string(), url: z.string() })])),
    }),
  ),
  metadata: z.object({ dependencies: z.object({ total: z.number() }) }),
});
const Failure = z.object({ message: z.string() });

// A registry that does not answer is not waited for as long as npm would.
const { stdout, error } = spawnSync(
  'npm',
  ['audit', '--json', '--fetch-retries=0', '--fetch-timeout=30000'],
  {
    encoding: 'utf8',
  },
);
if (error !== undefined) unchecked(error.message);
const said = parsed(stdout);
const report = Report.safeParse(said);
if (!report.success) {
  const failure = Failure.safeParse(said);
  unchecked(failure.success ? failure.data.message : 'npm said nothing readable');
}
const { vulnerabilities, metadata } = report.data;
const open = Object.entries(vulnerabilities);
for (const [name, { severity, range, via }] of open) {
  const told = via.map((each) =>
    typeof each === 'string' ? `through ${each}` : `${each.title} ${each.url}`,
  );
  console.error(`${name} ${range}: ${severity}: ${told.join('; ')}`);
}
if (open.length > 0) {
  console.error(`npm audit: open findings in ${open.length} packages`);
  process.exit(1);
}
console.log(`npm audit: no open findings in ${metadata.dependencies.total} packages`);

function unchecked(why: string): never {
  // A log may be public, and the address of a registry need not be.
  const reason = why.split('\n', 1)[0]?.replaceAll(/\bhttps?:\/\/\S+/g, 'the registry');
  console.log(`npm audit: NOT CHECKED, the registry gave no advisories (${reason})`);
  process.exit(0);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
