import type { HeaderModifier } from '../compile/rule-policy.ts';

/**
 * Header fields that a policy may change; names in lower case. Fields that belong to the connection or frame the message stay as they
 * are, and so does a field whose new value no header can carry.
 */
export interface Fields {
  /** In place of all fields of that name. */
  set(name: string, value: string): void;
  /** One more field of that name. */
  add(name: string, value: string): void;
  remove(name: string): void;
}

/** Gateway API, HTTPHeaderFilter. */
export const modifyHeaders = (fields: Fields, modifiers: readonly HeaderModifier[]): void => {
  for (const { set, add, remove } of modifiers) {
    for (const { name, value } of set) fields.set(name, value);
    for (const { name, value } of add) fields.add(name, value);
    for (const name of remove) fields.remove(name);
  }
};
