import { readFileSync } from 'node:fs';

/** Clock ticks a second in /proc: 100 on every Linux that Node runs on. */
const TICKS = 100;
const MIB = 1_024;

/** What a process has used: only Linux says so in files. */
export interface Usage {
  /** Resident, MiB. */
  readonly memory: number;
  /** Of all its threads, milliseconds since its start. */
  readonly cpu: number;
}

export const usageOf = (pid: number): Usage | undefined => {
  try {
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    // The name, in parentheses, may hold spaces: fields are counted from behind it. proc(5): utime and stime are the 14th and 15th.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return {
      memory: Number(resident) / MIB,
      cpu: ((Number(fields[11]) + Number(fields[12])) / TICKS) * 1_000,
    };
  } catch {
    return undefined;
  }
};
