import { condition } from '../../../lib/api/conditions.ts';
import { SUPPORTED_FEATURES } from '../../../lib/api/features.ts';
import type { GatewayClass } from '../../../lib/api/gateway-api.ts';
import { GATEWAY_CLASS, KINDS } from '../../../lib/api/kinds.ts';
import type { ObjectStatus } from '../status.ts';

export interface ClassContext {
  readonly controllerName: string;
  /** `namespace/name` of every AgentgatewayParameters. */
  readonly parameters: ReadonlySet<string>;
  /** A class that is declared nowhere is ours if it has our name. */
  readonly standalone: boolean;
  /** Version of the Gateway API CRDs, `v1.6.1`; undefined: there are none. */
  readonly bundleVersion: string | undefined;
}

export interface ClassResolution {
  /** Names of the classes that are ours. */
  readonly names: ReadonlySet<string>;
  /** Why the Gateways of a class are not served. */
  readonly rejected: ReadonlyMap<string, string>;
  readonly statuses: readonly ObjectStatus[];
}

export const resolveClasses = (classes: readonly GatewayClass[], context: ClassContext): ClassResolution => {
  const names = new Set<string>();
  const rejected = new Map<string, string>();
  const statuses: ObjectStatus[] = [];
  if (context.standalone && !classes.some(({ metadata }) => metadata.name === GATEWAY_CLASS)) names.add(GATEWAY_CLASS);
  for (const { metadata, spec } of classes) {
    if (spec.controllerName !== context.controllerName) continue;
    const { name, generation = 1 } = metadata;
    names.add(name);
    const problem = parametersProblem(spec.parametersRef, context.parameters);
    if (problem !== undefined) rejected.set(name, `GatewayClass ${name}: ${problem}`);
    statuses.push({
      kind: 'GatewayClass',
      namespace: '',
      name,
      conditions: [
        problem === undefined
          ? condition('ClassAccepted', generation)
          : condition('ClassInvalidParameters', generation, problem),
        isSupported(context.bundleVersion)
          ? condition('ClassSupportedVersion', generation)
          : condition(
              'ClassUnsupportedVersion',
              generation,
              `Gateway API CRDs of version ${context.bundleVersion} are not supported, only v1`,
            ),
      ],
      supportedFeatures: SUPPORTED_FEATURES.map((feature) => ({ name: feature })),
    });
  }
  return { names, rejected, statuses };
};

const isSupported = (version: string | undefined): boolean => version === undefined || /^v?1\./.test(version);

interface ParametersReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** Why a parametersRef of a class or a Gateway cannot be followed. A Gateway's names no namespace: it is the Gateway's own. */
export const parametersProblem = (
  ref: ParametersReference | undefined,
  parameters: ReadonlySet<string>,
  ownNamespace?: string,
): string | undefined => {
  if (ref === undefined) return undefined;
  const known = KINDS.AgentgatewayParameters;
  if (ref.group !== known.group || ref.kind !== known.kind) {
    return `parametersRef to ${ref.kind} of ${ref.group}: only ${known.kind} of ${known.group} is supported`;
  }
  const namespace = ref.namespace ?? ownNamespace;
  if (namespace === undefined) return `parametersRef to ${ref.name}: namespace is missing`;
  return parameters.has(`${namespace}/${ref.name}`) ? undefined : `${known.kind} ${namespace}/${ref.name} not found`;
};
