/** Fields by which Kubernetes merges the items of a list; lists of other fields are replaced. Source: its strategic merge patch. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  ports: 'name',
  tolerations: 'key',
  imagePullSecrets: 'name',
};

type Plain = Readonly<Record<string, unknown>>;

/** Lays an overlay over an object, as Kubernetes' strategic merge does: null takes a field away, lists of named items are merged by name. */
export const overlay = (base: unknown, patch: unknown, field = ''): unknown => {
  if (isPlain(patch)) {
    const merged: Record<string, unknown> = { ...(isPlain(base) ? base : {}) };
    for (const [name, value] of Object.entries(patch)) {
      if (name === '__proto__') continue;
      if (value === null) delete merged[name];
      else merged[name] = overlay(merged[name], value, name);
    }
    return merged;
  }
  const key = MERGE_KEYS[field];
  if (!Array.isArray(patch) || !Array.isArray(base) || key === undefined) return patch;
  const items = new Map(base.map((item: unknown) => [keyOf(item, key), item]));
  for (const item of patch) items.set(keyOf(item, key), overlay(items.get(keyOf(item, key)), item));
  return [...items.values()];
};

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const keyOf = (item: unknown, key: string): unknown => (isPlain(item) ? item[key] : item);
