import { resolve } from 'node:path';
import { run } from './command.ts';
import { driver } from './driver.ts';
import { session } from './session.ts';

/** dist/ in a cluster, and the tests of this folder. Arguments are jest's. */
const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];

await session('e2e', async (step) => {
  await step('dist/ applied', () => driver.kubectl.apply(resolve('dist')));
  await step('tests passed', () =>
    run(process.execPath, [...JEST, '--config', 'test/e2e/jest.config.ts', ...process.argv.slice(2)]),
  );
});
