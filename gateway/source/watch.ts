import type { FSWatcher } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { type FileSystem, isConfigurationFile } from './files.ts';

/** setTimeout and clearTimeout, from the shell. */
export interface Timers {
  setTimeout(callback: () => void, milliseconds: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** Quiet time after a change before the files are read: an editor or a ConfigMap update is many events. */
export const DEBOUNCE_MS = 100;
/** A change is read at the latest after this, however busy the folder is. */
export const MAX_WAIT_MS = 1000;
/** Without any event the files are read again after this: network file systems, and links that lead out of the watched folders. */
export const POLL_MS = 10_000;

export interface WatcherOptions {
  readonly paths: readonly string[];
  readonly fs: FileSystem;
  readonly timers: Timers;
  readonly reload: () => Promise<void>;
}

/**
 * Calls `reload` after changes, one call at a time. Watches folders, never files: an atomic rename replaces the file, and a ConfigMap
 * update swaps the link `..data` beside it.
 */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #paths: readonly string[];
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>();
  #quiet: unknown;
  #deadline: unknown;
  #poll: unknown;
  #running = false;
  #again = false;
  #closed = false;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#paths = options.paths.map((path) => resolve(path));
    // Once armed, read again: what changed before nobody saw.
    void this.#arm().then(() => this.#changed());
    this.#schedulePoll();
  }

  close(): void {
    this.#closed = true;
    for (const timer of [this.#quiet, this.#deadline, this.#poll]) this.#options.timers.clearTimeout(timer);
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** (Re)watches folders that are new or were replaced. */
  async #arm(): Promise<void> {
    const { fs } = this.#options;
    const folders = new Set<string>();
    for (const path of this.#paths) {
      const stats = await fs.promises.stat(path).catch(() => undefined);
      folders.add(dirname(path));
      if (stats?.isDirectory()) folders.add(path);
    }
    for (const folder of folders) {
      const inode = (await fs.promises.stat(folder).catch(() => undefined))?.ino;
      const current = this.#watchers.get(folder);
      if (this.#closed || (current !== undefined && current.inode === inode)) continue;
      current?.watcher.close();
      this.#watchers.delete(folder);
      if (inode === undefined) continue;
      try {
        const watcher = fs.watch(folder, (_, name) => this.#concerns(folder, name) && this.#changed());
        // Out of watches, or the folder went away: polling goes on.
        watcher.on('error', () => this.#watchers.delete(folder));
        this.#watchers.set(folder, { watcher, inode });
      } catch {
        // As above.
      }
    }
  }

  /** A log written beside the configuration is no reason to read it again. Names that begin with `..` are a ConfigMap's links. */
  #concerns(folder: string, name: string | null): boolean {
    if (name === null || name.startsWith('..')) return true;
    return this.#paths.some(
      (path) => (path === folder && isConfigurationFile(name)) || (dirname(path) === folder && basename(path) === name),
    );
  }

  #changed(): void {
    if (this.#closed) return;
    const { timers } = this.#options;
    const reload = (): void => void this.#reload();
    timers.clearTimeout(this.#quiet);
    this.#quiet = timers.setTimeout(reload, DEBOUNCE_MS);
    this.#deadline ??= timers.setTimeout(reload, MAX_WAIT_MS);
  }

  async #reload(): Promise<void> {
    const { timers, reload } = this.#options;
    timers.clearTimeout(this.#quiet);
    timers.clearTimeout(this.#deadline);
    this.#quiet = undefined;
    this.#deadline = undefined;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    try {
      await this.#arm();
      if (!this.#closed) await reload();
    } finally {
      this.#running = false;
    }
    if (this.#again) {
      this.#again = false;
      this.#changed();
    }
  }

  #schedulePoll(): void {
    this.#poll = this.#options.timers.setTimeout(() => {
      void this.#reload().finally(() => {
        if (!this.#closed) this.#schedulePoll();
      });
    }, POLL_MS);
  }
}
