/** What keeps the demo from running, in words for the person who started it. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}
