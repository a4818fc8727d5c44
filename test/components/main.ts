import { locate } from './locate.ts';
import { CONFORMANCE, CONTROL_PLANE, PROGRAMS, type Program, TELEMETRY } from './programs.ts';

/** Builds the named programs, or those of a named group, and prints where each is. */
const GROUPS: Readonly<Record<string, readonly Program[]>> = {
  'control-plane': CONTROL_PLANE,
  conformance: CONFORMANCE,
  telemetry: TELEMETRY,
  all: Object.keys(PROGRAMS) as Program[],
};

const named = (name: string): readonly Program[] => {
  const programs = GROUPS[name] ?? (Object.hasOwn(PROGRAMS, name) ? [name as Program] : undefined);
  if (programs === undefined) {
    console.error(`no component ${name}; known: ${[...Object.keys(GROUPS), ...Object.keys(PROGRAMS)].join(' ')}`);
    process.exit(2);
  }
  return programs;
};

const asked = process.argv.slice(2);
const programs = new Set((asked.length === 0 ? ['all'] : asked).flatMap(named));
try {
  for (const program of programs) console.log(await locate(program, process.env, (line) => console.error(line)));
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
