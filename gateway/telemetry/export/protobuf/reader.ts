/** A varint as number, anything else as its bytes. */
export type FieldValue = number | Uint8Array;

/** The last value of a field, as protobuf has it for repeated singular fields. */
export function field(message: Uint8Array, number: number): FieldValue | undefined {
  return fields(message, number).at(-1);
}

/** All values of a field, up to the first malformed byte. Varints beyond 2^53 are negative or nonsense here: 0. */
export function fields(message: Uint8Array, number: number): FieldValue[] {
  const found: FieldValue[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag % 8;
    let value: FieldValue;
    if (wireType === 0) {
      const integer = varint();
      value = Number.isSafeInteger(integer) ? integer : 0;
    } else {
      const size = wireType === 1 ? 8 : wireType === 5 ? 4 : wireType === 2 ? varint() : Number.NaN;
      if (!(at + size <= message.length)) return found;
      value = message.subarray(at, at + size);
      at += size;
    }
    if (Math.floor(tag / 8) === number) found.push(value);
  }
  return found;
}
