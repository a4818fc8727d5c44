import type { AgentgatewayParametersSpec } from '../../lib/api/agentgateway/parameters.ts';
import { overlay } from './overlay.ts';

/** What is deployed, and by which overlay it is changed. */
const OVERLAYS = {
  Deployment: 'deployment',
  Service: 'service',
  ServiceAccount: 'serviceAccount',
  PodDisruptionBudget: 'podDisruptionBudget',
  HorizontalPodAutoscaler: 'horizontalPodAutoscaler',
} as const;

export type OverlaidKind = keyof typeof OVERLAYS;

/** Fields that are set plainly; a Gateway's go before its class's. */
const TYPED = ['logging', 'image', 'env', 'resources', 'shutdown'] as const;

/** Parameters of a class and of a Gateway, taken together. */
export class Parameters {
  readonly typed: Pick<AgentgatewayParametersSpec, (typeof TYPED)[number]>;
  readonly #specs: readonly AgentgatewayParametersSpec[];

  /** @param specs the class's, then the Gateway's; only those that are there */
  constructor(specs: readonly AgentgatewayParametersSpec[]) {
    this.#specs = specs;
    this.typed = Object.assign(
      {},
      ...specs.map((spec) =>
        Object.fromEntries(TYPED.flatMap((name) => (spec[name] === undefined ? [] : [[name, spec[name]]]))),
      ),
    );
  }

  has(kind: OverlaidKind): boolean {
    return this.#specs.some((spec) => spec[OVERLAYS[kind]] !== undefined);
  }

  /** The object with the overlays for its kind laid over it, the Gateway's last. What identifies it stays. */
  applyTo<T extends { readonly kind: string; readonly metadata: { readonly name: string } }>(
    kind: OverlaidKind,
    object: T,
  ): T {
    return this.#specs.reduce<T>((result, spec) => {
      const own = spec[OVERLAYS[kind]];
      if (own === undefined) return result;
      const changed = overlay(result, own) as T & { readonly metadata: { readonly labels?: object } };
      const { labels } = object.metadata as { readonly labels?: object };
      // Labels that select pods or tell whose it is are not to be overlaid.
      const metadata = { ...changed.metadata, ...object.metadata, labels: { ...changed.metadata.labels, ...labels } };
      return { ...changed, metadata };
    }, object);
  }
}
