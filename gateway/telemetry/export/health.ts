import type { ExportOutcome } from './transport.ts';

export type WriteLog = (level: 'info' | 'warn', message: string, fields: Readonly<Record<string, string>>) => void;

/** Turns what happens to batches and their entries into one log line per change of state, however many entries are concerned. */
export interface ExportHealth {
  /** A batch was delivered or not. `relieved`: less than a batch waits. */
  attempted(outcome: ExportOutcome, relieved: boolean): void;
  /** An entry was dropped because the queue was full. */
  overflowed(): void;
}

/** @param entries `spans`, or whatever is exported. */
export function watchHealth(entries: string, collector: string, log: WriteLog): ExportHealth {
  let state: 'ok' | 'refused' | 'failing' = 'ok';
  let overflowing = false;
  return {
    attempted(outcome, relieved) {
      if (relieved) overflowing = false;
      const next = !outcome.ok ? 'failing' : outcome.rejectedSpans > 0 ? 'refused' : 'ok';
      if (next === state) return;
      state = next;
      if (next === 'ok') log('info', `${entries} are exported again`, { collector });
      else if (next === 'refused')
        log('warn', `the collector refuses ${entries}`, { collector, cause: outcome.message });
      else
        log('warn', `${entries} cannot be exported: batches are retried, then dropped and counted`, {
          collector,
          cause: outcome.message,
        });
    },
    overflowed() {
      if (overflowing) return;
      overflowing = true;
      log('warn', `${entries} are dropped and counted: the queue to the collector is full`, { collector });
    },
  };
}
