import type {
  INetworkPolicy,
  INetworkPolicyEgressRule,
  INetworkPolicyPort,
} from 'kubernetes-models/networking.k8s.io/v1';
import type { Arrow, Member } from './arrows.ts';
import { type Pods, peerOf } from './peers.ts';

/** DNS, wherever the cluster has it. */
const NAMES: INetworkPolicyEgressRule = {
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

const tcp = (ports: readonly number[]): INetworkPolicyPort[] => ports.map((port) => ({ protocol: 'TCP', port }));

const portsOf = ({ ports, udp }: Arrow): INetworkPolicyPort[] => [
  ...tcp(ports),
  ...(udp === undefined ? [] : ports.map((port) => ({ protocol: 'UDP' as const, port }))),
];

const isSame = (a: Pods, b: Pods): boolean => a.name === b.name && a.namespace === b.namespace;

/** Who may talk to the member's pods, and whom they may talk to: what the arrows say, and nothing else. */
export const policyOf = (
  { pods, reach, open = [] }: Member,
  arrows: readonly Arrow[],
  apiPorts: readonly number[],
): NonNullable<INetworkPolicy['spec']> => {
  const to = arrows.filter((arrow) => isSame(arrow.to, pods));
  const from = arrows.filter((arrow) => isSame(arrow.from, pods));
  const egress =
    reach === 'anywhere'
      ? {}
      : {
          egress: [
            NAMES,
            ...from.map((arrow) => ({ to: [peerOf(arrow.to)], ports: portsOf(arrow) })),
            ...(reach === 'api' ? [{ ports: tcp(apiPorts) }] : []),
          ],
        };
  const ingress = [
    ...to.map((arrow) => ({ from: [peerOf(arrow.from)], ports: portsOf(arrow) })),
    ...(open.length === 0 ? [] : [{ ports: open.map((range) => ({ protocol: 'TCP' as const, ...range })) }]),
  ];
  return {
    podSelector: { matchLabels: { ...pods.labels } },
    policyTypes: reach === 'anywhere' ? ['Ingress'] : ['Ingress', 'Egress'],
    // An empty list is not kept: each apply would change the object.
    ...(ingress.length === 0 ? {} : { ingress }),
    ...egress,
  };
};
