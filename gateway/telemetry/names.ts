import type { McpResourceType } from '../../lib/api/mcp.ts';

/** Names kept for one target and type. More than that are not told apart in metrics. */
export const MAX_NAMES = 1_024;
/** Pairs of target and type. */
export const MAX_TARGETS = 512;
/** A longer name is no label. */
export const MAX_NAME_LENGTH = 256;

/**
 * The tools, prompts and resources that targets were seen to have: names that may become metric labels, since the target, not the client,
 * decides on them. Never more than the bounds above: what comes later stays unknown, so a series, once there, goes on.
 */
export class KnownNames {
  readonly #names = new Map<string, Set<string>>();

  /** Notes a name that the target listed, or answered a call to. */
  learn(target: string, type: McpResourceType, name: string): void {
    // Task ids are made per call.
    if (type === 'task' || name === '' || name.length > MAX_NAME_LENGTH) return;
    const key = keyOf(target, type);
    let names = this.#names.get(key);
    if (names === undefined) {
      if (this.#names.size >= MAX_TARGETS) return;
      names = new Set();
      this.#names.set(key, names);
    }
    if (names.size < MAX_NAMES) names.add(name);
  }

  has(target: string, type: McpResourceType, name: string): boolean {
    return this.#names.get(keyOf(target, type))?.has(name) ?? false;
  }
}

const keyOf = (target: string, type: McpResourceType): string => `${type}\n${target}`;
