import type { FSWatcher, Stats } from 'node:fs';
import { join } from 'node:path';
import { LIMITS } from './limits.ts';

/** The part of `node:fs` that is used; `main.ts` passes the module itself. */
export interface FileSystem {
  readonly promises: {
    stat(path: string): Promise<Stats>;
    readdir(path: string): Promise<string[]>;
    readFile(path: string, encoding: 'utf8'): Promise<string>;
  };
  watch(path: string, listener: (event: string, name: string | null) => void): FSWatcher;
}

/** Text, or why there is none. */
export type FileText =
  | { readonly text: string }
  | { readonly error: string; readonly rule: 'unreadable' | 'too-large' };

/**
 * The files of one configured path: the file itself, or those directly inside the folder (not in folders below it, as `kubectl apply -f`
 * does) whose names end in .yaml, .yml or .json and do not begin with a dot, sorted by name.
 */
export const listFiles = async (
  fs: FileSystem,
  path: string,
): Promise<{ readonly files: readonly string[] } | { readonly error: string }> => {
  try {
    const stats = await fs.promises.stat(path);
    if (!stats.isDirectory()) return { files: [path] };
    const names = (await fs.promises.readdir(path)).filter(isConfigurationFile).sort();
    if (names.length > LIMITS.files) return { error: `more than ${LIMITS.files} files in one folder` };
    return { files: names.map((name) => join(path, name)) };
  } catch (error) {
    return { error: describe(error) };
  }
};

/** Whether a file in a folder is read. */
export const isConfigurationFile = (name: string): boolean => /^[^.].*\.(yaml|yml|json)$/.test(name);

/** Reads one regular file within the size limit. */
export const readText = async (fs: FileSystem, file: string): Promise<FileText> => {
  try {
    const stats = await fs.promises.stat(file);
    if (!stats.isFile()) return { rule: 'unreadable', error: 'not a regular file' };
    if (stats.size > LIMITS.fileBytes) {
      return { rule: 'too-large', error: `${stats.size} bytes, the limit is ${LIMITS.fileBytes}` };
    }
    return { text: await fs.promises.readFile(file, 'utf8') };
  } catch (error) {
    return { rule: 'unreadable', error: describe(error) };
  }
};

/** Whether a file is simply not there (any more). */
export const describe = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code;
  switch (code) {
    case 'ENOENT':
      return 'no such file or folder';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    default:
      return typeof code === 'string' ? code : 'cannot be read';
  }
};
