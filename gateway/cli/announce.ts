import { authority } from '../admin/pages.ts';
import { allMatches } from '../compile/routes/table.ts';
import type { Bind, Listener, Snapshot } from '../compile/snapshot.ts';
import type { Log } from '../http/log.ts';
import type { PortStatus } from '../http/port.ts';
import { type Finding, renderFinding } from '../status/findings.ts';

/** Findings of one reload that are written out; the rest is counted. */
export const MAX_FINDINGS = 100;

/** Tells in the log what is served and what is wrong: all of it at the start, later what has changed. */
export class Announcer {
  readonly #log: Log;
  #served = new Set<string>();
  #findings = new Set<string>();
  #first = true;

  constructor(log: Log) {
    this.#log = log;
  }

  announce(snapshot: Snapshot, ports: readonly PortStatus[], findings: readonly Finding[]): void {
    this.announceFindings(findings);
    const served = new Map<string, Readonly<Record<string, string>>>();
    for (const bind of snapshot.binds) {
      const bound = ports.find(({ address, port }) => address === bind.address && port === bind.port)?.bound;
      if (bound === undefined) continue;
      for (const listener of bind.listeners) {
        const fields = describeListener(listener, bind, bound);
        served.set(JSON.stringify(fields), fields);
      }
    }
    for (const [key, fields] of served) {
      if (!this.#served.has(key)) this.#log('info', 'listener is served', fields);
    }
    const gone = [...this.#served].filter((key) => !served.has(key)).length;
    if (gone > 0) this.#log('info', 'listeners changed or are no longer served', { count: String(gone) });
    if (served.size === 0 && (this.#first || gone > 0)) {
      this.#log('warn', 'nothing is served: the configuration has no Gateway that can be; its changes are followed');
    }
    this.#served = new Set(served.keys());
    this.#first = false;
  }

  /** Findings that are new, and how many are gone. */
  announceFindings(findings: readonly Finding[]): void {
    const now = new Map(findings.map((finding) => [renderFinding(finding), finding.severity]));
    const added = [...now].filter(([text]) => !this.#findings.has(text));
    for (const [text, severity] of added.slice(0, MAX_FINDINGS)) {
      this.#log(severity === 'error' ? 'error' : 'info', text);
    }
    if (added.length > MAX_FINDINGS) {
      this.#log('error', 'there are more findings: see tooltrail check', {
        count: String(added.length - MAX_FINDINGS),
      });
    }
    const solved = [...this.#findings].filter((text) => !now.has(text)).length;
    if (solved > 0) this.#log('info', 'findings are gone', { count: String(solved), left: String(now.size) });
    this.#findings = new Set(now.keys());
  }
}

const WILDCARDS = new Set(['::', '0.0.0.0']);

const describeListener = (
  { labels, hostname, routes: table }: Listener,
  { protocol }: Bind,
  { address, port }: NonNullable<PortStatus['bound']>,
): Readonly<Record<string, string>> => {
  const host = WILDCARDS.has(address) ? 'localhost' : address;
  const matches = allMatches(table);
  const routes = new Set(matches.map(({ rule }) => rule.labels.route));
  const backends = new Set(matches.flatMap(({ rule }) => rule.backends.map(({ backend }) => backend.name)));
  return {
    gateway: labels.gateway,
    listener: labels.listener,
    url: `${protocol.toLowerCase()}://${authority({ host, port })}`,
    ...(hostname === undefined ? {} : { hostname: 'exact' in hostname ? hostname.exact : `*${hostname.suffix}` }),
    routes: String(routes.size),
    backends: String(backends.size),
  };
};
