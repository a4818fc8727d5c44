import type { ResourceEvent, SourceListener } from '../../gateway/source/event.ts';
import type { Problem } from '../../gateway/source/problem.ts';

/** Follows a source: what there is now, as `name=value`, and what is wrong. */
export class Follower implements SourceListener {
  readonly objects = new Map<string, string>();
  readonly events: ResourceEvent[] = [];
  problems: readonly Problem[] = [];
  calls = 0;
  readonly #waiting = new Set<() => void>();

  onChange(events: readonly ResourceEvent[], problems: readonly Problem[]): void {
    this.events.push(...events);
    for (const event of events) {
      if (event.type === 'delete') this.objects.delete(event.name);
      else {
        const { metadata, data } = event.resource.object as { metadata: { name: string }; data?: { key?: string } };
        this.objects.set(metadata.name, data?.key ?? '');
      }
    }
    this.problems = problems;
    this.calls++;
    for (const check of this.#waiting) check();
  }

  get state(): readonly string[] {
    return [...this.objects].map(([name, value]) => `${name}=${value}`).sort();
  }

  /** Resolves when the state is this one; the test's own limit stops the wait. */
  reaches(...state: readonly string[]): Promise<void> {
    return this.until(() => this.state.join() === state.join());
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise<void>((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  nextCall(): Promise<void> {
    const { calls } = this;
    return this.until(() => this.calls > calls);
  }
}
