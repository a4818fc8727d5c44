/** Bounds on what is read from files. */
export const LIMITS = {
  /** One file, bytes. A Kubernetes object is at most 1.5 MiB. */
  fileBytes: 2 * 1024 * 1024,
  /** Files under all paths together. */
  files: 1000,
  /** Objects in one file. */
  objects: 5000,
  /** Problems reported for one document. */
  problems: 20,
  /** Levels of one object, and values in it: an alias inside its own anchor makes both endless. */
  depth: 64,
  values: 100_000,
  /** Times that YAML aliases may be resolved in one document. */
  aliases: 100,
} as const;
