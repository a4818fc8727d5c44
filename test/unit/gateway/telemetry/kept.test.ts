import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KeptBytes, MAX_KEPT_BYTES } from '../../../../gateway/telemetry/kept.ts';
import { keptOf } from '../../../support/telemetry/record.ts';

describe('the beginning of a body', () => {
  test('is the same however the body comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 9_000 })), (chunks) => {
        const kept = keptOf(...chunks);
        expect(Buffer.compare(kept.prefix, Buffer.concat(chunks))).toBe(0);
        expect(kept.body).toEqual(kept.prefix);
      }),
    );
  });

  test('has no more than its bound, in any pieces, and then there is no whole body', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_KEPT_BYTES }), fc.integer({ min: 1, max: 70_000 }), (excess, piece) => {
        const body = Buffer.alloc(MAX_KEPT_BYTES + excess, 'abc');
        const kept = new KeptBytes();
        for (let at = 0; at < body.length; at += piece) kept.push(body.subarray(at, at + piece));
        expect(Buffer.compare(kept.prefix, body.subarray(0, MAX_KEPT_BYTES))).toBe(0);
        expect(kept.body).toBeUndefined();
      }),
      { numRuns: 20 },
    );
  });

  test('of exactly its bound is a whole body', () => {
    expect(keptOf(Buffer.alloc(MAX_KEPT_BYTES), '').body).toHaveLength(MAX_KEPT_BYTES);
  });

  test('counts text in bytes', () => {
    expect(Buffer.from(keptOf('größe', ' 5').prefix).toString()).toBe('größe 5');
  });

  test('stays as it was when the pieces are written over', () => {
    const piece = Buffer.from('one');
    const kept = keptOf(piece);
    piece.write('two');
    kept.push(piece);
    expect(Buffer.from(kept.prefix).toString()).toBe('onetwo');
  });
});
