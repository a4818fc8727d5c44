/** Why a span never arrived. */
export const DROP_REASONS = ['queue_full', 'rejected', 'unreachable', 'shutdown'] as const;

export type DropReason = (typeof DROP_REASONS)[number];

/** What became of one policy's spans. At any time `offered = exported + sum of dropped + queued`. */
export interface SpanCounts {
  readonly offered: number;
  readonly exported: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Waiting or in flight. */
  readonly queued: number;
}

export class SpanAccount implements SpanCounts {
  offered = 0;
  exported = 0;
  queued = 0;
  readonly dropped: Record<DropReason, number> = { queue_full: 0, rejected: 0, unreachable: 0, shutdown: 0 };
}
