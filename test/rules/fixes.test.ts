/** Every ready fix in the rules' own examples, applied to the manifest and judged again. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isGone } from '../../src/cli/fix/gone.ts';
import { patched } from '../../src/cli/fix/patched.ts';
import type { JudgedFinding } from '../../src/decision/judgement.ts';
import { parseManifest } from '../../src/model/parse/manifest.ts';
import { RULES } from '../../src/rules/index.ts';
import { SEVERITIES } from '../../src/rules/rule.ts';
import { judgeWorld, rawObjects } from './world.ts';

/** Rules that must offer a fix in at least one of their examples. */
const FIXERS = [
  'and-or-confusion',
  'connectivity-lost',
  'direction-ignored',
  'dns-cut',
  'external-ips',
  'ingress-controller-cut',
  'named-port-unresolved',
  'no-backends',
  'node-port-range',
  'peer-selects-nothing',
  'pod-ip-in-ipblock',
  'selects-nothing',
  'service-port-for-target-port',
  'service-unreachable',
  'spoofable-label',
  'target-port-unresolved',
];

/** Findings that weigh, by rule and subject: what a fix must not bring. Their words may change with the fix. */
function weighty(findings: readonly JudgedFinding[]): string[] {
  return findings
    .filter(({ severity }) => SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf('medium'))
    .map(({ rule, subject }) => `${rule}: ${subject}`);
}

const fixed = new Set<string>();

for (const rule of RULES) {
  for (const world of [...rule.examples.bad, ...rule.examples.good]) {
    const findings = judgeWorld(world).findings;
    for (const [place, finding] of findings.entries()) {
      const { patch } = finding;
      if (patch === undefined) continue;
      fixed.add(finding.rule);
      test(`${finding.rule} ${place} in ${rule.id}: ${world.title}`, () => {
        const raw = rawObjects(world.manifest)[0];
        const right = patched(raw, patch);
        assert.ok(right !== undefined, `the patch fits the manifest: ${JSON.stringify(patch)}`);
        assert.notDeepEqual(right, raw, 'the patch changes something');
        const document = { raw: right, file: 'f', line: 1, lineOf: () => 1 };
        assert.deepEqual(parseManifest(document, { namespace: 'default' }).problems, [], 'it is still valid');
        const after = judgeWorld({ ...world, manifest: JSON.stringify(right) }).findings;
        assert.ok(isGone(finding, after), `the finding is gone: ${finding.message}`);
        const before = weighty(findings);
        assert.deepEqual(
          weighty(after).filter((one) => !before.includes(one)),
          [],
          'nothing else that weighs appears',
        );
      });
    }
  }
}

describe('ready fixes', () => {
  test('are offered by the rules that know one', () => {
    assert.deepEqual(
      FIXERS.filter((id) => !fixed.has(id)),
      [],
    );
  });

  test('leave the manifest they are applied to as it is', () => {
    const raw = { spec: { ports: [{ port: 80, nodePort: 3000 }] } };
    const right = patched(raw, [{ op: 'remove', path: '/spec/ports/0/nodePort' }]);
    assert.deepEqual(right, { spec: { ports: [{ port: 80 }] } });
    assert.deepEqual(raw, { spec: { ports: [{ port: 80, nodePort: 3000 }] } });
  });

  test('have not helped when the same is only said in other words', () => {
    const said = (message: string, rule = 'dns-cut') => ({ rule, subject: 'shop/web', message });
    const [cut, still] = [said('cut; allowed now only to a.'), said('cut; allowed now only to a and b.')];
    assert.equal(isGone(cut, [still]), false);
    assert.equal(isGone(cut, [cut]), false);
    assert.equal(isGone(cut, []), true);
    assert.equal(isGone(cut, [said('cut', 'connectivity-lost')]), true);
    assert.equal(isGone(cut, [said('another; allowed now only to a.')]), true);
  });

  test('that do not fit the manifest come to nothing', () => {
    assert.equal(patched({ spec: {} }, [{ op: 'remove', path: '/spec/externalIPs' }]), undefined);
  });
});
