/** Writes one line about the gateway itself; values hold no secrets and no payload. */
export type Log = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: Readonly<Record<string, string>>,
) => void;
