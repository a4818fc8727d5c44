import type { ObjectSchema, Rule, Schema } from '../../api/schema.ts';

/** JSON Schema props of apiextensions.k8s.io/v1. */
export type OpenApi = Readonly<Record<string, unknown>>;

/** Keywords that mean the same in both. */
const SAME = [
  'enum',
  'default',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
] as const;

/** A schema as it stands in a CustomResourceDefinition: structural, with its rules as `x-kubernetes-validations`. */
export const toOpenApi = (schema: Schema): OpenApi => {
  const keywords: ReadonlyMap<string, unknown> = new Map(Object.entries(schema));
  const description = describe(schema);
  const rules = [
    ...(schema.type === 'object' && 'properties' in schema ? presence(schema) : []),
    ...(schema.rules ?? []),
  ];
  return {
    ...(description === '' ? {} : { description }),
    ...shapeOf(schema),
    ...Object.fromEntries(SAME.flatMap((name) => (keywords.has(name) ? [[name, keywords.get(name)]] : []))),
    ...(rules.length === 0 ? {} : { 'x-kubernetes-validations': rules }),
  };
};

const shapeOf = (schema: Schema): OpenApi => {
  switch (schema.type) {
    case 'any':
      return { 'x-kubernetes-preserve-unknown-fields': true };
    case 'anyObject':
      return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    case 'intOrString':
      return { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true };
    case 'array': {
      const { listMapKeys, listType, items } = schema;
      return {
        type: 'array',
        items: toOpenApi(items),
        ...(listMapKeys === undefined
          ? {}
          : { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': listMapKeys }),
        ...(listType === undefined ? {} : { 'x-kubernetes-list-type': listType }),
      };
    }
    case 'object': {
      if ('additionalProperties' in schema) {
        return { type: 'object', additionalProperties: toOpenApi(schema.additionalProperties) };
      }
      const { properties, required } = schema;
      return {
        type: 'object',
        ...(Object.keys(properties).length === 0
          ? {}
          : {
              properties: Object.fromEntries(Object.entries(properties).map(([name, item]) => [name, toOpenApi(item)])),
            }),
        ...(required === undefined ? {} : { required }),
      };
    }
    default:
      return { type: schema.type };
  }
};

/** How many of some fields are set. */
const presence = ({ exactlyOneOf, atLeastOneOf, atMostOneOf }: ObjectSchema): readonly Rule[] => [
  ...(exactlyOneOf === undefined ? [] : [counted(exactlyOneOf, '==', 'exactly one of')]),
  ...(atLeastOneOf === undefined ? [] : [counted(atLeastOneOf, '>=', 'at least one of')]),
  ...(atMostOneOf === undefined ? [] : [counted(atMostOneOf, '<=', 'at most one of')]),
];

const counted = (names: readonly string[], operator: '==' | '>=' | '<=', words: string): Rule => {
  const present = names.map((name) => `has(self.${name})`);
  if (present.length === 1 && operator !== '<=') return { rule: present.join(), message: `must have ${names.join()}` };
  return {
    rule: `[${present.join(', ')}].filter(x, x).size() ${operator} 1`,
    message: `must have ${words} ${names.join(', ')}`,
  };
};

/** What `kubectl explain` says. */
const describe = (schema: Schema): string => {
  const values = Object.entries((schema.type === 'string' ? schema.inertValues : undefined) ?? {});
  return [
    ...(schema.description === undefined ? [] : [schema.description]),
    ...(schema.inert === undefined ? [] : [`Has no effect: ${schema.inert}.`]),
    ...values.map(([value, reason]) => `${value} has no effect: ${reason}.`),
  ].join(' ');
};
