import { describe } from '../source/files.ts';
import type { Arguments } from './command.ts';
import { firstSignal, type Host } from './host.ts';
import { createLog } from './log.ts';
import { gatewayOptions } from './options.ts';
import { stackOf, startRuntime } from './runtime.ts';

/** `tooltrail gateway`: serves until a signal comes. Resolves to the exit code. */
export const serve = async (args: Arguments, host: Host): Promise<number> => {
  const options = gatewayOptions(args, host.env);
  const log = createLog(options.logFormat, host.stderr, () => host.clock.now());
  for (const path of options.paths) {
    try {
      await host.fs.promises.stat(path);
    } catch (error) {
      host.stderr(`tooltrail gateway: ${path}: ${describe(error)}\n`);
      return 1;
    }
  }
  const signals = firstSignal(host);
  // Whatever went wrong, it did so in one request or one reload: ending the process would end those of everybody else.
  host.onDefect((error) =>
    log('error', 'an unforeseen error was caught, and the gateway goes on', { cause: stackOf(error) }),
  );
  if (options.sessionKey === undefined) {
    log('info', 'SESSION_KEY is not set: sessions are sealed with a random key, and end with this process');
  }
  let runtime: Awaited<ReturnType<typeof startRuntime>>;
  try {
    runtime = await startRuntime(options, host, log);
  } catch (error) {
    host.stderr(`tooltrail gateway: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
  const signal = await signals;
  log('info', 'stopping: no new requests, those under way may end; a second signal ends them at once', { signal });
  await runtime.stop();
  log('info', 'stopped');
  return 0;
};
