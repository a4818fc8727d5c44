import { describe, expect, test } from '@jest/globals';
import type {
  IBackendTLSPolicy,
  IGateway,
  IHTTPRoute,
  IReferenceGrant,
} from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import type { BackendTLSPolicySpec } from '../../../../lib/api/backend-tls-policy.ts';
import type { GatewaySpec, ReferenceGrantSpec } from '../../../../lib/api/gateway-api.ts';
import type { HTTPRouteSpec } from '../../../../lib/api/http-route.ts';
import { SCHEMAS } from '../../../../lib/api/objects.ts';
import type { ObjectSchema, Schema } from '../../../../lib/api/schema.ts';
import { ruleViolations } from '../../../../lib/cel/rules.ts';

/** Every schema inside a schema, with its path. */
function* walk(schema: Schema, path: string): Generator<readonly [string, Schema]> {
  yield [path, schema];
  if (schema.type === 'array') yield* walk(schema.items, `${path}[]`);
  if (schema.type !== 'object') return;
  if ('additionalProperties' in schema) yield* walk(schema.additionalProperties, `${path}.*`);
  else for (const [name, child] of Object.entries(schema.properties)) yield* walk(child, `${path}.${name}`);
}

const all = Object.entries(SCHEMAS).flatMap(([kind, schema]) => [...walk(schema, kind)]);
const objects = all.filter((entry): entry is [string, ObjectSchema] => 'properties' in entry[1]);

type Names<T> = keyof Required<T>;
/** True, or the names that only one side has. */
type Same<Ours, Theirs> = [Exclude<Ours, Theirs>, Exclude<Theirs, Ours>] extends [never, never]
  ? true
  : [Exclude<Ours, Theirs>, Exclude<Theirs, Ours>];
type Item<T> = NonNullable<T> extends readonly (infer I)[] ? I : never;
type OurRule = Item<HTTPRouteSpec['rules']>;
type TheirRule = Item<IHTTPRoute['spec']['rules']>;
type OurListener = Item<GatewaySpec['listeners']>;
type OurTls = BackendTLSPolicySpec['validation'];
type TheirTls = IBackendTLSPolicy['spec']['validation'];
type TheirListener = Item<IGateway['spec']['listeners']>;

describe('schemas', () => {
  test('know every field of Gateway API, standard and experimental: the type checker compares the names', () => {
    const same: readonly true[] = [
      true satisfies Same<Names<GatewaySpec>, Names<IGateway['spec']>>,
      true satisfies Same<Names<OurListener>, Names<TheirListener>>,
      true satisfies Same<Names<HTTPRouteSpec>, Names<IHTTPRoute['spec']>>,
      true satisfies Same<Names<OurRule>, Names<TheirRule>>,
      true satisfies Same<Names<Item<OurRule['matches']>>, Names<Item<TheirRule['matches']>>>,
      true satisfies Same<Names<Item<OurRule['backendRefs']>>, Names<Item<TheirRule['backendRefs']>>>,
      true satisfies Same<Names<Item<OurRule['filters']>>, Names<Item<TheirRule['filters']>>>,
      true satisfies Same<Names<BackendTLSPolicySpec>, Names<IBackendTLSPolicy['spec']>>,
      true satisfies Same<
        Names<Item<BackendTLSPolicySpec['targetRefs']>>,
        Names<Item<IBackendTLSPolicy['spec']['targetRefs']>>
      >,
      true satisfies Same<Names<OurTls>, Names<TheirTls>>,
      true satisfies Same<Names<Item<OurTls['caCertificateRefs']>>, Names<Item<TheirTls['caCertificateRefs']>>>,
      true satisfies Same<Names<Item<OurTls['subjectAltNames']>>, Names<Item<TheirTls['subjectAltNames']>>>,
      true satisfies Same<
        Names<Item<ReferenceGrantSpec['to']>>,
        Names<Item<NonNullable<IReferenceGrant['spec']>['to']>>
      >,
    ];
    expect(same).not.toContain(false);
  });

  test('bound every pattern by a length', () => {
    const unbounded = all.filter(
      ([, schema]) =>
        (schema.type === 'string' || schema.type === 'intOrString') &&
        schema.pattern !== undefined &&
        schema.maxLength === undefined,
    );
    expect(unbounded.map(([path]) => path)).toEqual([]);
  });

  test.each(['required', 'exactlyOneOf', 'atLeastOneOf', 'atMostOneOf'] as const)(
    'name only fields that exist: %s',
    (keyword) => {
      for (const [path, schema] of objects) {
        for (const name of schema[keyword] ?? [])
          expect([path, Object.keys(schema.properties)]).toEqual([path, expect.arrayContaining([name])]);
      }
    },
  );

  test('have rules that are CEL', () => {
    const rules = all.flatMap(([, { rules = [] }]) => rules);
    expect(rules.length).toBeGreaterThan(50);
    // One that does not hold for a value of the wrong kind is fine; one that is no CEL throws.
    for (const rule of rules) ruleViolations({ type: 'any', rules: [rule] }, true);
  });

  test('keep rules across fields apart from defaults: they hold before these are filled in', () => {
    const reads = objects.flatMap(([path, { properties, rules = [] }]) =>
      Object.entries(properties).flatMap(([name, property]) =>
        'default' in property
          ? rules
              .filter(({ rule }) => rule.includes(`self.${name}`) && !rule.includes(`has(self.${name})`))
              .map(({ rule }) => [path, rule])
          : [],
      ),
    );
    expect(reads).toEqual([]);
  });

  test('name only values that exist as having no effect', () => {
    for (const [path, schema] of all) {
      if (schema.type !== 'string' || schema.enum === undefined) continue;
      expect([path, schema.enum]).toEqual([path, expect.arrayContaining(Object.keys(schema.inertValues ?? {}))]);
    }
  });
});
