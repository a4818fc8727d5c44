/**
 * A configuration as it is in a cluster, for this machine: every port that it listens at on loopback and free, every host of the cluster
 * where it stands here, and folders of its own.
 */
export interface Relocation {
  /** Port in the cluster → port here. */
  readonly ports: ReadonlyMap<number, number>;
  /** Text → text, in every value: hosts with ports, and folders. */
  readonly texts: Readonly<Record<string, string>>;
}

export const relocated = (value: unknown, relocation: Relocation): unknown => {
  const { ports, texts } = relocation;
  if (typeof value === 'number') return ports.get(value) ?? value;
  if (typeof value === 'string') {
    const moved = Object.entries(texts).reduce((text, [from, to]) => text.replaceAll(from, to), value);
    return moved.replace(/^0\.0\.0\.0(?::(\d+))?$/, (_, port?: string) =>
      port === undefined ? '127.0.0.1' : `127.0.0.1:${ports.get(Number(port)) ?? port}`,
    );
  }
  if (Array.isArray(value)) return value.map((item) => relocated(item, relocation));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, relocated(member, relocation)]));
};
