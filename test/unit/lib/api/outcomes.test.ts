import { expect, test } from '@jest/globals';
import { ERRORS, type ErrorCode } from '../../../../gateway/errors.ts';
import { outcomeOf } from '../../../../gateway/telemetry/outcome.ts';
import { DENIED_ERROR_TYPES } from '../../../../lib/api/telemetry/outcomes.ts';
import { aRecord } from '../../../support/telemetry/record.ts';

/** Tail sampling keeps denials by these types of errors: they are the ones whose outcome the gateway calls so. */
test('errors of these types are denials, and no others', () => {
  const denied = (Object.keys(ERRORS) as ErrorCode[]).filter((type) => {
    const { reason, message } = ERRORS[type];
    return outcomeOf(aRecord({ reason, error: { type, message } })) === 'denied';
  });
  expect(denied).toEqual([...DENIED_ERROR_TYPES]);
});
