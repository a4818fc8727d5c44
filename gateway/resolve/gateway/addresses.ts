import type { Gateway } from '../../../lib/api/gateway-api.ts';

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
/** Form only: whether it is an address of the machine shows when it is bound. */
const IPV6 = /^(?=.*:.*:)[0-9A-Fa-f:]{2,39}(?:%[\w.-]+)?$/;

export const isIpAddress = (text: string): boolean => IPV4.test(text) || IPV6.test(text);

/** The addresses that a Gateway asks for, or why one of them is not supported. One without a value asks for any, as none at all does. */
export const resolveAddresses = ({ spec }: Gateway): readonly string[] | string => {
  const addresses: string[] = [];
  for (const [index, { type = 'IPAddress', value = '' }] of (spec.addresses ?? []).entries()) {
    if (type !== 'IPAddress') return `spec.addresses[${index}]: type ${type} is not supported, only IPAddress`;
    if (value === '') continue;
    if (!isIpAddress(value)) return `spec.addresses[${index}]: ${JSON.stringify(value)} is no IP address`;
    addresses.push(value);
  }
  return [...new Set(addresses)];
};
