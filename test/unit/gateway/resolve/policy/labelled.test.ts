import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Labelled } from '../../../../../gateway/resolve/policy/labelled.ts';
import { selects } from '../../../../../gateway/resolve/selector.ts';

const labels = fc.dictionary(fc.constantFrom('app', 'team', 'tier'), fc.constantFrom('a', 'b', 'a=b', ''), {
  maxKeys: 3,
});

const objects = fc.array(fc.option(labels, { nil: undefined }), { maxLength: 12 }).map((all) =>
  all.map((own, index) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `s${index}`, ...(own === undefined ? {} : { labels: own }) },
  })),
);

describe('Labelled', () => {
  test('finds what trying all of them finds, in the same order', () => {
    fc.assert(
      fc.property(objects, labels, (all, matchLabels) => {
        const expected = all.filter(({ metadata }) => selects({ matchLabels }, metadata.labels ?? {}));
        expect(new Labelled(all).find(matchLabels)).toEqual(expected);
      }),
    );
  });
});
