/** Longest name of a Service, and of whatever else ends up in a label. */
const MAX_NAME = 63;
const KEPT = 50;
const HASH_DIGITS = 12;

/**
 * Name of what is deployed for a Gateway: its own, as in the compatible system. One that is too long for a Service, or holds a dot, keeps
 * its beginning and is told apart by a hash of the whole.
 * @param sha256 in hexadecimal digits
 */
export const workloadName = (gateway: string, sha256: (text: string) => string): string => {
  if (gateway.length <= MAX_NAME && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(gateway)) return gateway;
  const start = gateway
    .slice(0, KEPT)
    .replaceAll('.', '-')
    .replace(/^[^a-z]+/, '')
    .replace(/-+$/, '');
  return `${start === '' ? 'gateway' : start}-${sha256(gateway).slice(0, HASH_DIGITS)}`;
};
