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

/** One resource of one rule of one role. */
export interface Right {
  readonly role: string;
  /** The rule's place in the role. */
  readonly rule: number;
  readonly namespace: string | undefined;
  readonly group: string;
  readonly resource: string;
  readonly name: string | undefined;
  readonly verbs: readonly string[];
}

/** Every right of the roles: each rule times its groups times its resources. */
export function rightsOf(roles: readonly Role[]): readonly Right[] {
  return roles.flatMap(({ metadata, rules }) =>
    rules.flatMap(({ apiGroups, resources, resourceNames, verbs }, rule) =>
      apiGroups.flatMap((group) =>
        resources.map((resource) => ({
          ...{ role: idOf(metadata), rule, namespace: metadata.namespace, group, resource, verbs },
          name: resourceNames?.[0],
        })),
      ),
    ),
  );
}

/** The role without some rights. A rule of several groups is taken apart. */
export function withoutRights(role: Role, taken: readonly Right[]): Role {
  const id = idOf(role.metadata);
  const rules = role.rules.flatMap((rule, index) =>
    rule.apiGroups.flatMap((group) => {
      const gone = taken.filter((each) => each.role === id && each.rule === index && each.group === group);
      const resources = rule.resources.filter((resource) => !gone.some((each) => each.resource === resource));
      return resources.length === 0 ? [] : [{ ...rule, apiGroups: [group], resources }];
    }),
  );
  return { ...role, rules };
}

const idOf = ({ namespace = '', name }: Role['metadata']): string => `${namespace}/${name}`;
