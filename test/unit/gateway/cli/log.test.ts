import { describe, expect, test } from '@jest/globals';
import { LineWriter } from '../../../../gateway/cli/lines.ts';
import { createLog } from '../../../../gateway/cli/log.ts';

const TIME = 1_772_000_000_000.25;

const logged = (format: 'text' | 'json', message: string, fields?: Readonly<Record<string, string>>): string => {
  let text = '';
  const log = createLog(
    format,
    (written) => {
      text += written;
    },
    () => TIME,
  );
  log('warn', message, fields);
  return text;
};

describe('createLog', () => {
  test('text, in the shape of the access log', () => {
    expect(logged('text', 'a "port" has a problem', { port: '3000', cause: 'in use' })).toBe(
      '2026-02-25T06:13:20.000250Z\twarn\tgateway a "port" has a problem port=3000 cause="in use"\n',
    );
  });

  test('JSON', () => {
    expect(JSON.parse(logged('json', 'message', { port: '3000' }))).toEqual({
      level: 'warn',
      time: '2026-02-25T06:13:20.000250Z',
      scope: 'gateway',
      message: 'message',
      port: '3000',
    });
  });

  test.each(['text', 'json'] as const)('%s: whatever is in it, it is one line without control characters', (format) => {
    const evil = 'a\nb\r\u001b[31m\u0085\u2028\u202e\u0000"\\';
    const line = logged(format, evil, { cause: evil });
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(line.slice(0, -1).replaceAll('\t', '')).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
  });
});

describe('LineWriter', () => {
  test('writes the lines of one turn together', () => {
    const written: string[] = [];
    const deferred: (() => void)[] = [];
    const writer = new LineWriter(
      (text) => void written.push(text),
      (run) => void deferred.push(run),
    );
    writer.line('a');
    writer.line('b');
    expect(written).toEqual([]);
    deferred.shift()?.();
    writer.line('c');
    deferred.shift()?.();
    expect(written).toEqual(['a\nb\n', 'c\n']);
    expect(deferred).toEqual([]);
  });

  test('does not let much wait', () => {
    const written: string[] = [];
    const writer = new LineWriter(
      (text) => void written.push(text),
      () => {},
    );
    writer.line('x'.repeat(70_000));
    expect(written).toHaveLength(1);
  });

  test('flush writes what waits, and nothing twice', () => {
    const written: string[] = [];
    const deferred: (() => void)[] = [];
    const writer = new LineWriter(
      (text) => void written.push(text),
      (run) => void deferred.push(run),
    );
    writer.line('a');
    writer.flush();
    writer.flush();
    deferred.shift()?.();
    expect(written).toEqual(['a\n']);
  });
});
