import { describe, expect, test } from '@jest/globals';
import { Chart, Testing } from 'cdk8s';
import { AgentgatewayCrds } from '../../../../../lib/agentgateway/crd/crds.ts';
import { type Definition, definitions } from '../../../../../lib/agentgateway/crd/definitions.ts';

interface Spec {
  readonly group: string;
  readonly scope: string;
  readonly names: {
    readonly kind: string;
    readonly shortNames: readonly string[];
    readonly categories: readonly string[];
  };
  readonly versions: readonly {
    readonly name: string;
    readonly subresources: object;
    readonly additionalPrinterColumns: readonly { readonly name: string }[];
    readonly schema: { readonly openAPIV3Schema: Node };
  }[];
}

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node;
  readonly [keyword: string]: unknown;
}

const specOf = ({ spec }: Definition): Spec => spec as unknown as Spec;
const rootOf = (definition: Definition): Node => specOf(definition).versions[0]?.schema.openAPIV3Schema ?? {};

const nodesOf = (node: Node): readonly Node[] => [
  node,
  ...[...Object.values(node.properties ?? {}), node.items, node.additionalProperties].flatMap((child) =>
    child === undefined ? [] : nodesOf(child),
  ),
];

const all = definitions();
const named = all.map((definition) => [specOf(definition).names.kind, definition] as const);

describe('CustomResourceDefinitions', () => {
  test('have the names of the compatible system', () => {
    expect(
      all.map((definition) => {
        const { group, scope, names, versions } = specOf(definition);
        const columns = versions[0]?.additionalPrinterColumns.map(({ name }) => name);
        return [
          definition.metadata.name,
          group,
          scope,
          ...names.shortNames,
          ...names.categories,
          versions[0]?.name,
          columns,
        ];
      }),
    ).toEqual([
      [
        'agentgatewaybackends.agentgateway.dev',
        'agentgateway.dev',
        'Namespaced',
        'agbe',
        'agentgateway',
        'v1alpha1',
        ['Accepted', 'Age'],
      ],
      [
        'agentgatewayparameters.agentgateway.dev',
        'agentgateway.dev',
        'Namespaced',
        'agpar',
        'agentgateway',
        'v1alpha1',
        ['Age'],
      ],
      [
        'agentgatewaypolicies.agentgateway.dev',
        'agentgateway.dev',
        'Namespaced',
        'agpol',
        'agentgateway',
        'v1alpha1',
        ['Accepted', 'Attached', 'Age'],
      ],
    ]);
  });

  test('those that act on a Gateway carry the label by which tools find policies', () => {
    const label = 'gateway.networking.k8s.io/policy';
    expect(all.map(({ metadata }) => metadata.labels[label])).toEqual([undefined, 'Direct', 'Direct']);
  });

  test.each(named)('%s is structural: every node has a type, or is open on purpose', (_, definition) => {
    const untyped = nodesOf(rootOf(definition)).filter(
      (node) =>
        node.type === undefined &&
        node['x-kubernetes-int-or-string'] !== true &&
        node['x-kubernetes-preserve-unknown-fields'] !== true,
    );
    expect(untyped).toEqual([]);
  });

  test.each(named)('%s bounds what rules walk through', (_, definition) => {
    const lists = nodesOf(rootOf(definition).properties?.spec ?? {}).filter(
      (node) => node.type === 'array' && node['x-kubernetes-validations'] !== undefined,
    );
    expect(lists.filter((node) => node.maxItems === undefined)).toEqual([]);
  });

  test.each(named)('%s has a status of its own', (_, definition) => {
    expect(specOf(definition).versions[0]?.subresources).toEqual({ status: {} });
    const conditions = nodesOf(rootOf(definition).properties?.status ?? {}).filter(
      (node) => node['x-kubernetes-list-map-keys'] !== undefined,
    );
    expect(conditions).toMatchObject([{ maxItems: 8, 'x-kubernetes-list-map-keys': ['type'] }]);
  });

  test('are written by the construct as they are', () => {
    const chart = new Chart(Testing.app(), 'crds');
    new AgentgatewayCrds(chart, 'crds');
    expect(chart.toJson()).toEqual(all);
  });
});
