import type { CelExpression } from '../../../lib/cel/expression.ts';
import type { PolicyField } from '../../resolve/policy/field.ts';
import type { TrafficPolicy } from '../../resolve/policy/traffic.ts';
import type { Expressions } from '../expressions.ts';
import type {
  Alternatives,
  AuthorizationRule,
  DirectResponse,
  NamedValue,
  RateLimit,
  Transformation,
} from '../rule-policy.ts';

type Spec<K extends keyof TrafficPolicy> = NonNullable<TrafficPolicy[K]> extends PolicyField<infer S> ? S : never;

/** Milliseconds of the units of rate limits. */
const UNITS = { Seconds: 1_000, Minutes: 60_000, Hours: 3_600_000 } as const;

/** Compiles one expression of a policy; undefined, and an error on the policy, if that fails. */
type Compile = (source: string, field: string) => CelExpression | undefined;

const compiler =
  (policy: string, part: string, consequence: string, expressions: Expressions): Compile =>
  (source, field) =>
    expressions.compile(source, { policy, part, field, consequence });

export const compileAuthorization = (
  { authorization }: TrafficPolicy,
  expressions: Expressions,
): readonly AuthorizationRule[] => {
  if (authorization === undefined) return [];
  return expressions.authorizations.get(authorization, () =>
    authorization.flatMap(({ policy, spec }) => {
      const { action = 'Allow' } = spec;
      const consequence = action === 'Allow' ? 'it allows nothing' : 'requests are denied';
      const compile = compiler(policy, 'traffic.authorization', consequence, expressions);
      return spec.policy.matchExpressions.map((source, index) => ({
        action,
        expression: compile(source, `policy.matchExpressions[${index}]`),
        policy,
      }));
    }),
  );
};

interface ConditionalForm<P> {
  readonly condition?: string;
  readonly policy: P;
}

/** The plain form is one alternative without a condition. One whose condition does not compile is never taken. */
const alternatives = <P, T>(
  plain: P,
  conditional: readonly ConditionalForm<P>[] | undefined,
  toValue: (form: P, field: string) => T | undefined,
  compile: Compile,
): Alternatives<T> => {
  const forms = conditional?.map((item, index) => ({ ...item, field: `conditional[${index}].` })) ?? [
    { condition: undefined, policy: plain, field: '' },
  ];
  return forms.flatMap(({ condition, policy, field }) => {
    const compiled = condition === undefined ? undefined : compile(condition, `${field}condition`);
    const value = toValue(policy, field === '' ? '' : `${field}policy.`);
    if ((condition !== undefined && compiled === undefined) || value === undefined) return [];
    return [{ condition: compiled, value }];
  });
};

export const compileRateLimit = (
  { policy, spec }: PolicyField<Spec<'rateLimit'>>,
  expressions: Expressions,
): Alternatives<readonly RateLimit[]> => {
  const compile = compiler(policy, 'traffic.rateLimit', 'all requests share one bucket', expressions);
  return alternatives<Pick<Spec<'rateLimit'>, 'local'>, readonly RateLimit[]>(
    spec,
    spec.conditional,
    ({ local = [] }, field) => {
      const limits = local.flatMap(({ requests, unit, burst = 0, key }, index): RateLimit[] => {
        const path = `${field}local[${index}]`;
        if (requests === undefined) return [];
        return [
          {
            id: `${policy}#${path}`,
            requests,
            interval: UNITS[unit],
            capacity: requests + burst,
            key: key === undefined ? undefined : compile(key, `${path}.key`),
          },
        ];
      });
      return limits.length === 0 ? undefined : limits;
    },
    compile,
  );
};

export const compileDirectResponse = (
  { policy, spec }: PolicyField<Spec<'directResponse'>>,
  expressions: Expressions,
): Alternatives<DirectResponse> => {
  const compile = compiler(policy, 'traffic.directResponse', 'it is left out', expressions);
  return alternatives<Omit<Spec<'directResponse'>, 'conditional'>, DirectResponse>(
    spec,
    spec.conditional,
    ({ status = 200, body, bodyExpression, headers = [] }, field) => ({
      status,
      body: body ?? (bodyExpression === undefined ? undefined : compile(bodyExpression, `${field}bodyExpression`)),
      headers: headers.flatMap(({ name, value: source }, index) => {
        const value = compile(source, `${field}headers[${index}].value`);
        return value === undefined ? [] : [{ name: name.toLowerCase(), value }];
      }),
    }),
    compile,
  );
};

export const compileTransformation = (
  { policy, spec }: PolicyField<Spec<'transformation'>>,
  side: 'request' | 'response',
  expressions: Expressions,
): Alternatives<Transformation> => {
  const compile = compiler(policy, 'traffic.transformation', 'it is left out', expressions);
  return alternatives<Pick<Spec<'transformation'>, 'request' | 'response'>, Transformation>(
    spec,
    spec.conditional,
    (form, field) => {
      const own = form[side];
      if (own === undefined) return undefined;
      const values = (name: 'set' | 'add'): readonly NamedValue[] =>
        (own[name] ?? []).flatMap(({ name: header, value: source }, index) => {
          const value = compile(source, `${field}${side}.${name}[${index}].value`);
          return value === undefined ? [] : [{ name: header.toLowerCase(), value }];
        });
      return {
        set: values('set'),
        add: values('add'),
        remove: (own.remove ?? []).map((name) => name.toLowerCase()),
      };
    },
    compile,
  );
};
