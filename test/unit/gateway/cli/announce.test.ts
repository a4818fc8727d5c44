import { beforeEach, describe, expect, test } from '@jest/globals';
import { Announcer, MAX_FINDINGS } from '../../../../gateway/cli/announce.ts';
import type { PortStatus } from '../../../../gateway/http/port.ts';
import type { Finding } from '../../../../gateway/status/findings.ts';
import { aBind, aHostname, aListener, aSnapshot } from '../../../support/http/snapshot.ts';

const bound = (port: number, address = '::'): PortStatus => ({
  address: undefined,
  port,
  listeners: [],
  bound: { address, port },
  problem: undefined,
  connections: 0,
});
const finding = (message: string, severity: Finding['severity'] = 'error'): Finding => ({
  severity,
  location: { file: 'a.yaml', line: 3, column: 5 },
  rule: 'unknown-field',
  message,
});

let lines: string[];
let announcer: Announcer;

beforeEach(() => {
  lines = [];
  announcer = new Announcer((level, message, fields = {}) => {
    const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`);
    lines.push(`${level}: ${message}${rest.join('')}`);
  });
});

/** What it says now. */
const said = (...args: Parameters<Announcer['announce']>): readonly string[] => {
  lines = [];
  announcer.announce(...args);
  return lines;
};

const SERVED =
  'info: listener is served gateway=default/gateway listener=mcp url=http://localhost:3000 routes=1 backends=1';

describe('Announcer', () => {
  test('tells of each listener once', () => {
    expect(said(aSnapshot(3000), [bound(3000)], [])).toEqual([SERVED]);
    expect(said(aSnapshot(3000), [bound(3000)], [])).toEqual([]);
  });

  test('with its hostname, and the address if it is one', () => {
    const bind = aBind(3000, { listeners: [aListener({ hostname: aHostname('*.example.com'), matches: [] })] });
    expect(said(aSnapshot(bind), [bound(3000, '::1')], [])).toEqual([
      'info: listener is served gateway=default/gateway listener=mcp url=http://[::1]:3000 hostname=*.example.com routes=0 backends=0',
    ]);
  });

  test('with its scheme, and of the addresses that share a port each by its own', () => {
    const on = (address: string) => aBind(443, { address, protocol: 'HTTPS' });
    const at = (address: string): PortStatus => ({ ...bound(443, address), address });
    const lines = said(aSnapshot(on('192.0.2.1'), on('192.0.2.2')), [at('192.0.2.1'), at('192.0.2.2')], []);
    expect(lines.map((line) => /url=(\S+)/.exec(line)?.[1])).toEqual([
      'https://192.0.2.1:443',
      'https://192.0.2.2:443',
    ]);
  });

  test('not of one whose port is not bound, before it is', () => {
    const notBound = { ...bound(3000), bound: undefined, problem: 'it is in use' };
    expect(said(aSnapshot(3000), [notBound], [])).toEqual([
      'warn: nothing is served: the configuration has no Gateway that can be; its changes are followed',
    ]);
    expect(said(aSnapshot(3000), [bound(3000)], [])).toEqual([SERVED]);
  });

  test('of what is gone', () => {
    said(aSnapshot(3000, 3001), [bound(3000), bound(3001)], []);
    expect(said(aSnapshot(3000), [bound(3000)], [])).toEqual([
      'info: listeners changed or are no longer served count=1',
    ]);
  });

  test('of findings with their place, when they come and when they go', () => {
    const one = 'error: a.yaml:3:5: error: one (unknown-field)';
    expect(said(aSnapshot(), [], [finding('one'), finding('two', 'note')]).slice(0, 2)).toEqual([
      one,
      'info: a.yaml:3:5: note: two (unknown-field)',
    ]);
    expect(said(aSnapshot(), [], [finding('one')])).toEqual(['info: findings are gone count=1 left=1']);
    expect(said(aSnapshot(), [], [finding('one')])).toEqual([]);
  });

  test('of no more findings than somebody reads', () => {
    const many = Array.from({ length: MAX_FINDINGS + 5 }, (_, index) => finding(String(index)));
    const all = said(aSnapshot(3000), [bound(3000)], many);
    expect(all).toHaveLength(MAX_FINDINGS + 2);
    expect(all[MAX_FINDINGS]).toBe('error: there are more findings: see tooltrail check count=5');
  });
});
