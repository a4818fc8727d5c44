import type { Pods } from './peers.ts';

/** Pods that talk to pods. */
export interface Arrow {
  readonly from: Pods;
  readonly to: Pods;
  /** Of the receiving containers. */
  readonly ports: readonly number[];
  /** Whether by UDP too; TCP always. */
  readonly udp?: true;
}

/** What pods of ours do with the world outside of the stack. */
export type Reach =
  /** Nothing: they send what the arrows say, and ask for names. */
  | 'stack'
  /** They ask the Kubernetes API besides. */
  | 'api'
  /** Anything: whom they talk to is configured elsewhere. */
  | 'anywhere';

/** Pods of ours, which get a policy of their own. */
export interface Member {
  readonly pods: Pods & { readonly namespace: string };
  readonly reach: Reach;
  /** Ports that everybody may reach, on which they serve the world; as ranges. */
  readonly open?: readonly { readonly port: number; readonly endPort?: number }[];
}
