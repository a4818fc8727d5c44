/** An entry of a tar archive; a folder where it has no content. */
export interface TarEntry {
  /** Relative. */
  readonly name: string;
  readonly mode: number;
  readonly content?: Buffer;
}

const BLOCK = 512;
const MAX_NAME = 100;
const MAX_PREFIX = 155;

/** A POSIX archive (ustar) of the entries as they come: of root, of the beginning of time, the same for the same input. */
export const tar = (entries: readonly TarEntry[]): Buffer =>
  Buffer.concat([
    ...entries.flatMap((entry) => {
      const { content = Buffer.alloc(0) } = entry;
      return [header(entry, content.length), content, Buffer.alloc(-content.length & (BLOCK - 1))];
    }),
    Buffer.alloc(2 * BLOCK),
  ]);

const header = ({ name: path, mode, content }: TarEntry, size: number): Buffer => {
  const folder = content === undefined;
  const block = Buffer.alloc(BLOCK);
  const { name, prefix } = split(folder ? `${path}/` : path);
  const octal = (value: number, offset: number, length: number): void => {
    block.write(value.toString(8).padStart(length - 1, '0'), offset, 'ascii');
  };
  block.write(name, 0, 'utf8');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write(folder ? '5' : '0', 156, 'ascii');
  block.write('ustar\0', 257, 'ascii');
  block.write('00', 263, 'ascii');
  block.write(prefix, 345, 'utf8');
  // The sum counts its own field as spaces.
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'ascii');
  return block;
};

/** @throws {Error} for a path that the format has no room for. */
const split = (path: string): { readonly name: string; readonly prefix: string } => {
  if (Buffer.byteLength(path) <= MAX_NAME) return { name: path, prefix: '' };
  const at = path.indexOf('/', path.length - MAX_NAME - 1);
  const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
  if (at <= 0 || Buffer.byteLength(name) > MAX_NAME || Buffer.byteLength(prefix) > MAX_PREFIX) {
    throw new Error(`${path} is too long for a tar archive`);
  }
  return { name, prefix };
};
