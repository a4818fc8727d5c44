import { printSnapshot } from '../compile/print.ts';
import type { Snapshot } from '../compile/snapshot.ts';
import type { Finding } from '../status/findings.ts';
import { type Page, TEXT } from './pages.ts';

/** What the gateway runs on, as of now. */
export interface ConfigurationState {
  readonly version: string;
  readonly snapshot: Snapshot | undefined;
  /** What somebody should look at. */
  readonly findings: readonly Finding[];
  /** Conditions of all objects. */
  readonly statuses: readonly unknown[];
  /** Ports, and whether they are bound. */
  readonly ports: readonly unknown[];
}

/** Pages of the admin interface: `/config_dump`, and a list of them. */
export const adminPages = (state: () => ConfigurationState): ReadonlyMap<string, () => Page> => {
  const pages = new Map<string, () => Page>();
  pages.set('/', () => ({ type: TEXT, body: [...pages.keys()].map((path) => `${path}\n`).join('') }));
  pages.set('/config_dump', () => ({ type: 'application/json', body: configDump(state()) }));
  return pages;
};

const configDump = ({ version, snapshot, ports, findings, statuses }: ConfigurationState): string => {
  const dump = { version, ports, findings, statuses, snapshot: snapshot && printSnapshot(snapshot) };
  return `${JSON.stringify(dump, undefined, 2)}\n`;
};
