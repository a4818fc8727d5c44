/** What a server makes up anew for each session and each answer. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '(uuid)'],
  [/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, '(time)'],
  [/\b\d{1,2}:\d{2}:\d{2}( [AP]M)?\b/g, '(time)'],
];

/** A copy that is equal for equal answers: ids and times are replaced, nothing else. */
export const normalise = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null), (_key, member) =>
    typeof member === 'string'
      ? VARYING.reduce((text, [pattern, name]) => text.replace(pattern, name), member)
      : member,
  );
