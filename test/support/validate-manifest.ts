import { KINDS, type KindName } from '../../lib/api/kinds.ts';
import { SCHEMAS } from '../../lib/api/objects.ts';
import { schemaProblems } from '../../lib/core/schema-problems.ts';
import type { Written } from './charts.ts';

/** Where the typed validators of a group are. Kinds of `agentgateway.dev` have none: they are checked against our schema of the CRD. */
const packageOf = (group: string, version: string): string => {
  switch (group) {
    case '':
      return `kubernetes-models/${version}`;
    case 'gateway.networking.k8s.io':
      return `@kubernetes-models/gateway-api/${group}/${version}`;
    case 'monitoring.coreos.com':
      return `@kubernetes-models/prometheus-operator/${group}/${version}`;
    default:
      return `kubernetes-models/${group}/${version}`;
  }
};

const OPERATOR = 'monitoring.coreos.com';

/** The validator wants the claim's kind to be that of the object around it; the definition wants none. */
const withoutClaim = (object: Written): Written => {
  const { storage: _, ...spec } = (object.spec ?? {}) as Readonly<Record<string, unknown>>;
  return { ...object, spec };
};

interface Model {
  validate(): void;
}

/** @throws {Error} when there is no validator for the kind, or it refuses the object. */
export const validateManifest = async (object: Written): Promise<void> => {
  const [version = '', group = ''] = object.apiVersion.split('/').reverse();
  const kind = object.kind as KindName;
  if (group === KINDS.AgentgatewayBackend.group) {
    const problems = schemaProblems(SCHEMAS[kind], object);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    return;
  }
  const models = (await import(packageOf(group, version))) as Record<string, new (data: unknown) => Model>;
  const Kind = models[object.kind];
  if (Kind === undefined) throw new Error(`no validator for ${object.apiVersion} ${object.kind}`);
  new Kind(group === OPERATOR ? withoutClaim(object) : object).validate();
};
