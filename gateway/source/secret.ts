import type { FieldPath } from './documents.ts';
import type { Violation } from './validate.ts';

/** The environment as a record: only what is named by a Secret is read. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface SecretManifest {
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

/**
 * The decoded values of a Secret. `stringData` wins over `data`, as on the API server; `${VAR}` is expanded in `stringData` only, `$${`
 * stands for a literal `${`. Messages name Secret keys and variables, never values.
 */
export const decodeSecret = (
  secret: SecretManifest,
  env: Environment,
): { readonly data: Readonly<Record<string, string>>; readonly violations: readonly Violation[] } => {
  const data = new Map<string, string>();
  const violations: Violation[] = [];
  const fail = (path: FieldPath, rule: Violation['rule'], message: string): void => {
    violations.push({ path, part: 'value', rule, message });
  };
  for (const [key, value] of Object.entries(secret.data ?? {})) {
    const decoded = decodeBase64(value);
    if (decoded === undefined)
      fail(['data', key], 'invalid-value', `data key ${JSON.stringify(key)} is not base64 of UTF-8 text`);
    else data.set(key, decoded);
  }
  for (const [key, value] of Object.entries(secret.stringData ?? {})) {
    const missing = new Set<string>();
    const expanded = value.replaceAll(/\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (text, name: string) => {
      if (text.startsWith('$$')) return text.slice(1);
      const variable = Object.hasOwn(env, name) ? env[name] : undefined;
      if (variable === undefined) missing.add(name);
      return variable ?? '';
    });
    for (const name of missing) {
      fail(
        ['stringData', key],
        'missing-variable',
        `key ${JSON.stringify(key)}: environment variable ${name} is not set`,
      );
    }
    if (missing.size === 0) data.set(key, expanded);
  }
  return { data: Object.fromEntries(data), violations };
};

const decodeBase64 = (value: string): string | undefined => {
  const text = value.replaceAll(/\s/g, '');
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};
