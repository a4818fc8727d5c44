import type { ConnectionFields } from '../backend/connection.ts';
import { Once } from '../once.ts';
import type { FrontendPolicy } from '../resolved.ts';
import { mergeTraffic, NO_TRAFFIC, type TrafficPolicy } from './traffic.ts';

/** What one policy says, or all that target the same thing. */
export interface PolicyParts {
  readonly frontend: FrontendPolicy;
  readonly traffic: TrafficPolicy;
  readonly connection: ConnectionFields;
}

/** A field that a policy sets and that an older one has set for the same thing. */
export interface LostField {
  /** `traffic.cors`. */
  readonly part: string;
  /** `namespace/name` of the policy that goes first. */
  readonly winner: string;
}

/** What routes feel on a listener: one object for all listeners on which they feel the same. */
export type ListenerLevel = Pick<PolicyParts, 'traffic' | 'connection'>;

interface Level extends PolicyParts {
  readonly winners: ReadonlyMap<string, string>;
}

const NO_PARTS: Level = { frontend: {}, traffic: NO_TRAFFIC, connection: {}, winners: new Map() };

/** Rules of an authorization add up, and so do reasons to refuse. */
const CUMULATIVE: ReadonlySet<string> = new Set(['traffic.authorization', 'traffic.refusal', 'frontend.refusal']);

/** What policies say of each thing that they can target: a Gateway, a listener or port of it, a route, a rule, a backend, a part of one. */
export class Levels {
  readonly #levels = new Map<string, Level>();
  /** By the levels that add to them. */
  readonly #merged = new Once<string, ListenerLevel>();
  readonly #ofListeners = new Once<string, ListenerLevel>();

  /** To be called for the oldest policy first: each field is taken whole, from the first that sets it. */
  add(
    kind: string,
    name: string,
    section: string | undefined,
    policy: string,
    parts: PolicyParts,
  ): readonly LostField[] {
    const key = levelKey(kind, name, section);
    const known = this.#levels.get(key) ?? NO_PARTS;
    const winners = new Map(known.winners);
    const lost: LostField[] = [];
    for (const part of partNames(parts)) {
      const winner = winners.get(part);
      if (winner === undefined) winners.set(part, policy);
      else if (!CUMULATIVE.has(part)) lost.push({ part, winner });
    }
    this.#levels.set(key, {
      frontend: { ...parts.frontend, ...known.frontend },
      traffic: mergeTraffic(parts.traffic, known.traffic),
      connection: { ...parts.connection, ...known.connection },
      winners,
    });
    return lost;
  }

  /** A listener's before its port's before its Gateway's. */
  frontend(gateway: string, listener: string, port: number): FrontendPolicy {
    const levels = listenerKeys(gateway, listener, port).map((key) => this.#levels.get(key) ?? NO_PARTS);
    return Object.assign({}, ...levels.map(({ frontend }) => frontend));
  }

  /** To be called when all policies were added. In the same order. */
  ofListener(gateway: string, listener: string, port: number): ListenerLevel {
    return this.#ofListeners.get(`${gateway} ${port} ${listener}`, () => {
      const felt = listenerKeys(gateway, listener, port).filter((key) => {
        const { traffic, connection } = this.#levels.get(key) ?? NO_PARTS;
        return traffic !== NO_TRAFFIC || Object.keys(connection).length > 0;
      });
      return this.#merged.get(felt.join(' '), () => {
        const levels = felt.map((key) => this.#levels.get(key) ?? NO_PARTS);
        return {
          traffic: levels.reduce((merged, { traffic }) => mergeTraffic(merged, traffic), NO_TRAFFIC),
          connection: Object.assign({}, ...levels.map(({ connection }) => connection)),
        };
      });
    });
  }

  /** A rule's before its route's before those of the listener. */
  traffic({ traffic }: ListenerLevel, route: string, rule: string | undefined): TrafficPolicy {
    return this.#ofRule(route, rule).reduce((merged, own) => mergeTraffic(merged, own.traffic), traffic);
  }

  /** What a rule and all above it say of the backends that it leads to. */
  inherited({ connection }: ListenerLevel, route: string, rule: string | undefined): ConnectionFields {
    const own = this.#ofRule(route, rule).filter((level) => Object.keys(level.connection).length > 0);
    return own.length === 0 ? connection : Object.assign({}, connection, ...own.map((level) => level.connection));
  }

  connection(kind: string, name: string, section?: string): ConnectionFields {
    return this.#get(kind, name, section).connection;
  }

  #ofRule(route: string, rule: string | undefined): readonly Level[] {
    return [this.#get('HTTPRoute', route), rule === undefined ? NO_PARTS : this.#get('HTTPRoute', route, rule)];
  }

  #get(kind: string, name: string, section?: string): Level {
    return this.#levels.get(levelKey(kind, name, section)) ?? NO_PARTS;
  }
}

/** A port of a Gateway, as a section: no listener can have such a name. */
export const portSection = (port: number): string => `:${port}`;

const listenerKeys = (gateway: string, listener: string, port: number): readonly string[] => [
  levelKey('Gateway', gateway, undefined),
  levelKey('Gateway', gateway, portSection(port)),
  levelKey('Gateway', gateway, listener),
];

const levelKey = (kind: string, name: string, section: string | undefined): string =>
  `${kind}/${name}${section === undefined ? '' : `#${section}`}`;

const partNames = ({ frontend, traffic, connection }: PolicyParts): readonly string[] => [
  ...Object.keys(frontend).map((name) => `frontend.${name}`),
  ...Object.keys(traffic).map((name) => `traffic.${name}`),
  ...Object.keys(connection).map((name) => `backend.${name}`),
];
