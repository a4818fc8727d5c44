import type { CorsSpec } from '../../../lib/api/http-route.ts';
import type { CorsPolicy } from '../rule-policy.ts';

/** Gateway API, HTTPCORSFilter.maxAge, in seconds. */
const DEFAULT_MAX_AGE = 5;

export const compileCors = (spec: CorsSpec): CorsPolicy => {
  const origins = (spec.allowOrigins ?? []).map((origin) => origin.toLowerCase());
  return {
    anyOrigin: origins.includes('*'),
    origins: new Set(origins.filter((origin) => !origin.includes('*'))),
    wildcardOrigins: origins.flatMap((origin) => {
      const star = origin.indexOf('*');
      return star < 0 || origin === '*' ? [] : [{ prefix: origin.slice(0, star), suffix: origin.slice(star + 1) }];
    }),
    methods: spec.allowMethods ?? [],
    headers: spec.allowHeaders ?? [],
    exposeHeaders: spec.exposeHeaders ?? [],
    credentials: spec.allowCredentials === true,
    maxAge: spec.maxAge ?? DEFAULT_MAX_AGE,
  };
};
