import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * For the environment of child processes: half of their start is compiling what the start before has compiled. Node keeps it here, where
 * it does by default when asked to.
 */
export const NODE_COMPILE_CACHE = join(tmpdir(), 'node-compile-cache');
