import { resolve } from 'node:path';
import { run } from './command.ts';
import { deployment } from './deploy.ts';
import { driver } from './driver.ts';
import { startEverything } from './everything.ts';
import { leftOut, notProven } from './left-out.ts';
import { loadPrograms } from './programs.ts';
import { session } from './session.ts';

/** The whole stack in a cluster, and the tests of this folder. Arguments are jest's. */
const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];

const nothingLeft = async (): Promise<void> => {
  const { out } = await driver.kubectl.run(['get', '--ignore-not-found', '-o', 'name', '-f', resolve('dist')]);
  if (out !== '') throw new Error(`these are left:\n${out}`);
};

await session('e2e', async (step) => {
  const parts = leftOut(process.env);
  await step('programs of the stack loaded', loadPrograms);
  await step('reference server started', startEverything);
  await step('stack deployed', () => deployment('deploy'));
  await step('tests passed', () =>
    run(process.execPath, [...JEST, '--config', 'test/e2e/jest.config.ts', ...process.argv.slice(2)]),
  );
  if (process.env.E2E_KEEP !== '1') {
    await step('stack taken away', () => deployment('undeploy'));
    await step('nothing of it is left', nothingLeft);
  }
  for (const part of parts) await step(notProven(part), async () => {});
});
