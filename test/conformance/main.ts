import { isCore, readCases } from './case.ts';
import { runPure, runSockets } from './run.ts';

/** Prints what becomes of each case; fails if one does. */
const verdict = (problems: readonly string[]): string => (problems.length === 0 ? 'pass' : 'FAIL');

let failures = 0;
console.log(`${'Gateway API test'.padEnd(54)} ${'kind'.padEnd(10)} pure  sockets`);
for (const item of readCases()) {
  const pure = await runPure(item);
  const sockets = await runSockets(item);
  console.log(
    `${item.name.padEnd(54)} ${(isCore(item) ? 'core' : 'extended').padEnd(10)} ${verdict(pure)}  ${verdict(sockets)}`,
  );
  for (const problem of [...pure, ...sockets]) console.log(`    ${problem}`);
  if (pure.length + sockets.length > 0) failures += 1;
}
console.log(failures === 0 ? 'all pass' : `${failures} fail`);
process.exitCode = failures === 0 ? 0 : 1;
