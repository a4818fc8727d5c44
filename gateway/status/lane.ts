import { backoff, type Clock } from '../kubernetes/clock.ts';
import { RETRY_FIRST, RETRY_LONGEST } from '../kubernetes/limits.ts';

/** Objects of one kind that are written at a time. */
export const PARALLEL = 8;

/** `done`; `failed`: the whole lane waits, longer each time; a number: this key waits, so many milliseconds. */
export type Outcome = 'done' | 'failed' | number;

export interface LaneOptions {
  readonly clock: Clock;
  /** Never rejects. */
  readonly work: (key: string) => Promise<Outcome>;
  /** What was done or failed when the lane had worked, or worked again. */
  readonly onHealth: (healthy: boolean) => void;
}

/** Work on objects of one kind: each by one at a time, a few at once, all waiting when the API fails. */
export class Lane {
  readonly #options: LaneOptions;
  /** Keys to be worked on; the first is the oldest. */
  readonly #queue = new Set<string>();
  readonly #running = new Set<string>();
  readonly #delayed = new Map<string, unknown>();
  #failures = 0;
  #pause: unknown;
  #closed = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** @param hurry also if it waits */
  add(key: string, hurry = false): void {
    const delay = this.#delayed.get(key);
    if (this.#closed || (delay !== undefined && !hurry)) return;
    this.#options.clock.clearTimeout(delay);
    this.#delayed.delete(key);
    this.#queue.add(key);
    this.#pump();
  }

  /** Forgets what waits; what is under way ends. */
  close(): void {
    const { clock } = this.#options;
    this.#closed = true;
    for (const timer of [...this.#delayed.values(), this.#pause]) clock.clearTimeout(timer);
  }

  #pump(): void {
    // Whether the API works again, one tells.
    const parallel = this.#failures > 0 ? 1 : PARALLEL;
    for (const key of this.#queue) {
      if (this.#closed || this.#pause !== undefined || this.#running.size >= parallel) return;
      // It changed meanwhile: once more when it is done.
      if (this.#running.has(key)) continue;
      this.#queue.delete(key);
      this.#running.add(key);
      void this.#options.work(key).then((outcome) => this.#ended(key, outcome));
    }
  }

  #ended(key: string, outcome: Outcome): void {
    const { clock, onHealth } = this.#options;
    this.#running.delete(key);
    if (this.#closed) return;
    if (outcome === 'failed') {
      this.#queue.add(key);
      this.#fail();
    } else {
      if (this.#failures > 0) onHealth(true);
      this.#failures = 0;
      if (typeof outcome === 'number') {
        const again = (): void => {
          this.#delayed.delete(key);
          this.add(key);
        };
        this.#queue.delete(key);
        this.#delayed.set(key, clock.setTimeout(again, outcome));
      }
    }
    this.#pump();
  }

  #fail(): void {
    const { clock, onHealth } = this.#options;
    // Others that failed at the same time count as one.
    if (this.#pause !== undefined) return;
    if (this.#failures++ === 0) onHealth(false);
    const go = (): void => {
      this.#pause = undefined;
      this.#pump();
    };
    this.#pause = clock.setTimeout(
      go,
      backoff(this.#failures, RETRY_FIRST, RETRY_LONGEST, () => clock.random()),
    );
  }
}
