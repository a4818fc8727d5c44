import type { FileSystem } from '../source/files.ts';
import type { Clock } from '../telemetry/export/transport.ts';

/** The process that a command runs in, as far as commands may touch it. */
export interface Host {
  /** Of tooltrail. */
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Buffer;
  readonly randomUuid: () => string;
  /** Write text as it is; a reader that went away is no error. */
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** SIGTERM and SIGINT no longer end the process, but come here. */
  readonly onSignal: (listener: (signal: Signal) => void) => void;
  /** Exceptions and rejections that nobody caught no longer end the process, but come here. */
  readonly onDefect: (listener: (error: unknown) => void) => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
  /** Node, and the file that it was started with. */
  readonly execPath: string;
  readonly script: string;
}

export type Signal = 'SIGTERM' | 'SIGINT';

/** Exit code of a process that a signal ended, as shells have it. */
export const signalExitCode = (signal: Signal): number => 128 + { SIGINT: 2, SIGTERM: 15 }[signal];

/** Resolves with the first signal; a second one ends the process. */
export const firstSignal = (host: Pick<Host, 'onSignal' | 'exit'>): Promise<Signal> =>
  new Promise((resolve) => {
    let seen = false;
    host.onSignal((signal) => {
      if (seen) host.exit(signalExitCode(signal));
      seen = true;
      resolve(signal);
    });
  });
