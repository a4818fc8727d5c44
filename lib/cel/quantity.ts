import { CelEvaluationError } from './expression.ts';

/** Powers of ten and of two, in nano units. */
const NANO = 1_000_000_000n;
const SUFFIXES: ReadonlyMap<string, bigint> = new Map([
  ['n', 1n],
  ['u', 1000n],
  ['m', 1_000_000n],
  ['', NANO],
  ...['k', 'M', 'G', 'T', 'P', 'E'].map((suffix, index) => [suffix, NANO * 1000n ** BigInt(index + 1)] as const),
  ...['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((suffix, index) => [suffix, NANO * 1024n ** BigInt(index + 1)] as const),
]);
/** Digits of a quantity, as the CRDs bound them. */
const MAX_LENGTH = 32;

/** A Kubernetes quantity, `1.5Gi`: exact to a billionth. Source: the CEL library of Kubernetes. */
export class Quantity {
  readonly nano: bigint;

  constructor(nano: bigint) {
    this.nano = nano;
  }

  /** @throws {CelEvaluationError} when the text is none. */
  static parse(text: string): Quantity {
    const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,2})|([A-Za-z]{0,2}))$/.exec(
      text.slice(0, MAX_LENGTH + 1),
    );
    const [, sign, whole = '', fraction = '', exponent = '0', suffix = ''] = parts ?? [];
    const unit = SUFFIXES.get(suffix);
    if (text.length > MAX_LENGTH || unit === undefined || whole + fraction === '') {
      throw new CelEvaluationError('quantity: not a quantity');
    }
    const shift = Number(exponent) - fraction.length;
    const digits = BigInt(whole + fraction) * unit;
    const nano = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
    return new Quantity(sign === '-' ? -nano : nano);
  }
}
