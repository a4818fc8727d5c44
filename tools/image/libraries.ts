import { execFileSync } from 'node:child_process';

/** Loaded by name when the C library looks up hosts; part of it since glibc 2.34. */
const BY_NAME = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'];

/** Absolute paths of the shared libraries that a program of this machine is loaded with, and of its loader. */
export const librariesOf = (program: string, exists: (path: string) => boolean): readonly string[] => {
  const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
  if (/not found/.test(listed)) throw new Error(`libraries of ${program} are missing:\n${listed}`);
  const needed = [...listed.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path!);
  const libc = needed.find((path) => path.endsWith('/libc.so.6'));
  const beside = libc === undefined ? [] : BY_NAME.map((name) => libc.replace(/libc\.so\.6$/, name));
  return [...new Set([...needed, ...beside.filter(exists)])].sort();
};
