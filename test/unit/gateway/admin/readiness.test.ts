import { expect, test } from '@jest/globals';
import { Readiness } from '../../../../gateway/admin/readiness.ts';

const BOUND = { bound: { address: '::', port: 3000 } };
const NOT_BOUND = { bound: undefined };

const probe = (readiness: Readiness) => readiness.pages().get('/healthz/ready')?.();

test('not ready until every port is bound, and there is one', () => {
  const readiness = new Readiness();
  expect(probe(readiness)).toMatchObject({ status: 503, body: 'starting\n' });
  readiness.onPorts([]);
  expect(readiness.ready).toBe(false);
  readiness.onPorts([BOUND, NOT_BOUND]);
  expect(readiness.ready).toBe(false);
  readiness.onPorts([BOUND, BOUND]);
  expect(probe(readiness)).toMatchObject({ status: 200, body: 'ready\n' });
});

test('ready for good, whatever a later configuration adds or drops', () => {
  const readiness = new Readiness();
  readiness.onPorts([BOUND]);
  readiness.onPorts([BOUND, NOT_BOUND]);
  readiness.onPorts([]);
  expect(readiness.ready).toBe(true);
});

test('draining is the end', () => {
  const readiness = new Readiness();
  readiness.onPorts([BOUND]);
  readiness.drain();
  expect(probe(readiness)).toMatchObject({ status: 503, body: 'draining\n' });
  readiness.onPorts([BOUND]);
  expect(readiness.ready).toBe(false);
});

test('a proxy of a Gateway without a listener that can be served is ready all the same', () => {
  const readiness = new Readiness(false);
  expect(readiness.ready).toBe(false);
  readiness.onPorts([]);
  expect(readiness.ready).toBe(true);
});
