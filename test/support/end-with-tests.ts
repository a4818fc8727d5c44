// Loaded into a child process before its own code: it ends when whoever holds the other end of its standard input is gone, however
// that happened.
process.stdin.on('close', () => process.exit(1)).resume();
(process.stdin as unknown as { unref(): void }).unref();
