import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { overlay } from '../../../../gateway/controller/overlay.ts';

const name = fc.constantFrom('a', 'b', 'env', 'containers', 'args');
const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean());
const named = fc.uniqueArray(fc.record({ name: fc.constantFrom('x', 'y', 'z'), value: leaf }), {
  selector: (item) => item.name,
});
const { object } = fc.letrec<{ object: Record<string, unknown> }>((tie) => ({
  object: fc.dictionary(name, fc.oneof({ depthSize: 'small' }, leaf, named, tie('object'))),
}));

test('an empty overlay changes nothing', () => {
  fc.assert(fc.property(object, (base) => expect(overlay(base, {})).toEqual(base)));
});

test('an overlay laid twice is as laid once', () => {
  fc.assert(
    fc.property(object, object, (base, patch) => {
      const once = overlay(base, patch);
      expect(overlay(once, patch)).toEqual(once);
    }),
  );
});

test('null takes a field away, and what the overlay does not name stays', () => {
  fc.assert(
    fc.property(object, name, (base, field) => {
      const { [field]: _, ...rest } = base;
      expect(overlay(base, { [field]: null })).toEqual(rest);
    }),
  );
});

test('named items are merged in their places, new ones come behind; other lists are replaced', () => {
  fc.assert(
    fc.property(named, named, (base, patch) => {
      const merged = overlay({ env: base }, { env: patch }) as { env: { name: string; value: unknown }[] };
      const added = patch.filter((item) => !base.some((known) => known.name === item.name));
      const kept = base.map((known) => patch.find((item) => item.name === known.name) ?? known);
      expect(merged.env).toEqual([...kept, ...added]);
      expect(overlay({ args: base }, { args: patch })).toEqual({ args: patch });
    }),
  );
});
