import { HEADERS } from '../support/mcp/client.ts';

/** Who calls tools in measurements: each client one call after the other. */
export const CLIENTS = 16;

const call = (id: number): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: 'get_me', arguments: { owner: 'ada', repository: 'engine', query: 'is:open label:bug'.repeat(8) } },
  });

/**
 * Calls a tool while `more` says so, by `clients` at once; rejects when a call fails.
 *
 * @returns milliseconds that each call took.
 */
export const callTools = async (
  url: string,
  session: Readonly<Record<string, string>>,
  more: (begun: number) => boolean,
  clients = CLIENTS,
): Promise<readonly number[]> => {
  const times: number[] = [];
  let begun = 0;
  const client = async (): Promise<void> => {
    while (more(begun)) {
      const id = ++begun;
      const began = performance.now();
      const response = await fetch(url, { method: 'POST', headers: { ...HEADERS, ...session }, body: call(id) });
      const text = await response.text();
      if (response.status !== 200) throw new Error(`status ${response.status}: ${text}`);
      times.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return times;
};

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
