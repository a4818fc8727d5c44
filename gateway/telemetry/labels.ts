/** The labels that every request metric carries, in the order of the contract. Built once per listener and per rule. */
export interface RouteLabels {
  /** `port/namespace/gateway`. */
  readonly bind: string;
  /** `namespace/name`. */
  readonly gateway: string;
  readonly listener: string;
  /** `namespace/name`; absent before a route is chosen. */
  readonly route: string | undefined;
  /** Name of the rule in the route, if it has one. */
  readonly routeRule: string | undefined;
}
