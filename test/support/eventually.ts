/** Milliseconds after which a wait fails. */
const LONGEST = 30_000;

/** Resolves when the condition holds; rejects when it does not in time. */
export const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  for (const deadline = Date.now() + LONGEST; !(await condition()); ) {
    if (Date.now() > deadline) throw new Error(`not within ${LONGEST} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
