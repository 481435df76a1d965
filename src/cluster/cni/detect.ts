import { type Cni, type Tristate, UNKNOWN_CNI } from '../../model/objects.ts';
import { CATALOGUE } from './catalogue.ts';
import type { CniFacts } from './facts.ts';
import type { Recognition } from './plugin.ts';
import { poolsOf } from './pools.ts';

const STATE_IT = 'If you know the answer, state it in the configuration.';

/**
 * Who carries the pods' traffic, and whether that enforces NetworkPolicy. A heuristic over names, images,
 * arguments and API groups: where it is not sure it says `unknown`, which never denies.
 */
export function detectCni(facts: CniFacts): Cni {
  const whole = detectOne(facts);
  const pools = poolsOf(facts, whole, detectOne);
  return pools.length === 0 ? whole : { ...whole, pools };
}

function detectOne(facts: CniFacts): Cni {
  const found = CATALOGUE.flatMap((plugin) => plugin.recognise(facts) ?? []);
  const engines = found.filter(({ role }) => role === 'policy');
  const networks = found.filter(({ role }) => role === 'network');
  if (facts.daemonSets.length === 0 && !found.some(({ weak }) => !weak)) {
    return unknown(found, 'No DaemonSets are known, and network plug-ins are recognised by theirs.');
  }
  const sure = engines.filter(
    ({ weak, abilities }) => !weak && enforces(abilities.ingress, abilities.egress),
  );
  if (sure.length > 0) return enforced(sure, found);
  // Switched off in plain sight, such as Cilium with --enable-policy=never.
  const off = engines.filter(({ weak, abilities }) => !weak && abilities.ingress === 'no');
  const unsure = engines.filter((engine) => !off.includes(engine));
  if (unsure.length > 0) return unknown(found, unsureText(unsure));
  const ignoring = [...off, ...networks].filter(({ weak }) => !weak);
  if (ignoring.length > 0) return ignored(ignoring, found);
  const count = facts.daemonSets.length;
  return unknown(found, `None of the ${count} DaemonSets is a network plug-in that is known here.`);
}

/** What the operator knows; anything left out is detected. */
export interface StatedCni {
  readonly name?: string | undefined;
  readonly enforcesIngress?: Tristate | undefined;
  readonly enforcesEgress?: Tristate | undefined;
  readonly blocksMatchPods?: Tristate | undefined;
}

/** The detected answer with the operator's own statements in place of it, each told as evidence. */
export function withStated(detected: Cni, stated: StatedCni): Cni {
  const { name, enforcesIngress, enforcesEgress, blocksMatchPods } = stated;
  const told = [
    sentence('ingress policies are enforced', enforcesIngress),
    sentence('egress policies are enforced', enforcesEgress),
    sentence('an ipBlock matches the addresses of pods', blocksMatchPods),
  ].filter((each) => each !== '');
  if (told.length === 0 && name === undefined) return detected;
  const whole = enforcesIngress !== undefined && enforcesEgress !== undefined;
  const { pools, ...rest } = detected;
  return {
    ...rest,
    // Whoever states it states it for the cluster.
    ...(pools === undefined || enforcesIngress !== undefined || enforcesEgress !== undefined
      ? {}
      : { pools }),
    name: name ?? detected.name,
    enforcesIngress: enforcesIngress ?? detected.enforcesIngress,
    enforcesEgress: enforcesEgress ?? detected.enforcesEgress,
    blocksMatchPods: blocksMatchPods ?? detected.blocksMatchPods,
    // Evidence for an answer that the operator has overruled would contradict it.
    evidence: whole ? told : [...told, ...detected.evidence],
  };
}

function sentence(what: string, answer: Tristate | undefined): string {
  if (answer === undefined) return '';
  return answer === 'unknown'
    ? `The configuration says that it is not known whether ${what}.`
    : `The configuration states whether ${what}: ${answer}.`;
}

function enforces(...answers: readonly Tristate[]): boolean {
  return answers.includes('yes');
}

function enforced(engines: readonly Recognition[], found: readonly Recognition[]): Cni {
  const networks = found.filter(({ role, weak }) => role === 'network' && !weak);
  const evidence = sentences([...engines, ...networks, ...others(found, [...engines, ...networks])]);
  if (engines.length > 1) {
    evidence.push(
      `Several policy engines run: ${engines.map(({ name }) => name).join(', ')}. Traffic must pass each.`,
    );
  }
  const any = (pick: (of: Recognition['abilities']) => Tristate): Tristate => {
    const answers = engines.map(({ abilities }) => pick(abilities));
    return answers.includes('yes') ? 'yes' : answers.includes('unknown') ? 'unknown' : 'no';
  };
  const agreed = (pick: (of: Recognition['abilities']) => Tristate): Tristate => {
    const [first = 'unknown', ...rest] = engines.map(({ abilities }) => pick(abilities));
    return rest.every((each) => each === first) ? first : 'unknown';
  };
  return {
    name: [...engines, ...networks].map(({ name }) => name).join(' + '),
    enforcesIngress: any(({ ingress }) => ingress),
    enforcesEgress: any(({ egress }) => egress),
    enforcesEndPort: any(({ endPort }) => endPort),
    enforcesSctp: any(({ sctp }) => sctp),
    blocksMatchPods: agreed(({ blocksMatchPods }) => blocksMatchPods),
    evidence,
    // How to turn enforcement on is no advice where it is on.
    advice: [...engines, ...others(found, [...engines, ...networks])].flatMap(({ advice }) => advice),
  };
}

function ignored(plugins: readonly Recognition[], found: readonly Recognition[]): Cni {
  const [first, ...rest] = plugins;
  const evidence = sentences([...rest, ...others(found, plugins)]);
  evidence.unshift(
    `${first?.evidence.join('. ')}, and no policy engine beside it was found.`.replaceAll('.,', ','),
  );
  return {
    name: plugins.map(({ name }) => name).join(' + '),
    enforcesIngress: 'no',
    enforcesEgress: 'no',
    enforcesEndPort: 'no',
    enforcesSctp: 'no',
    blocksMatchPods: 'unknown',
    evidence,
    advice: [...plugins, ...others(found, plugins)].flatMap(({ advice }) => advice),
  };
}

function unknown(found: readonly Recognition[], reason: string): Cni {
  const names = found.filter(({ role }) => role !== 'secondary').map(({ name }) => name);
  return {
    ...UNKNOWN_CNI,
    name: names.length > 0 ? names.join(' or ') : UNKNOWN_CNI.name,
    evidence: [reason, ...sentences(found)],
    advice: [...found.flatMap(({ advice }) => advice), STATE_IT],
  };
}

function unsureText(engines: readonly Recognition[]): string {
  const names = engines.map(({ name }) => name).join(', ');
  return `Whether ${names} enforces policies here cannot be told for certain.`;
}

function others(found: readonly Recognition[], told: readonly Recognition[]): Recognition[] {
  return found.filter((each) => !told.includes(each));
}

function sentences(found: readonly Recognition[]): string[] {
  return found.flatMap(({ evidence }) => evidence.map((each) => (each.endsWith('.') ? each : `${each}.`)));
}
