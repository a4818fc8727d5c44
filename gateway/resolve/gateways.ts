import { type Condition, condition } from '../../lib/api/conditions.ts';
import type { Gateway } from '../../lib/api/gateway-api.ts';
import { GATEWAY_CLASS } from '../../lib/api/kinds.ts';
import { isServed, type ListenerState, listenerConditions, resolveListeners } from './listeners.ts';
import type { ObjectStatus } from './status.ts';

/** A Gateway of our class. */
export interface GatewayState {
  readonly gateway: Gateway;
  /** Why nothing of it is served. */
  readonly rejected: Condition | undefined;
  readonly listeners: readonly ListenerState[];
}

/** Takes the Gateways oldest first; those of other classes are not ours to look at. */
export const resolveGateways = (
  gateways: readonly Gateway[],
  reservedPorts: readonly number[],
): readonly GatewayState[] => {
  const taken = new Map<string, string>();
  return gateways
    .filter((gateway) => gateway.spec.gatewayClassName === GATEWAY_CLASS)
    .map((gateway) => {
      const rejected = reject(gateway);
      const claimed = rejected === undefined ? taken : new Map<string, string>();
      return { gateway, rejected, listeners: resolveListeners(gateway, claimed, reservedPorts) };
    });
};

const reject = ({ metadata, spec }: Gateway): Condition | undefined => {
  const generation = metadata.generation ?? 1;
  if (spec.infrastructure?.parametersRef !== undefined) return condition('GatewayInvalidParameters', generation);
  if (spec.addresses !== undefined && spec.addresses.length > 0)
    return condition('GatewayUnsupportedAddress', generation);
  if (spec.tls !== undefined) return condition('GatewayInvalid', generation, 'spec.tls is not supported');
  return undefined;
};

/** To be called when all routes are attached. */
export const gatewayStatus = ({ gateway, rejected, listeners }: GatewayState): ObjectStatus => {
  const generation = gateway.metadata.generation ?? 1;
  const served = listeners.filter(isServed).length;
  const accepted =
    rejected ??
    condition(
      served === listeners.length
        ? 'GatewayAccepted'
        : served > 0
          ? 'GatewaySomeListenersNotValid'
          : 'GatewayListenersNotValid',
      generation,
    );
  const programmed = rejected === undefined && served > 0;
  return {
    kind: 'Gateway',
    namespace: gateway.metadata.namespace ?? '',
    name: gateway.metadata.name,
    conditions: [accepted, condition(programmed ? 'GatewayProgrammed' : 'GatewayNotProgrammed', generation)],
    listeners: listeners.map((state) => ({
      name: state.spec.name,
      supportedKinds: state.supportedKinds,
      attachedRoutes: state.attached.size,
      conditions:
        rejected === undefined
          ? listenerConditions(state, generation)
          : [
              ...listenerConditions(state, generation).filter(({ type }) => type !== 'Programmed'),
              condition('ListenerNotProgrammed', generation, rejected.message),
            ],
    })),
  };
};
