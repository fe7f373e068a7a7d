/**
 * Compares the leading dotted numbers of two versions (`10.0.2 (Debian …)`, `9.2.0-rc1`): negative when `a` is older. Missing
 * parts count as 0; a pre-release (`-rc1`, `-beta.2`) is older than its release, two of them compare as text.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  for (let i = 0; i < Math.max(left.numbers.length, right.numbers.length); i += 1) {
    const difference = (left.numbers[i] ?? 0) - (right.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.preRelease === right.preRelease) return 0;
  if (left.preRelease === '' || right.preRelease === '') return left.preRelease === '' ? 1 : -1;
  return left.preRelease < right.preRelease ? -1 : 1;
}

export const isOlder = (a: string, b: string): boolean => compareVersions(a, b) < 0;

function parseVersion(text: string): { readonly numbers: readonly number[]; readonly preRelease: string } {
  const match = /^\D*?(\d+(?:\.\d+)*)(?:[-~](alpha|beta|rc|pre|dev)([\w.]*))?/i.exec(text.trim());
  const numbers = (match?.[1] ?? '0').split('.').map(Number);
  return { numbers, preRelease: `${match?.[2] ?? ''}${match?.[3] ?? ''}`.toLowerCase() };
}
