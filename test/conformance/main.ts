import { type ConformanceCase, isCore, readCases } from './case.ts';
import { runPure, runSockets } from './run.ts';

/** Prints what becomes of each case; fails if one does. */
const attempt = async (run: typeof runPure, item: ConformanceCase): Promise<readonly string[]> => {
  try {
    return await run(item);
  } catch (error) {
    return [String(error)];
  }
};
const verdict = (problems: readonly string[]): string => (problems.length === 0 ? 'pass' : 'FAIL');

const cases = readCases();
const width = Math.max(...cases.map(({ name }) => name.length));
let failures = 0;
console.log(`${'Gateway API test'.padEnd(width)}  kind      pure  sockets`);
for (const item of cases) {
  const pure = await attempt(runPure, item);
  const sockets = await attempt(runSockets, item);
  const kind = (isCore(item) ? 'core' : 'extended').padEnd(8);
  console.log(`${item.name.padEnd(width)}  ${kind}  ${verdict(pure)}  ${verdict(sockets)}`);
  for (const problem of new Set([...pure, ...sockets])) console.log(`    ${problem}`);
  if (pure.length + sockets.length > 0) failures += 1;
}
const core = cases.filter(isCore).length;
console.log(`${core} core, ${cases.length - core} extended: ${failures === 0 ? 'all pass' : `${failures} fail`}`);
process.exitCode = failures === 0 ? 0 : 1;
