import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from '../../../../gateway/cli/commands.ts';
import { run } from '../../../../gateway/cli/run.ts';
import { aHost } from '../../../support/cli/host.ts';

const runLine = async (...argv: readonly string[]) => {
  const host = aHost();
  const exit = await run(argv, host);
  return { exit, out: host.out.join(''), err: host.err.join('') };
};

describe('help', () => {
  test.each(['--help', '-h', 'help'])('%s lists the commands', async (word) => {
    const { exit, out, err } = await runLine(word);
    expect([exit, err]).toEqual([0, '']);
    for (const { name, summary } of COMMANDS)
      expect(out).toContain(`  ${name.padEnd('fill-secret'.length)}  ${summary}\n`);
  });

  test('nothing at all: the same, as an error', async () => {
    const { exit, out, err } = await runLine();
    expect([exit, out]).toEqual([2, '']);
    expect(err).toMatch(/^tooltrail 1\.2\.3: /);
  });

  test.each(COMMANDS.map((command) => [command.name, command] as const))(
    'tooltrail %s --help names every option, within 100 columns',
    async (name, command) => {
      const { exit, out } = await runLine(name, '--help');
      expect(exit).toBe(0);
      expect(out.startsWith(`${command.usage}\n`)).toBe(true);
      for (const option of Object.keys(command.options))
        expect(out).toMatch(new RegExp(`^  (?:-., |    )?--${option} `, 'm'));
      expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
    },
  );

  test('choices and defaults are told', async () => {
    const { out } = await runLine('gateway', '--help');
    expect(out.replaceAll(/\s+/g, ' ')).toContain('one of text, json; default text');
    expect(out).toContain('default 127.0.0.1:15000');
  });
});

test('--version', async () => {
  expect(await runLine('--version')).toEqual({ exit: 0, out: '1.2.3\n', err: '' });
});

describe('a wrong command line is one line on stderr and exit code 2', () => {
  test.each([
    [['gatway'], 'tooltrail: unknown command "gatway", did you mean gateway?\n'],
    [['--versoin'], 'tooltrail: unknown command "--versoin", did you mean --version?\n'],
    [
      ['frobnicate'],
      'tooltrail: unknown command "frobnicate", the commands are gateway, controller, fill-secret, check, demo\n',
    ],
    [['check'], 'tooltrail check: a PATH is missing (tooltrail check --help)\n'],
    [['gateway'], 'tooltrail gateway: --config PATH or --kubernetes is missing (tooltrail gateway --help)\n'],
  ])('%j', async (argv, err) => {
    expect(await runLine(...argv)).toEqual({ exit: 2, out: '', err });
  });
});

test('a gateway without its files: exit code 1', async () => {
  expect(await runLine('gateway', '--config', 'nowhere')).toEqual({
    exit: 1,
    out: '',
    err: 'tooltrail gateway: nowhere: no such file or folder\n',
  });
});
