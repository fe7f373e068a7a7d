/**
 * What a container's tree needs: links, owners by number, devices, ACLs, xattrs, holes, times; what is gone is removed.
 * Times are compared to the nanosecond (`--modify-window=-1`): without it a file that changed twice in a second may stay as it was.
 */
export const RSYNC_OPTIONS: readonly string[] = ['-aHAXS', '--numeric-ids', '--delete', '--modify-window=-1', '--stats', '--no-human-readable', '--out-format=%i|%n'];

/**
 * The arguments for `rsync --server` on the target, if the source's are what `RSYNC_OPTIONS` leads to; null otherwise. The
 * last one, the place, is never taken over: it is this directory, in which the process starts.
 * The letters after `e.` say what the source's version can do (rsync's compat.c).
 */
export function serverArguments(asked: readonly string[]): readonly string[] | null {
  const [server, letters, ...rest] = asked;
  const [dot, place] = rest.slice(-2);
  const options = rest.slice(0, -2);
  if (server !== '--server' || letters === undefined || !LETTERS.test(letters) || dot !== '.' || place !== '.') return null;
  if (!options.every((option) => ALLOWED.some((allowed) => allowed.test(option)))) return null;
  return [server, letters, ...options, '.', '.'];
}

const LETTERS = /^-[lHogDtpAXrS]+e\d*\.[A-Za-z]*$/;
const ALLOWED = [/^--log-format=%?[A-Za-z]$/, /^--delete(-during)?$/, /^--stats$/, /^--numeric-ids$/, /^(-@|--modify-window=)-1$/];
