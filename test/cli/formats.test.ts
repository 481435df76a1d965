import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeReport } from '../../src/cli/formats/check.ts';
import { writeDiff } from '../../src/cli/formats/diff.ts';
import { writeList } from '../../src/cli/formats/list.ts';
import type { Report } from '../../src/cli/formats/report.ts';
import { csvLine } from '../../src/cli/formats/text.ts';
import { chunked } from '../../src/cli/output.ts';
import type { Row } from '../../src/simulate/contract.ts';

/** Everything that is written, as one text. */
function written(write: (out: ReturnType<typeof chunked>) => void): string {
  const parts: string[] = [];
  const out = chunked((text) => parts.push(text));
  write(out);
  out.end();
  return parts.join('');
}

const rows: readonly Row[] = [
  { from: 'a/x', to: 'b/"y"', connections: ['TCP 80', 'UDP 53'], verdict: 'allowed' },
  { from: 'a/x', to: '10.0.0.0/8', connections: ['All'], verdict: 'unknown', reason: 'plug-ins differ' },
];

test('list: JSON of any length is one document', () => {
  assert.deepEqual(JSON.parse(written((out) => writeList(rows, 'json', out))), { connections: rows });
  assert.deepEqual(JSON.parse(written((out) => writeList([], 'json', out))), { connections: [] });
});

test('list: text, CSV and graphs', () => {
  assert.equal(
    written((out) => writeList(rows, 'text', out)),
    'a/x -> b/"y": TCP 80, UDP 53\na/x -> 10.0.0.0/8: All  (unknown: plug-ins differ)\n',
  );
  assert.equal(
    written((out) => writeList(rows, 'csv', out)),
    'from,to,connections,verdict,reason\na/x,"b/""y""",TCP 80; UDP 53,allowed,\na/x,10.0.0.0/8,All,unknown,plug-ins differ\n',
  );
  const dot = written((out) => writeList(rows, 'dot', out));
  assert.match(dot, /^digraph connections \{\n/);
  assert.match(
    dot,
    / {2}n1 \[label="b\/\\"y\\""\];\n {2}n0 -> n1 \[label="TCP 80, UDP 53", color=black\];\n/,
  );
  assert.match(dot, /n0 -> n2 \[label="All", color=gray, style=dashed\];\n\}\n$/);
  const mermaid = written((out) => writeList(rows, 'mermaid', out));
  assert.match(
    mermaid,
    /^graph LR\n {2}n0\["a\/x"\]\n {2}n1\["b\/&quot;y&quot;"\]\n {2}n0 -->\|"TCP 80, UDP 53"\| n1\n/,
  );
});

test('diff: lost and gained', () => {
  const diff = {
    lost: [{ from: 'a', to: 'b', connections: ['TCP 1'] }],
    gained: [{ from: 'b', to: 'a', connections: ['All'] }],
  };
  assert.equal(
    written((out) => writeDiff(diff, 'text', out)),
    '- a -> b: TCP 1\n+ b -> a: All\n1 pair lost, 1 gained\n',
  );
  assert.deepEqual(JSON.parse(written((out) => writeDiff(diff, 'json', out))), diff);
  assert.equal(
    written((out) => writeDiff(diff, 'csv', out)),
    'change,from,to,connections\nlost,a,b,TCP 1\ngained,b,a,All\n',
  );
});

test('CSV: a name from a stranger is no formula', () => {
  assert.equal(csvLine(['=HYPERLINK("x")', '+1', 'a,b']), `"'=HYPERLINK(""x"")",'+1,"a,b"`);
});

const report: Report = {
  decision: 'deny',
  changes: [
    {
      operation: 'CREATE',
      kind: 'Service',
      namespace: 'default',
      name: 'web',
      file: 'dir/a,b.yaml',
      line: 7,
      decision: 'deny',
      findings: [
        {
          rule: 'node-port-range',
          severity: 'high',
          action: 'deny',
          subject: 'Service default/web',
          message: 'nodePort 3000 < 30000 & more:\n100%.',
          because: ['the configured range'],
          fix: 'Choose another.',
        },
      ],
      exemptions: ['exemption expired since 2020-01-01: dns-cut counts again.'],
      unchecked: [{ rule: 'dns-cut', reason: 'the model is stale' }],
      diff: { lost: [], gained: [] },
    },
  ],
  diff: { lost: [], gained: [] },
};

test('check: JSON has exactly the promised shape', () => {
  assert.deepEqual(JSON.parse(written((out) => writeReport(report, 'json', out))), {
    decision: 'deny',
    changes: [
      {
        operation: 'CREATE',
        object: { kind: 'Service', namespace: 'default', name: 'web' },
        decision: 'deny',
        findings: report.changes[0]?.findings,
        exemptions: ['exemption expired since 2020-01-01: dns-cut counts again.'],
        unchecked: [{ rule: 'dns-cut', reason: 'the model is stale' }],
        diff: { lost: [], gained: [] },
      },
    ],
    diff: { lost: [], gained: [] },
  });
});

test('check: GitHub, JUnit and SARIF', () => {
  assert.equal(
    written((out) => writeReport(report, 'github', out)),
    '::error file=dir/a%2Cb.yaml,line=7,title=node-port-range::Service default/web: nodePort 3000 < 30000 & more:%0A100%25. Fix: Choose another.\n',
  );
  const junit = written((out) => writeReport(report, 'junit', out));
  assert.match(junit, /<testsuite name="portent" tests="1" failures="1">/);
  assert.match(junit, /message="Service default\/web: nodePort 3000 &lt; 30000 &amp; more:/);
  const sarif = JSON.parse(written((out) => writeReport(report, 'sarif', out)));
  assert.equal(sarif.version, '2.1.0');
  const [result] = sarif.runs[0].results;
  assert.equal(result.level, 'error');
  assert.equal(result.locations[0].physicalLocation.region.startLine, 7);
  const [rule, ...more] = sarif.runs[0].tool.driver.rules;
  assert.deepEqual([rule.id, more], ['node-port-range', []]);
  assert.equal(
    rule.shortDescription.text,
    'A Service asks for a nodePort outside the range the organisation allows.',
  );
  assert.match(rule.help.text, /^Set nodePort to one in the range\./);
});

test('output: text is handed on in pieces', () => {
  const sizes: number[] = [];
  const out = chunked((text) => sizes.push(text.length));
  for (let i = 0; i < 3000; i++) out.line('x'.repeat(99));
  out.end();
  assert.equal(
    sizes.reduce((a, b) => a + b, 0),
    300_000,
  );
  assert.ok(sizes.length >= 4 && Math.max(...sizes) < 70_000, sizes.join());
});
