import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { ociArchive } from '../../../tools/image/oci.ts';
import { type TarEntry, tar } from '../../../tools/image/tar.ts';

const folder = mkdtempSync(join(tmpdir(), 'tar-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the system's own tar makes of an archive. */
const unpacked = (archive: Buffer): readonly string[] => {
  const file = join(folder, 'archive.tar');
  writeFileSync(file, archive);
  return execFileSync('tar', ['-tf', file], { encoding: 'utf8' }).trim().split('\n');
};

describe('a tar archive', () => {
  const long = `${'folder/'.repeat(20)}${'n'.repeat(90)}`;

  test('is what tar reads, with names as long as the format allows', () => {
    const entries: TarEntry[] = [
      { name: 'a', mode: 0o755 },
      { name: 'a/b', mode: 0o644, content: Buffer.from('text') },
      { name: 'a/block', mode: 0o644, content: Buffer.alloc(512) },
      { name: long, mode: 0o644, content: Buffer.alloc(0) },
    ];
    expect(unpacked(tar(entries))).toEqual(['a/', 'a/b', 'a/block', long]);
  });

  test('refuses a name that it has no room for, instead of cutting it', () => {
    expect(() => tar([{ name: 'n'.repeat(101), mode: 0o644, content: Buffer.alloc(0) }])).toThrow('too long');
  });
});

describe('an OCI archive', () => {
  const options = {
    files: [{ path: '/a', mode: 0o644, content: Buffer.from('text') }],
    name: 'docker.io/tooltrail/tooltrail:1.2.3',
    title: 'tooltrail',
    entrypoint: ['/a'],
    version: '1.2.3',
    arch: 'x64',
  };

  test('is the same for the same files', () => {
    expect(ociArchive(options).equals(ociArchive(options))).toBe(true);
    const other = { ...options, files: [{ path: '/a', mode: 0o600, content: Buffer.from('text') }] };
    expect(ociArchive(options).equals(ociArchive(other))).toBe(false);
  });

  test('is not made for processors that images have no name for', () => {
    expect(() => ociArchive({ ...options, arch: 'mips' })).toThrow('no image for mips');
  });
});
