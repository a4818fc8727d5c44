import { AGENTGATEWAY_BACKEND } from '../../api/agentgateway/backend.ts';
import { AGENTGATEWAY_PARAMETERS } from '../../api/agentgateway/parameters.ts';
import { AGENTGATEWAY_POLICY } from '../../api/agentgateway/policy.ts';
import { GROUPS, KINDS } from '../../api/kinds.ts';
import type { ObjectSchema, Schema } from '../../api/schema.ts';
import { type OpenApi, toOpenApi } from './open-api.ts';
import { OBJECT_STATUS, POLICY_STATUS } from './status.ts';

/** A CustomResourceDefinition of apiextensions.k8s.io/v1. */
export interface Definition {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

interface Names {
  readonly kind: keyof typeof KINDS;
  readonly plural: string;
  readonly singular: string;
  readonly shortName: string;
}

interface Column {
  readonly name: string;
  readonly type: 'string' | 'date';
  readonly description: string;
  readonly jsonPath: string;
}

const AGE: Column = {
  name: 'Age',
  type: 'date',
  description: 'Time since it was created.',
  jsonPath: '.metadata.creationTimestamp',
};

const conditionColumn = (name: string, conditions: string): Column => ({
  name,
  type: 'string',
  description: `Status of condition ${name}.`,
  jsonPath: `${conditions}[?(@.type=='${name}')].status`,
});

/** How Gateway API's tools find policies. Source: GEP-713. */
const POLICY_LABELS = { 'gateway.networking.k8s.io/policy': 'Direct' } as const;

const PART_OF = { 'app.kubernetes.io/part-of': 'tooltrail' } as const;

const define = (
  { kind, plural, singular, shortName }: Names,
  schema: ObjectSchema & { readonly properties: { readonly spec: Schema } },
  status: Schema,
  columns: readonly Column[],
  labels: Readonly<Record<string, string>> = {},
): Definition => {
  const root: OpenApi = {
    ...(schema.description === undefined ? {} : { description: schema.description }),
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: toOpenApi(schema.properties.spec),
      status: toOpenApi(status),
    },
    required: ['spec'],
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUPS.agentgateway}`, labels: { ...PART_OF, ...labels } },
    spec: {
      group: GROUPS.agentgateway,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        shortNames: [shortName],
        categories: ['agentgateway'],
      },
      versions: KINDS[kind].versions.map((name) => ({
        name,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: columns,
        schema: { openAPIV3Schema: root },
      })),
    },
  };
};

/** The CustomResourceDefinitions of agentgateway.dev, from the schemas that file mode and constructs check with. */
export const definitions = (): readonly Definition[] => [
  define(
    {
      kind: 'AgentgatewayBackend',
      plural: 'agentgatewaybackends',
      singular: 'agentgatewaybackend',
      shortName: 'agbe',
    },
    AGENTGATEWAY_BACKEND,
    OBJECT_STATUS,
    [conditionColumn('Accepted', '.status.conditions'), AGE],
  ),
  define(
    {
      kind: 'AgentgatewayParameters',
      plural: 'agentgatewayparameters',
      singular: 'agentgatewayparameters',
      shortName: 'agpar',
    },
    AGENTGATEWAY_PARAMETERS,
    OBJECT_STATUS,
    [AGE],
    POLICY_LABELS,
  ),
  define(
    {
      kind: 'AgentgatewayPolicy',
      plural: 'agentgatewaypolicies',
      singular: 'agentgatewaypolicy',
      shortName: 'agpol',
    },
    AGENTGATEWAY_POLICY,
    POLICY_STATUS,
    [
      conditionColumn('Accepted', '.status.ancestors[*].conditions'),
      conditionColumn('Attached', '.status.ancestors[*].conditions'),
      AGE,
    ],
    POLICY_LABELS,
  ),
];
