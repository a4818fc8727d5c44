import type { ObjectKey, ResourceEvent, Source, SourcedObject, SourceListener } from './event.ts';
import { type FileSystem, listFiles, readText } from './files.ts';
import type { Problem } from './problem.ts';
import { readObjects } from './read.ts';
import type { Environment } from './secret.ts';
import { type Timers, Watcher } from './watch.ts';

export interface FileSourceOptions {
  /** Files and folders, in order: an object in a later path replaces the same object of an earlier one. */
  readonly paths: readonly string[];
  readonly fs: FileSystem;
  readonly env: Environment;
  readonly timers: Timers;
}

interface FileState {
  /** The text that `objects` and `problems` were read from; undefined if it could not be read. */
  readonly text: string | undefined;
  readonly objects: ReadonlyMap<ObjectKey, SourcedObject>;
  readonly problems: readonly Problem[];
}

interface PathState {
  readonly files: ReadonlyMap<string, FileState>;
  readonly problems: readonly Problem[];
}

const NOTHING: PathState = { files: new Map(), problems: [] };

/**
 * Objects from YAML and JSON files, reloaded when the files change. The last good version of each object stays until the files hold a
 * good newer one, or none.
 */
export class FileSource implements Source {
  readonly #options: FileSourceOptions;
  readonly #listener: SourceListener;
  readonly #paths = new Map<string, PathState>();
  #effective: ReadonlyMap<ObjectKey, SourcedObject> = new Map();
  #lastProblems: string | undefined;
  #watcher: Watcher | undefined;

  constructor(options: FileSourceOptions, listener: SourceListener) {
    this.#options = options;
    this.#listener = listener;
  }

  async load(): Promise<void> {
    for (const path of new Set(this.#options.paths)) {
      this.#paths.set(path, await this.#loadPath(path, this.#paths.get(path) ?? NOTHING));
    }
    this.#publish();
  }

  watch(): void {
    const { fs, timers, paths } = this.#options;
    this.#watcher ??= new Watcher({ fs, timers, paths, reload: () => this.load() });
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  async #loadPath(path: string, before: PathState): Promise<PathState> {
    const listed = await listFiles(this.#options.fs, path);
    if ('error' in listed) return { ...before, problems: [problem(path, 'unreadable', listed.error)] };
    const files = new Map<string, FileState>();
    for (const file of listed.files) files.set(file, await this.#loadFile(file, before.files.get(file)));
    return { files, problems: [] };
  }

  async #loadFile(file: string, before: FileState | undefined): Promise<FileState> {
    const read = await readText(this.#options.fs, file);
    const objects = before?.objects ?? new Map<ObjectKey, SourcedObject>();
    if ('error' in read) return { text: undefined, objects, problems: [problem(file, read.rule, read.error)] };
    if (before !== undefined && read.text === before.text) return before;
    const reading = readObjects(file, read.text, this.#options.env);
    const kept = [...objects].filter(([key]) => reading.keep === 'all' || reading.keep.has(key));
    return { text: read.text, objects: new Map([...kept, ...reading.objects]), problems: reading.problems };
  }

  #publish(): void {
    const problems: Problem[] = [];
    const effective = new Map<ObjectKey, SourcedObject>();
    for (const { files, problems: own } of this.#paths.values()) {
      problems.push(...own);
      const inPath = new Map<ObjectKey, SourcedObject>();
      for (const state of files.values()) {
        problems.push(...state.problems);
        for (const [key, resource] of state.objects) {
          const earlier = inPath.get(key);
          if (earlier === undefined) inPath.set(key, resource);
          else problems.push(duplicate(resource, earlier));
        }
      }
      for (const [key, resource] of inPath) effective.set(key, resource);
    }
    const events = difference(this.#effective, effective);
    const text = JSON.stringify(problems);
    if (events.length === 0 && text === this.#lastProblems) return;
    this.#effective = effective;
    this.#lastProblems = text;
    this.#listener.onChange(events, problems);
  }
}

const problem = (file: string, rule: Problem['rule'], message: string): Problem => ({
  file,
  line: 1,
  column: 1,
  severity: 'error',
  rule,
  message,
});

const duplicate = ({ kind, object, location }: SourcedObject, earlier: SourcedObject): Problem => ({
  ...(location ?? { file: '', line: 1, column: 1 }),
  severity: 'error',
  rule: 'duplicate',
  object: `${kind} ${object.metadata.namespace === undefined ? '' : `${object.metadata.namespace}/`}${object.metadata.name}`,
  message: `already defined at ${earlier.location?.file}:${earlier.location?.line}, which stays in force`,
});

const difference = (
  before: ReadonlyMap<ObjectKey, SourcedObject>,
  after: ReadonlyMap<ObjectKey, SourcedObject>,
): readonly ResourceEvent[] => {
  const events: ResourceEvent[] = [];
  for (const [key, { kind, object }] of before) {
    const { namespace = '', name } = object.metadata;
    if (!after.has(key)) events.push({ type: 'delete', kind, namespace, name });
  }
  for (const [key, resource] of after) {
    const old = before.get(key);
    if (old === resource || (old !== undefined && JSON.stringify(old) === JSON.stringify(resource))) continue;
    events.push({ type: 'put', resource });
  }
  return events;
};
