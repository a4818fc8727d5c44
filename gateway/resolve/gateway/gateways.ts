import { type Condition, condition } from '../../../lib/api/conditions.ts';
import type { Gateway } from '../../../lib/api/gateway-api.ts';
import { namespacedName } from '../../../lib/api/kinds.ts';
import type { Services } from '../backend/services.ts';
import type { GatewayAddress, ObjectStatus } from '../status.ts';
import { isIpAddress, resolveAddresses } from './addresses.ts';
import type { CertificateContext } from './certificates.ts';
import { Claims } from './claims.ts';
import { type ClassResolution, parametersProblem } from './classes.ts';
import { isServed, type ListenerState, listenerConditions, resolveListeners } from './listeners.ts';

/** A Gateway of our class. */
export interface GatewayState {
  readonly gateway: Gateway;
  /** Why nothing of it is served. */
  readonly rejected: Condition | undefined;
  /** That it asks for. */
  readonly addresses: readonly string[];
  readonly listeners: readonly ListenerState[];
}

export interface GatewayContext extends CertificateContext {
  readonly classes: ClassResolution;
  /** `namespace/name` of every AgentgatewayParameters. */
  readonly parameters: ReadonlySet<string>;
  readonly reservedPorts: readonly number[];
  /** All Gateways are served by one process, and share its ports. */
  readonly sharedPorts: boolean;
  /** Why a port is not bound right now. */
  readonly unboundPort: (address: string | undefined, port: number) => string | undefined;
}

/** Takes the Gateways oldest first; those of other classes are not ours to look at. */
export const resolveGateways = (gateways: readonly Gateway[], context: GatewayContext): readonly GatewayState[] => {
  const claims = new Claims();
  return gateways
    .filter(({ spec }) => context.classes.names.has(spec.gatewayClassName))
    .map((gateway) => {
      const name = namespacedName(gateway.metadata);
      const asked = resolveAddresses(gateway);
      const addresses = typeof asked === 'string' ? [] : asked;
      const rejected = reject(gateway, asked, context);
      const shares = context.sharedPorts && rejected === undefined;
      const listeners = resolveListeners(gateway, {
        ...context,
        portProblem: (listener) => (shares ? claims.problem(name, addresses, listener) : undefined),
        unboundPort: (port) => unboundPort(addresses, port, context),
      });
      for (const { rejected: problem, spec } of listeners) {
        if (shares && problem === undefined) claims.add(name, addresses, spec);
      }
      return { gateway, rejected, addresses, listeners };
    });
};

const unboundPort = (addresses: readonly string[], port: number, context: GatewayContext): string | undefined => {
  for (const address of addresses.length === 0 ? [undefined] : addresses) {
    const problem = context.unboundPort(address, port);
    if (problem !== undefined) return problem;
  }
  return undefined;
};

const reject = (
  { metadata, spec }: Gateway,
  addresses: readonly string[] | string,
  { classes, parameters }: GatewayContext,
): Condition | undefined => {
  const generation = metadata.generation ?? 1;
  const classProblem = classes.rejected.get(spec.gatewayClassName);
  if (classProblem !== undefined) return condition('GatewayInvalidParameters', generation, classProblem);
  const problem = parametersProblem(spec.infrastructure?.parametersRef, parameters, metadata.namespace ?? '');
  if (problem !== undefined)
    return condition('GatewayInvalidParameters', generation, `spec.infrastructure: ${problem}`);
  if (typeof addresses === 'string') return condition('GatewayUnsupportedAddress', generation, addresses);
  // Who asks for certificates of clients must not get a listener that lets everybody in.
  if (spec.tls !== undefined) return condition('GatewayInvalid', generation, 'spec.tls is not supported');
  return undefined;
};

export interface GatewayStatusOptions {
  /** Where a Gateway is reached, if that is known from elsewhere; undefined: it need not be. */
  readonly addressesOf: ((gateway: string, services: Services) => readonly string[]) | undefined;
  /** Why nobody would answer for a Gateway yet. */
  readonly pending: (gateway: string, services: Services) => string | undefined;
}

/** To be called when all routes are attached. */
export const gatewayStatus = (
  { gateway, rejected, addresses, listeners }: GatewayState,
  services: Services,
  { addressesOf, pending }: GatewayStatusOptions,
): ObjectStatus => {
  const generation = gateway.metadata.generation ?? 1;
  const conditions = listeners.map((state) => listenerConditions(state, generation));
  const holds = (type: string): number =>
    conditions.filter((own) => own.some((item) => item.type === type && item.status === 'True')).length;
  const acceptedListeners = holds('Accepted');
  const accepted =
    rejected ??
    condition(
      acceptedListeners === listeners.length
        ? 'GatewayAccepted'
        : acceptedListeners > 0
          ? 'GatewaySomeListenersNotValid'
          : 'GatewayListenersNotValid',
      generation,
    );
  const reached = addressesOf?.(namespacedName(gateway.metadata), services) ?? addresses;
  const programmed =
    rejected !== undefined || !listeners.some(isServed) || holds('Programmed') === 0
      ? condition('GatewayNotProgrammed', generation, rejected?.message)
      : (addressProblem(addresses, reached, addressesOf !== undefined, generation) ??
        pendingProblem(pending(namespacedName(gateway.metadata), services), generation));
  return {
    kind: 'Gateway',
    namespace: gateway.metadata.namespace ?? '',
    name: gateway.metadata.name,
    ...(reached.length === 0 ? {} : { addresses: reached.map(toStatusAddress) }),
    conditions: [accepted, programmed ?? condition('GatewayProgrammed', generation)],
    listeners: listeners.map((state, index) => ({
      name: state.spec.name,
      supportedKinds: state.supportedKinds,
      attachedRoutes: state.attached.size,
      conditions:
        rejected === undefined
          ? (conditions[index] ?? [])
          : [
              ...(conditions[index] ?? []).filter(({ type }) => type !== 'Programmed'),
              condition('ListenerNotProgrammed', generation, rejected.message),
            ],
    })),
  };
};

const pendingProblem = (pending: string | undefined, generation: number): Condition | undefined =>
  pending === undefined ? undefined : condition('GatewayPending', generation, pending);

const addressProblem = (
  asked: readonly string[],
  reached: readonly string[],
  isKnown: boolean,
  generation: number,
): Condition | undefined => {
  if (!isKnown) return undefined;
  if (reached.length === 0) return condition('GatewayAddressNotAssigned', generation);
  const missing = asked.find((address) => !reached.includes(address));
  return missing === undefined
    ? undefined
    : condition('GatewayAddressNotUsable', generation, `address ${missing} cannot be used`);
};

const toStatusAddress = (value: string): GatewayAddress => ({
  type: isIpAddress(value) ? 'IPAddress' : 'Hostname',
  value,
});
