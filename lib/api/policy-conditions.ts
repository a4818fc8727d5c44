/** The conditions of policies, which `CONDITIONS` has among all others. */
export const POLICY_CONDITIONS = {
  // AgentgatewayPolicy
  PolicyAccepted: { type: 'Accepted', status: 'True', reason: 'Valid', message: 'Policy accepted', happy: true },
  PolicyPartiallyValid: {
    type: 'Accepted',
    status: 'True',
    reason: 'PartiallyValid',
    message: 'Parts of the policy are not valid',
  },
  PolicyInvalid: { type: 'Accepted', status: 'False', reason: 'Invalid', message: 'No part of the policy is valid' },
  PolicyAttached: {
    type: 'Attached',
    status: 'True',
    reason: 'Attached',
    message: 'Attached to all targets',
    happy: true,
  },
  PolicyNotAttached: {
    type: 'Attached',
    status: 'False',
    reason: 'Pending',
    message: 'Policy is not attached due to invalid status',
  },
  PolicyStatusSummarized: {
    type: 'StatusSummarized',
    status: 'True',
    reason: 'StatusSummarized',
    message: 'The policy reaches more Gateways than its status can name',
    happy: true,
  },
  // BackendTLSPolicy
  BackendTlsAccepted: {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'Successfully accepted BackendTLSPolicy',
    happy: true,
  },
  BackendTlsConflicted: {
    type: 'Accepted',
    status: 'False',
    reason: 'Conflicted',
    message: 'Another BackendTLSPolicy goes first',
  },
  BackendTlsTargetNotFound: {
    type: 'Accepted',
    status: 'False',
    reason: 'TargetNotFound',
    message: 'A target of the policy is not there',
  },
  BackendTlsInvalid: {
    type: 'Accepted',
    status: 'False',
    reason: 'Invalid',
    message: 'The policy asks for what is not supported',
  },
  BackendTlsNoValidCACertificate: {
    type: 'Accepted',
    status: 'False',
    reason: 'NoValidCACertificate',
    message: 'No caCertificateRef can be used',
  },
  BackendTlsResolvedRefs: {
    type: 'ResolvedRefs',
    status: 'True',
    reason: 'ResolvedRefs',
    message: 'Successfully resolved all references',
    happy: true,
  },
  BackendTlsInvalidCACertificateRef: {
    type: 'ResolvedRefs',
    status: 'False',
    reason: 'InvalidCACertificateRef',
    message: 'A caCertificateRef cannot be used',
  },
  BackendTlsInvalidKind: {
    type: 'ResolvedRefs',
    status: 'False',
    reason: 'InvalidKind',
    message: 'A caCertificateRef is of a kind that is not supported',
  },
} as const;
