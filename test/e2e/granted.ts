/** The rights in roles, one by one. */

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** A Role or a ClusterRole. */
export interface Role {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules: readonly Rule[];
}

/** One verb on one resource, of one name where the role names some. */
export interface Right {
  readonly role: string;
  readonly namespace: string | undefined;
  readonly group: string;
  readonly resource: string;
  readonly name: string | undefined;
  readonly verb: string;
}

/** Every right of the roles: each rule times its groups, its resources, its names and its verbs. */
export function rightsOf(roles: readonly Role[]): readonly Right[] {
  return roles.flatMap(({ metadata, rules }) =>
    rules.flatMap(({ apiGroups, resources, resourceNames = [undefined], verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          resourceNames.flatMap((name) =>
            verbs.map((verb) => ({
              ...{ role: idOf(metadata), namespace: metadata.namespace },
              ...{ group, resource, name, verb },
            })),
          ),
        ),
      ),
    ),
  );
}

/** The rules that grant these rights and nothing else. */
export function granting(rights: readonly Right[]): readonly Rule[] {
  return rights.map(({ group, resource, name, verb }) => ({
    ...{ apiGroups: [group], resources: [resource], verbs: [verb] },
    ...(name === undefined ? {} : { resourceNames: [name] }),
  }));
}

export const idOf = ({ namespace = '', name }: Role['metadata']): string => `${namespace}/${name}`;

/** `cilium.io/ciliumnetworkpolicies list`, `/secrets[portent-tls] get`. */
export function rightText({ group, resource, name, verb }: Right): string {
  return `${group}/${resource}${name === undefined ? '' : `[${name}]`} ${verb}`;
}
