import { describe, expect, test } from '@jest/globals';
import { suggest } from '../../../../gateway/source/suggest.ts';

describe('suggest', () => {
  test.each([
    ['backendRfs', 'backendRefs'],
    ['Hostnames', 'hostnames'],
    ['hotsnames', 'hostnames'],
    ['ruels', 'rules'],
    ['tos', 'to'],
  ])('%s: %s was meant', (name, meant) => {
    expect(suggest(name, ['backendRefs', 'hostnames', 'rules', 'to'])).toBe(meant);
  });

  test.each(['traffic', 'xyz', '', 'x'.repeat(10_000)])('nothing was meant by %j', (name) => {
    expect(suggest(name.slice(0, 10_000), ['backendRefs', 'hostnames', 'rules'])).toBeUndefined();
  });
});
