/** Bounds on what is read from files. */
export const LIMITS = {
  /** One file, bytes: as much as a ConfigMap may hold. */
  fileBytes: 1024 * 1024,
  /** Files in one folder. */
  files: 1000,
  /** Objects in one file. */
  objects: 5000,
  /** Problems reported for one document, and for one file. */
  problems: 20,
  fileProblems: 100,
  /** Levels of one object, and values in it: an alias inside its own anchor makes both endless. */
  depth: 64,
  values: 100_000,
  /** Times that YAML aliases may be resolved in one document. */
  aliases: 100,
} as const;
