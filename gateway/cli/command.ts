import { parseArgs } from 'node:util';
import { suggest } from '../source/suggest.ts';

/** A wrong command line, in one line for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface OptionSpec {
  /** Name of its value in the help; absent: it takes none. */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly multiple?: boolean;
  /** One letter. */
  readonly short?: string;
  readonly help: string;
}

export interface CommandSpec {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly usage: string;
  /** What the options do not say. */
  readonly details?: readonly string[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Arguments without an option: how many are fine. */
  readonly positionals: boolean;
}

export interface Arguments {
  /** Values of an option in the order given; empty if there are none. */
  readonly all: (option: string) => readonly string[];
  /** The last value, or the default. */
  readonly one: (option: string) => string | undefined;
  readonly positionals: readonly string[];
  readonly help: boolean;
}

/** Every command has it. */
export const HELP: OptionSpec = { help: 'show this text' };

/** @throws {UsageError} */
export const parseCommand = (spec: CommandSpec, argv: readonly string[]): Arguments => {
  const specs: Readonly<Record<string, OptionSpec>> = { ...spec.options, help: HELP };
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { value, short }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: true,
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
  rejectUnknown(spec, Object.keys(specs), argv, options);
  const { values, positionals } = strictly(spec, argv, options);
  const all = (option: string): readonly string[] => ((values[option] ?? []) as readonly unknown[]).map(String);
  const help = values.help !== undefined;
  if (!help) check(spec, specs, all, positionals);
  return { all, one: (option) => all(option).at(-1) ?? specs[option]?.default, positionals, help };
};

type ParseOptions = NonNullable<Parameters<typeof parseArgs>[0]>['options'];

const rejectUnknown = (
  spec: CommandSpec,
  names: readonly string[],
  argv: readonly string[],
  options: ParseOptions,
): void => {
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...options },
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option' || names.includes(token.name)) continue;
    const meant = suggest(token.name, names);
    throw usage(
      spec,
      `unknown option ${quote(token.rawName)}${meant === undefined ? '' : `, did you mean --${meant}?`}`,
    );
  }
};

const strictly = (spec: CommandSpec, argv: readonly string[], options: ParseOptions) => {
  try {
    return parseArgs({ args: [...argv], options: { ...options }, strict: true, allowPositionals: true });
  } catch (error) {
    // Further sentences of Node's messages explain `=` and `--`.
    const [first = ''] = (error as Error).message.split(/\.\s|\n/);
    throw usage(spec, first.charAt(0).toLowerCase() + first.slice(1));
  }
};

const check = (
  spec: CommandSpec,
  specs: Readonly<Record<string, OptionSpec>>,
  all: Arguments['all'],
  positionals: readonly string[],
): void => {
  if (!spec.positionals && positionals.length > 0) throw usage(spec, `unexpected argument ${quote(positionals[0])}`);
  for (const [name, { choices, multiple, value }] of Object.entries(specs)) {
    const given = all(name);
    if (given.length > 1 && multiple !== true && value !== undefined) throw usage(spec, `--${name} is given twice`);
    const wrong = choices && given.find((text) => !choices.includes(text));
    if (choices !== undefined && wrong !== undefined) {
      const meant = suggest(wrong, choices);
      const hint = meant === undefined ? choices.join(', ') : meant;
      throw usage(spec, `--${name} ${quote(wrong)} is not valid, did you mean ${hint}?`);
    }
  }
};

/** An error about a command's arguments, with the place to read on. */
export const usage = ({ name }: { readonly name: string }, message: string): UsageError =>
  new UsageError(`tooltrail ${name}: ${message} (tooltrail ${name} --help)`);

/** On one line, whatever was typed. */
export const quote = (text: string | undefined): string => JSON.stringify(text ?? '');
