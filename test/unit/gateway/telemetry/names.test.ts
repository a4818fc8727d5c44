import { expect, test } from '@jest/globals';
import { KnownNames, MAX_NAME_LENGTH, MAX_NAMES, MAX_TARGETS } from '../../../../gateway/telemetry/names.ts';

test('a name is known of the target and the type that it was learned of', () => {
  const names = new KnownNames();
  names.learn('github', 'tool', 'get_me');
  expect(names.has('github', 'tool', 'get_me')).toBe(true);
  expect(names.has('github', 'prompt', 'get_me')).toBe(false);
  expect(names.has('gitlab', 'tool', 'get_me')).toBe(false);
});

test('a target cannot make more names than the bound, and those there stay', () => {
  const names = new KnownNames();
  for (let index = 0; index <= MAX_NAMES; index++) names.learn('evil', 'tool', `tool-${index}`);
  expect(names.has('evil', 'tool', 'tool-0')).toBe(true);
  expect(names.has('evil', 'tool', `tool-${MAX_NAMES}`)).toBe(false);
});

test('there are no more targets than the bound', () => {
  const names = new KnownNames();
  for (let index = 0; index <= MAX_TARGETS; index++) names.learn(`target-${index}`, 'tool', 'a');
  expect(names.has('target-0', 'tool', 'a')).toBe(true);
  expect(names.has(`target-${MAX_TARGETS}`, 'tool', 'a')).toBe(false);
});

test('task ids, empty and long names are not learned', () => {
  const names = new KnownNames();
  const long = 'a'.repeat(MAX_NAME_LENGTH + 1);
  names.learn('a', 'task', '1');
  names.learn('a', 'tool', '');
  names.learn('a', 'tool', long);
  expect([names.has('a', 'task', '1'), names.has('a', 'tool', ''), names.has('a', 'tool', long)]).toEqual([
    false,
    false,
    false,
  ]);
});
