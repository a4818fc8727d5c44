import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

/** What each part may import of the project, besides itself. A part that is not listed fails the test. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'lib/api': [],
  'lib/cel': ['lib/api'],
  'lib/core': ['lib/api', 'lib/cel'],
  'lib/gateway-api': ['lib/api', 'lib/cel', 'lib/core'],
  'lib/workload': ['lib/api'],
  'lib/agentgateway': ['lib/api', 'lib/cel', 'lib/core', 'lib/gateway-api', 'lib/workload'],
  'lib/telemetry': ['lib/api', 'lib/core', 'lib/agentgateway', 'lib/workload'],
  'lib/network': ['lib/api'],
  lib: ['lib/api', 'lib/core', 'lib/gateway-api', 'lib/agentgateway', 'lib/telemetry', 'lib/network'],
  // Leaves: no other part of the gateway but its table of errors, and who a certificate is for.
  'gateway/telemetry': ['lib/api', 'lib/cel', 'gateway/errors', 'gateway/identity'],
  'gateway/upstream': ['lib/api', 'gateway/errors', 'gateway/identity'],
  'gateway/kubernetes': ['lib/api'],
  // Configuration: source ← store ← resolve ← compile.
  'gateway/source': ['lib/api', 'lib/cel', 'gateway/kubernetes'],
  'gateway/store': ['lib/api', 'gateway/source'],
  'gateway/resolve': ['lib/api', 'lib/cel', 'gateway/telemetry', 'gateway/upstream'],
  'gateway/compile': ['lib/api', 'lib/cel', 'gateway/resolve', 'gateway/telemetry', 'gateway/upstream'],
  'gateway/status': ['lib/api', 'gateway/kubernetes', 'gateway/resolve', 'gateway/source'],
  // Requests: what runs on a snapshot.
  'gateway/route': ['gateway/compile'],
  'gateway/policy': [
    'lib/api',
    'lib/cel',
    'gateway/compile',
    'gateway/errors',
    'gateway/exchange',
    'gateway/route',
    'gateway/telemetry',
    'gateway/upstream',
  ],
  'gateway/mcp': [
    'lib/api',
    'gateway/compile',
    'gateway/errors',
    'gateway/exchange',
    'gateway/retry',
    'gateway/telemetry',
    'gateway/upstream',
  ],
  'gateway/proxy': [
    'gateway/compile',
    'gateway/errors',
    'gateway/exchange',
    'gateway/retry',
    'gateway/telemetry',
    'gateway/upstream',
  ],
  'gateway/http': [
    'lib/api',
    'gateway/compile',
    'gateway/errors',
    'gateway/exchange',
    'gateway/mcp',
    'gateway/policy',
    'gateway/route',
    'gateway/telemetry',
    'gateway/upstream',
  ],
  'gateway/controller': ['lib/api', 'lib/workload', 'gateway/kubernetes', 'gateway/resolve', 'gateway/status'],
  'gateway/admin': ['lib/api', 'gateway/compile', 'gateway/route', 'gateway/status'],
};

/** Parts that wire the others, and so may import all of them. */
const WIRING = ['gateway', 'gateway/cli', 'gateway/demo'];

/** Packages that these parts alone may import. */
const OWNED: Readonly<Record<string, readonly string[]>> = {
  undici: ['gateway/upstream', 'gateway/kubernetes'],
  'prom-client': ['gateway/telemetry'],
  '@opentelemetry/': ['gateway/telemetry'],
  '@grpc/': ['gateway/telemetry'],
  '@marcbachmann/cel-js': ['lib/cel'],
  yaml: ['gateway/source', 'gateway/kubernetes'],
};
/** Stages that compute and nothing else. */
const PURE = ['gateway/resolve', 'gateway/compile', 'lib/api'];

const MAX_LINES = 400;
const MAX_FILES = 12;

interface Import {
  readonly file: string;
  readonly part: string;
  readonly target: string;
}

const sources = globSync('{lib,gateway}/**/*.ts').sort();
const handWritten = [...sources, ...globSync('test/**/*.ts')].sort();

/** `gateway/telemetry/export/queue.ts` belongs to `gateway/telemetry`, `gateway/main.ts` to `gateway`. */
const partOf = (path: string): string => dirname(path).split('/').slice(0, 2).join('/');

const imports: readonly Import[] = sources.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)'|\bimport\('([^']+)'\)/gm)].map(
    ([, fixed, lazy]) => {
      const specifier = fixed ?? lazy ?? '';
      return {
        file,
        part: partOf(file),
        target: specifier.startsWith('.') ? join(dirname(file), specifier) : specifier,
      };
    },
  ),
);

const describeImport = ({ file, target }: Import): string => `${file} imports ${target}`;
const isLocal = ({ target }: Import): boolean => /^(lib|gateway)\//.test(target);

describe('structure', () => {
  test('imports are found', () => {
    expect(imports.filter(isLocal).length).toBeGreaterThan(100);
  });

  test('parts import only what is below them', () => {
    const wrong = imports.filter(({ part, target, file }) => {
      if (!isLocal({ part, target, file }) || partOf(target) === part || WIRING.includes(part)) return false;
      const allowed = MAY_IMPORT[part] ?? [];
      return !allowed.some((prefix) => target === `${prefix}.ts` || target.startsWith(`${prefix}/`));
    });
    expect(wrong.map(describeImport)).toEqual([]);
  });

  test('every part has a rule', () => {
    const known = new Set([...Object.keys(MAY_IMPORT), ...WIRING]);
    expect([...new Set(sources.map(partOf))].filter((part) => !known.has(part))).toEqual([]);
  });

  test('a package that stands for one concern is imported where that is dealt with', () => {
    const wrong = imports.filter(({ part, target }) => {
      if (part === 'gateway/demo') return false;
      const owner = Object.entries(OWNED).find(
        ([name]) => target === name || target.startsWith(name.replace(/\/?$/, '/')),
      );
      return owner !== undefined && !owner[1].includes(part);
    });
    expect(wrong.map(describeImport)).toEqual([]);
  });

  test('resolve and compile touch nothing of Node', () => {
    const wrong = imports.filter(({ part, target }) => PURE.includes(part) && target.startsWith('node:'));
    expect(wrong.map(describeImport)).toEqual([]);
  });

  test('only main.ts touches process', () => {
    const wrong = sources.filter(
      (file) =>
        file.startsWith('gateway/') &&
        !['gateway/main.ts', 'gateway/bundle.ts'].includes(file) &&
        /^(?!\s*(\/\/|\*|\/\*)).*(?<![\w.'"`-])process\.(argv|env|exit|stdout|stderr|on|kill|pid)\b/m.test(
          readFileSync(file, 'utf8'),
        ),
    );
    expect(wrong).toEqual([]);
  });

  test(`no file is longer than ${MAX_LINES} lines`, () => {
    const long = handWritten.filter((file) => readFileSync(file, 'utf8').split('\n').length - 1 > MAX_LINES);
    expect(long).toEqual([]);
  });

  test(`no folder holds more than ${MAX_FILES} files`, () => {
    const counts = Map.groupBy(sources, dirname);
    expect([...counts].filter(([, files]) => files.length > MAX_FILES).map(([folder]) => folder)).toEqual([]);
  });
});
