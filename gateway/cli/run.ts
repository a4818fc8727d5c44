import { suggest } from '../source/suggest.ts';
import { check } from './check.ts';
import { type Arguments, type CommandSpec, parseCommand, quote, UsageError } from './command.ts';
import {
  CHECK_COMMAND,
  COMMANDS,
  CONTROLLER_COMMAND,
  DEMO_COMMAND,
  FILL_SECRET_COMMAND,
  GATEWAY_COMMAND,
} from './commands.ts';
import { commandHelp, overview } from './help.ts';
import type { Host } from './host.ts';
import { control } from './kubernetes/controller.ts';
import { fillSecret } from './kubernetes/fill-secret.ts';
import { serve } from './serve.ts';

/** Exit code for a wrong command line. */
const USAGE = 2;

const demo = async (_args: Arguments, host: Host): Promise<number> => {
  // Only who runs it pays for loading it.
  const { runDemo } = await import('../demo/demo.ts');
  const stop = new AbortController();
  host.onSignal(() => stop.abort());
  const { env, execPath, script } = host;
  const write = (line: string): void => host.stdout(`${line}\n`);
  return runDemo({ write, env, execPath, script, random: host.randomBytes, signal: stop.signal });
};

const RUN: ReadonlyMap<CommandSpec, (args: Arguments, host: Host) => Promise<number>> = new Map([
  [GATEWAY_COMMAND, serve],
  [CONTROLLER_COMMAND, control],
  [FILL_SECRET_COMMAND, fillSecret],
  [CHECK_COMMAND, check],
  [DEMO_COMMAND, demo],
]);

/** Runs a command line, without `node` and the script. Resolves to the exit code. */
export const run = async (argv: readonly string[], host: Host): Promise<number> => {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    (name === undefined ? host.stderr : host.stdout)(overview(host.version, COMMANDS));
    return name === undefined ? USAGE : 0;
  }
  if (name === '--version') {
    host.stdout(`${host.version}\n`);
    return 0;
  }
  try {
    const command = commandNamed(name);
    const args = parseCommand(command, rest);
    if (args.help) {
      host.stdout(commandHelp(command));
      return 0;
    }
    return (await RUN.get(command)?.(args, host)) ?? USAGE;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    host.stderr(`${error.message}\n`);
    return USAGE;
  }
};

const commandNamed = (name: string): CommandSpec => {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const names = COMMANDS.map((candidate) => candidate.name);
  const meant = suggest(name, [...names, '--help', '--version']);
  throw new UsageError(
    `tooltrail: unknown command ${quote(name)}, ${meant === undefined ? `the commands are ${names.join(', ')}` : `did you mean ${meant}?`}`,
  );
};
