import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { chooseEndpoint, type EndpointState } from '../../../../gateway/upstream/endpoints.ts';
import { Health } from '../../../../gateway/upstream/health.ts';
import { EJECTION_FIRST, EJECTION_LONGEST } from '../../../../gateway/upstream/limits.ts';
import { originKey } from '../../../../gateway/upstream/origin.ts';
import type { UpstreamTarget } from '../../../../gateway/upstream/target.ts';
import { anEndpoint } from '../../../support/proxy/gateway.ts';

describe('the choice', () => {
  const state = fc.record({ active: fc.nat(5), ejected: fc.boolean(), tried: fc.boolean() });
  const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test('is one of the best there are: not ejected and not tried, then not tried, then not ejected', () => {
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 6 }), dice, dice, dice, dice, (states, ...rolls) => {
        const byTarget = new Map(states.map((item, port) => [anEndpoint(port), item]));
        const targets = [...byTarget.keys()];
        const stateOf = (target: UpstreamTarget) => byTarget.get(target) as EndpointState & { tried: boolean };
        const tried = new Set(targets.filter((target) => stateOf(target).tried));
        const rank = (target: UpstreamTarget) => (stateOf(target).tried ? 2 : 0) + (stateOf(target).ejected ? 1 : 0);
        const chosen = chooseEndpoint(targets, stateOf, () => rolls.shift() ?? 0, tried) as UpstreamTarget;
        expect(rank(chosen)).toBe(Math.min(...targets.map(rank)));
      }),
    );
  });

  test('is never the one with most to do, if there is another', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(9), { minLength: 2, maxLength: 6 }), dice, dice, (loads, ...rolls) => {
        const targets = loads.map((_, port) => anEndpoint(port));
        const stateOf = ({ port }: UpstreamTarget) => ({ active: loads[port] ?? 0, ejected: false });
        const chosen = chooseEndpoint(targets, stateOf, () => rolls.shift() ?? 0) as UpstreamTarget;
        expect(stateOf(chosen).active).toBeLessThan(Math.max(...loads));
      }),
    );
  });

  test('reaches all that have the same to do, about as often', () => {
    const targets = [0, 1, 2, 3].map((port) => anEndpoint(port));
    const counts = [0, 0, 0, 0];
    let seed = 1;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    for (let count = 0; count < 4_000; count += 1) {
      const { port } = chooseEndpoint(targets, () => ({ active: 0, ejected: false }), random) as UpstreamTarget;
      counts[port] = (counts[port] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  test('is none of none', () => {
    expect(
      chooseEndpoint(
        [],
        () => ({ active: 0, ejected: false }),
        () => 0,
      ),
    ).toBeUndefined();
  });
});

describe('an ejection', () => {
  test('doubles with each failure after it, up to a bound, and ends with a success', () => {
    let time = 0;
    const health = new Health(() => time);
    const lengths: number[] = [];
    for (let count = 0; count < 8; count += 1) {
      const begin = time;
      health.failed();
      // What failed at the same time does not count twice.
      health.failed();
      while (health.ejected) time += EJECTION_FIRST / 2;
      lengths.push(time - begin);
    }
    expect(lengths.slice(0, 3)).toEqual([EJECTION_FIRST, 2 * EJECTION_FIRST, 4 * EJECTION_FIRST]);
    expect(Math.max(...lengths)).toBe(EJECTION_LONGEST);
    health.failed();
    health.connected();
    expect(health.ejected).toBe(false);
    health.failed();
    time += EJECTION_FIRST;
    expect(health.ejected).toBe(false);
  });
});

describe('connections are shared', () => {
  const tls = { sni: 'a', ca: 'CA', certificate: { certificate: 'CERT', key: 'SECRET' } };
  const base = anEndpoint(443, { tls });

  test('by targets that differ in what is sent only', () => {
    const other = { ...base, name: 'other', path: '/other', authority: 'other', credentials: [], requestTimeout: 5 };
    expect(originKey(other)).toBe(originKey({ ...base }));
    expect(originKey({ ...base, tls: { ...tls, verify: 'all' } })).toBe(originKey(base));
  });

  test.each<[string, Partial<UpstreamTarget>]>([
    ['the port', { port: 444 }],
    ['the host', { host: '::1' }],
    ['the socket', { socketPath: '/run/a.sock' }],
    ['the connect timeout', { connectTimeout: 5 }],
    ['the probes', { keepAlive: { time: 5 } }],
    ['TLS', { tls: undefined }],
    ['the name', { tls: { ...tls, sni: 'b' } }],
    ['the trust', { tls: { ...tls, ca: 'CB' } }],
    ['the certificate', { tls: { ...tls, certificate: { certificate: 'CERT2', key: 'SECRET' } } }],
    ['the key', { tls: { ...tls, certificate: { certificate: 'CERT', key: 'SECRET2' } } }],
    ['the verification', { tls: { ...tls, verify: 'none' } }],
    ['the names that are accepted', { tls: { ...tls, subjectAltNames: ['b'] } }],
    ['the protocols', { tls: { ...tls, alpnProtocols: ['http/1.0'] } }],
  ])('not by targets that differ in %s', (_name, parts) => {
    expect(originKey({ ...base, ...parts })).not.toBe(originKey(base));
  });

  test('under a name that gives no secret away', () => {
    expect(originKey(base)).not.toMatch(/SECRET|CERT/);
  });
});
