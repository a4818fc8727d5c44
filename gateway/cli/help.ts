import { type CommandSpec, HELP, type OptionSpec } from './command.ts';

const WIDTH = 100;

/** `tooltrail COMMAND --help`. */
export const commandHelp = ({ usage, summary, details = [], options }: CommandSpec): string =>
  lines([
    usage,
    '',
    ...wrap(summary, ''),
    ...details.flatMap((text) => ['', ...wrap(text, '')]),
    '',
    'Options:',
    ...optionLines({ ...options, help: HELP }),
  ]);

/** `tooltrail --help`. */
export const overview = (version: string, commands: readonly CommandSpec[]): string => {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return lines([
    `tooltrail ${version}: an MCP gateway that leaves a trail of every tool call`,
    '',
    'Usage: tooltrail COMMAND …',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'tooltrail COMMAND --help   its options',
    'tooltrail --version        the version',
  ]);
};

const optionLines = (options: Readonly<Record<string, OptionSpec>>): readonly string[] => {
  const unlettered = Object.values(options).some(({ short }) => short !== undefined) ? '    ' : '';
  const heads = Object.entries(options).map(
    ([name, { value, short }]) =>
      `  ${short === undefined ? unlettered : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
  );
  const width = Math.max(...heads.map(({ length }) => length)) + 2;
  return Object.values(options).flatMap((option, index) => {
    const [first = '', ...rest] = wrap(describe(option), ' '.repeat(width));
    return [`${(heads[index] ?? '').padEnd(width)}${first.trimStart()}`, ...rest];
  });
};

const describe = ({ help, choices, default: usual, multiple }: OptionSpec): string =>
  [
    help,
    ...(choices === undefined ? [] : [`one of ${choices.join(', ')}`]),
    ...(usual === undefined ? [] : [`default ${usual}`]),
    ...(multiple === true ? ['repeatable'] : []),
  ].join('; ');

const wrap = (text: string, indent: string): string[] => {
  const result: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > WIDTH && line.trim() !== '') {
      result.push(line);
      line = indent;
    }
    line += line.trim() === '' ? word : ` ${word}`;
  }
  return [...result, line];
};

const lines = (texts: readonly string[]): string => texts.map((text) => `${text.trimEnd()}\n`).join('');
