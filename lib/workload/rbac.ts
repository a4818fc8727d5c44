import { CLUSTER_KINDS, KINDS, type KindInfo, type KindName, STATUS_KINDS } from '../api/kinds.ts';

/** ClusterRole with what every proxy may read. */
export const PROXY_ROLE = 'tooltrail-proxy';

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Kinds that hold secrets or much else: a proxy reads by name what its Gateway leads to. */
export const NAMED_KINDS = ['Secret', 'ConfigMap'] as const satisfies readonly KindName[];

export const READ = ['get', 'list', 'watch'] as const;
/** What server-side apply of objects takes that come and go. */
const MANAGE = ['get', 'list', 'watch', 'create', 'patch', 'delete'] as const;

const kindNames = Object.keys(KINDS) as KindName[];

const rules = (
  kinds: readonly Pick<KindInfo, 'group' | 'plural'>[],
  verbs: readonly string[],
  suffix = '',
): readonly PolicyRule[] =>
  [...Map.groupBy(kinds, ({ group }) => group)].map(([group, own]) => ({
    apiGroups: [group],
    resources: own.map(({ plural }) => `${plural}${suffix}`).sort(),
    verbs,
  }));

/** What every proxy may read, in all namespaces: nothing that holds a secret. */
export const proxyRules = (): readonly PolicyRule[] =>
  rules(
    kindNames.filter((kind) => !(NAMED_KINDS as readonly KindName[]).includes(kind)).map((kind) => KINDS[kind]),
    READ,
  );

/** What the controller may: read all that configuration is made of, write statuses, and manage what it deploys. */
export const controllerRules = (deployed: readonly Pick<KindInfo, 'group' | 'plural'>[]): readonly PolicyRule[] => [
  ...rules(
    kindNames.map((kind) => KINDS[kind]),
    READ,
  ),
  ...rules(
    STATUS_KINDS.map((kind) => KINDS[kind]),
    ['patch', 'update'],
    '/status',
  ),
  ...rules(deployed, MANAGE),
  ...rules([CLUSTER_KINDS.CustomResourceDefinition], READ),
  ...rules([CLUSTER_KINDS.Lease], ['get', 'list', 'watch', 'create', 'update', 'patch']),
  // An owner that blocks its own deletion until its objects are gone.
  ...rules([KINDS.Gateway], ['update'], '/finalizers'),
];
