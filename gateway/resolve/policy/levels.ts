import type { ConnectionFields } from '../backend/connection.ts';
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

interface Level extends PolicyParts {
  readonly winners: ReadonlyMap<string, string>;
}

const NO_PARTS: Level = { frontend: {}, traffic: NO_TRAFFIC, connection: {}, winners: new Map() };

/** Rules of an authorization add up, and so do reasons to refuse. */
const CUMULATIVE: ReadonlySet<string> = new Set(['traffic.authorization', 'traffic.refusal', 'frontend.refusal']);

/** What policies say of each thing that they can target: a Gateway, a listener or port of it, a route, a rule, a backend, a part of one. */
export class Levels {
  readonly #levels = new Map<string, Level>();

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
    return Object.assign({}, ...this.#ofListener(gateway, listener, port).map(({ frontend }) => frontend));
  }

  /** A rule's before its route's before its listener's before its Gateway's. */
  traffic(gateway: string, listener: string, port: number, route: string, rule: string | undefined): TrafficPolicy {
    return [...this.#ofListener(gateway, listener, port), ...this.#ofRule(route, rule)].reduce(
      (merged, { traffic }) => mergeTraffic(merged, traffic),
      NO_TRAFFIC,
    );
  }

  /** What a rule and all above it say of the backends that it leads to. */
  inherited(
    gateway: string,
    listener: string,
    port: number,
    route: string,
    rule: string | undefined,
  ): ConnectionFields {
    const levels = [...this.#ofListener(gateway, listener, port), ...this.#ofRule(route, rule)];
    return Object.assign({}, ...levels.map(({ connection }) => connection));
  }

  connection(kind: string, name: string, section?: string): ConnectionFields {
    return this.#get(kind, name, section).connection;
  }

  /** Whether anything is said of a listener that its routes would feel; if not, they are the same on all listeners. */
  concernsRoutes(gateway: string, listener: string, port: number): boolean {
    return this.#ofListener(gateway, listener, port).some(
      ({ traffic, connection }) => traffic !== NO_TRAFFIC || Object.keys(connection).length > 0,
    );
  }

  #ofListener(gateway: string, listener: string, port: number): readonly Level[] {
    return [
      this.#get('Gateway', gateway),
      this.#get('Gateway', gateway, portSection(port)),
      this.#get('Gateway', gateway, listener),
    ];
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

const levelKey = (kind: string, name: string, section: string | undefined): string =>
  `${kind}/${name}${section === undefined ? '' : `#${section}`}`;

const partNames = ({ frontend, traffic, connection }: PolicyParts): readonly string[] => [
  ...Object.keys(frontend).map((name) => `frontend.${name}`),
  ...Object.keys(traffic).map((name) => `traffic.${name}`),
  ...Object.keys(connection).map((name) => `backend.${name}`),
];
