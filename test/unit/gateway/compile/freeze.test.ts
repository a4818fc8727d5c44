import { expect, test } from '@jest/globals';
import { deepFreeze } from '../../../../gateway/compile/freeze.ts';

test('deepFreeze freezes plain data all the way down and leaves instances alone', () => {
  class Instance {
    value = 1;
  }
  const instance = new Instance();
  const frozen = deepFreeze({
    list: [{ deep: { deeper: [1] } }],
    map: new Map([['a', { b: 1 }]]),
    instance,
    pattern: /x/g,
  });
  expect(Object.isFrozen(frozen.list[0]?.deep.deeper)).toBe(true);
  expect(() => (frozen.list as unknown[]).push(1)).toThrow(TypeError);
  expect(Object.isFrozen(frozen.map.get('a'))).toBe(true);
  expect(Object.isFrozen(instance)).toBe(false);
  expect(frozen.pattern.exec('x')).not.toBeNull();
});
