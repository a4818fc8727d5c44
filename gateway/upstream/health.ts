import { EJECTION_FIRST, EJECTION_LONGEST } from './limits.ts';

/** How connecting to one endpoint goes: each failure keeps it out of the choice for a while, twice as long each time. */
export class Health {
  readonly #now: () => number;
  #until = Number.NEGATIVE_INFINITY;
  #ejection = EJECTION_FIRST;
  #up: boolean | undefined;

  /** @param now milliseconds of any clock that does not go back */
  constructor(now: () => number) {
    this.#now = now;
  }

  get ejected(): boolean {
    return this.#now() < this.#until;
  }

  /** Whether the last attempt went well; undefined: there was none. */
  get up(): boolean | undefined {
    return this.#up;
  }

  connected(): void {
    this.#up = true;
    this.#until = Number.NEGATIVE_INFINITY;
    this.#ejection = EJECTION_FIRST;
  }

  failed(): void {
    this.#up = false;
    // Attempts that ran at the same time are one failure.
    if (this.ejected) return;
    this.#until = this.#now() + this.#ejection;
    this.#ejection = Math.min(2 * this.#ejection, EJECTION_LONGEST);
  }
}
