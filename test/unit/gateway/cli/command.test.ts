import { describe, expect, test } from '@jest/globals';
import { parseCommand } from '../../../../gateway/cli/command.ts';
import { CHECK_COMMAND, DEMO_COMMAND, GATEWAY_COMMAND } from '../../../../gateway/cli/commands.ts';
import { gatewayOptions } from '../../../../gateway/cli/options.ts';

const parse = (line: string, env: Readonly<Record<string, string>> = {}) =>
  gatewayOptions(parseCommand(GATEWAY_COMMAND, line.split(' ').filter(Boolean)), env);

describe('tooltrail gateway', () => {
  test('has defaults for all but what to serve', () => {
    expect(parse('--config a')).toEqual({
      paths: ['a'],
      bind: undefined,
      listen: new Map(),
      admin: { host: '127.0.0.1', port: 15000 },
      stats: { host: '0.0.0.0', port: 15020 },
      readiness: { host: '0.0.0.0', port: 15021 },
      connectTo: new Map(),
      referenceGrants: 'route-and-policy',
      logFormat: 'text',
      traceContext: 'parent',
      keepErrors: false,
      audit: false,
      spanNames: 'post',
      sessionKey: undefined,
      shutdown: { linger: 0, drain: 30_000, flush: 5_000 },
      batches: { spans: {}, logRecords: {} },
    });
  });

  test.each([
    ['--config a --config b', ['a', 'b']],
    ['--config a b', ['a', 'b']],
    ['a b', ['a', 'b']],
    ['--config=a -- --b', ['a', '--b']],
  ])('%s', (line, paths) => {
    expect(parse(line).paths).toEqual(paths);
  });

  test('takes every option', () => {
    const line =
      '--config a --bind :: --listen 80=8080 --listen 443=8443 --admin [::1]:1 --stats localhost:2 --readiness 127.0.0.1:0 --connect-to A.b:443=127.0.0.1:1 ' +
      '--connect-to c:80=[::1]:2 --reference-grants none --log-format json --span-names semconv';
    expect(parse(line)).toMatchObject({
      bind: '::',
      listen: new Map([
        [80, 8080],
        [443, 8443],
      ]),
      admin: { host: '::1', port: 1 },
      stats: { host: 'localhost', port: 2 },
      readiness: { host: '127.0.0.1', port: 0 },
      connectTo: new Map([
        ['a.b:443', { host: '127.0.0.1', port: 1 }],
        ['c:80', { host: '::1', port: 2 }],
      ]),
      referenceGrants: 'none',
      logFormat: 'json',
      spanNames: 'semconv',
    });
  });

  test.each([
    ['', '--config PATH or --kubernetes is missing'],
    ['--config', `option '--config <value>' argument missing`],
    ['--config --stats x:1', `option '--config' argument is ambiguous`],
    ['--conifg a', 'unknown option "--conifg", did you mean --config?'],
    ['a --reference-grant none', 'unknown option "--reference-grant", did you mean --reference-grants?'],
    ['a --something-else', 'unknown option "--something-else"'],
    ['a -c', 'unknown option "-c"'],
    ['a --log-format jsn', '--log-format "jsn" is not valid, did you mean json?'],
    ['a --span-names x', '--span-names "x" is not valid, did you mean post, semconv?'],
    ['a --admin 1:1 --admin 2:2', '--admin is given twice'],
    ['a --admin 15000', '--admin "15000" is no HOST:PORT'],
    ['a --stats localhost:65536', '--stats "localhost:65536" is no HOST:PORT'],
    ['a --readiness ::1:15021', '--readiness "::1:15021" is no HOST:PORT'],
    ['a --bind localhost', '--bind "localhost" is no IP address'],
    ['a --listen 80', '--listen "80" is no PORT=PORT'],
    ['a --listen 80=', '--listen "80=" is no PORT=PORT'],
    ['a --listen 0=80', '--listen "0=80" is no PORT=PORT'],
    ['a --listen 80=65536', '--listen "80=65536" is no PORT=PORT'],
    ['a --listen 80=::1:80', '--listen "80=::1:80" is no PORT=PORT'],
    ['a --listen 80=1 --listen 80=2', '--listen says twice where 80 is bound'],
    ['a --listen 80=1 --listen 81=1', '--listen binds two ports to 1'],
    ['a --kubernetes', '--config and --kubernetes do not go together'],
    ['a --kubeconfig b', '--kubeconfig goes with --kubernetes'],
    ['a --gateway b/c', '--gateway goes with --kubernetes'],
    ['a --write-status', '--write-status goes with --kubernetes'],
    ['--kubernetes --gateway b', '--gateway "b" is no NAMESPACE/NAME'],
    ['--kubernetes --gateway a/b/c', '--gateway "a/b/c" is no NAMESPACE/NAME'],
    ['a --connect-to b:1', '--connect-to: expected HOST:PORT=HOST:PORT, not "b:1"'],
    ['a --help=yes', `option '--help' does not take an argument`],
  ])('%j is refused in one line', (line, message) => {
    expect(() => parse(line)).toThrow(`tooltrail gateway: ${message} (tooltrail gateway --help)`);
  });

  test('the Kubernetes API takes the place of paths', () => {
    expect(parse('--kubernetes')).toMatchObject({
      paths: [],
      kubernetes: { kubeconfig: undefined, gateway: undefined, writeStatus: false },
    });
    expect(parse('--kubernetes --kubeconfig k --gateway a/b --write-status')).toMatchObject({
      kubernetes: { kubeconfig: 'k', gateway: 'a/b', writeStatus: true },
    });
    expect(parse('a').kubernetes).toBeUndefined();
  });

  test('a line break in an argument stays in its line', () => {
    expect(() => parseCommand(GATEWAY_COMMAND, ['--a\nb'])).toThrow(
      'tooltrail gateway: unknown option "--a\\nb" (tooltrail gateway --help)',
    );
  });
});

describe('SESSION_KEY', () => {
  const KEY = '00ff'.repeat(16);

  test.each([KEY, KEY.toUpperCase(), `${KEY}\n`])('%j', (text) => {
    expect(parse('a', { SESSION_KEY: text }).sessionKey).toEqual(Uint8Array.from(Buffer.from(KEY, 'hex')));
  });

  test.each([
    ['', 'it has 0 characters'],
    [KEY.slice(1), 'it has 63 characters'],
    [`${KEY.slice(2)}xy`, 'others are among them'],
  ])('%j is refused without being shown', (text, why) => {
    const refused = (): unknown => parse('a', { SESSION_KEY: text });
    expect(refused).toThrow(`SESSION_KEY must be 64 hexadecimal digits, but ${why}; openssl rand -hex 32 makes one`);
    expect(refused).not.toThrow(/00ff/);
  });
});

describe('batches', () => {
  test('of spans and of log records are as the environment says', () => {
    const env = { OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_BLRP_MAX_QUEUE_SIZE: '4096' };
    expect(parse('a', env).batches).toEqual({ spans: { delay: 100 }, logRecords: { maxQueue: 4096, maxBatch: 512 } });
    expect(() => parse('a', { OTEL_BLRP_SCHEDULE_DELAY: 'soon' })).toThrow(
      'OTEL_BLRP_SCHEDULE_DELAY is no number from 1 to 600000',
    );
  });
});

describe('the time to end', () => {
  const MIN = 'CONNECTION_MIN_TERMINATION_DEADLINE';
  const MAX = 'TERMINATION_GRACE_PERIOD_SECONDS';

  test.each([
    [{ [MIN]: '10s' }, { linger: 10_000, drain: 30_000 }],
    [{ [MAX]: '60' }, { linger: 0, drain: 53_000 }],
    [
      { [MIN]: '10s', [MAX]: '60' },
      { linger: 10_000, drain: 43_000 },
    ],
    // The spans come first: they are all that is left of the requests.
    [
      { [MIN]: '10s', [MAX]: '12' },
      { linger: 5_000, drain: 0 },
    ],
    [
      { [MIN]: '10s', [MAX]: '5' },
      { linger: 0, drain: 0 },
    ],
  ])('of %j is %j', (env, shutdown) => {
    expect(parse('a', env).shutdown).toEqual({ ...shutdown, flush: 5_000 });
  });

  test.each([
    [{ [MIN]: '10' }, `${MIN} "10" is no time in seconds such as 10s`],
    [{ [MIN]: '-1s' }, `${MIN} "-1s" is no time in seconds such as 10s`],
    [{ [MAX]: '60s' }, `${MAX} "60s" is no time in seconds such as 60`],
    [{ [MAX]: '99999' }, `${MAX} "99999" is no time in seconds such as 60`],
  ])('is not %j', (env, message) => {
    expect(() => parse('a', env)).toThrow(message);
  });
});

describe('other commands', () => {
  test('check takes paths', () => {
    expect(parseCommand(CHECK_COMMAND, ['a', 'b']).positionals).toEqual(['a', 'b']);
  });

  test('demo takes none', () => {
    expect(() => parseCommand(DEMO_COMMAND, ['a'])).toThrow('tooltrail demo: unexpected argument "a"');
  });

  test('help is had in spite of everything else that is wrong', () => {
    expect(parseCommand(GATEWAY_COMMAND, ['--help', '--log-format', 'x']).help).toBe(true);
  });
});
