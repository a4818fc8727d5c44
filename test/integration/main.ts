import { spawnSync } from 'node:child_process';
import { definitions } from '../components/definitions.ts';
import { Unavailable } from '../components/go.ts';
import { locate } from '../components/locate.ts';
import { CONTROL_PLANE, TELEMETRY } from '../components/programs.ts';

/** Runs the tests of this folder with real parts. Arguments are jest's. */
const say = (line: string): void => console.error(line);

const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];

const missing = async (): Promise<string | undefined> => {
  try {
    for (const program of [...CONTROL_PLANE, ...TELEMETRY]) await locate(program, process.env, say);
    await definitions('gateway-api', process.env);
    await definitions('prometheus-operator', process.env);
    return undefined;
  } catch (error) {
    if (error instanceof Unavailable) return error.message;
    throw error;
  }
};

const reason = await missing();
if (reason !== undefined) {
  const ci = (process.env.CI ?? '') !== '';
  say(
    `\nSKIPPED: all tests of test/integration/. They run a real API server, Collector, Tempo and Prometheus, and there is no\n\n  ${reason}.\n`,
  );
  if (ci) say('CI is set, so that is a failure.');
  process.exit(ci ? 1 : 0);
}
const { status } = spawnSync(
  process.execPath,
  [...JEST, '--config', 'test/integration/jest.config.ts', ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
