import { rulePage } from '../rules/docs.ts';
import { RULES, ruleOf } from '../rules/index.ts';
import { ALLOWED, Failure } from './failure.ts';
import { standardOutput } from './output.ts';

/** `portent rules`: the catalogue, or one rule's page. */
export async function rulesCommand(id: string | undefined, format: string): Promise<number> {
  const out = standardOutput();
  if (id === undefined && format === 'json') {
    const rules = RULES.map(({ id, title, kinds, operations, severity, action, summary }) => {
      return { id, title, kinds, operations, severity, action, summary };
    });
    out.line(JSON.stringify({ rules }, null, 2));
  } else if (id === undefined) {
    const width = Math.max(...RULES.map((rule) => rule.id.length));
    for (const { id, severity, action, summary } of RULES) {
      out.line(`${id.padEnd(width)}  ${severity.padEnd(8)}  ${action.padEnd(4)}  ${summary}`);
    }
  } else {
    const rule = ruleOf(id);
    if (rule === undefined) throw new Failure(`no rule "${id}"; "portent rules" lists them`);
    if (format === 'json') out.line(JSON.stringify(rule, null, 2));
    else out.write(rulePage(rule));
  }
  out.end();
  return ALLOWED;
}
