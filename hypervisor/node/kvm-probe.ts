import { constants } from 'node:fs';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../exec.js';

/** The guest needs a tenth of a second; where KVM does not work it hangs for good. */
const TIMEOUT_MS = 3000;
/** isa-debug-exit turns the byte written, 0x10, into this exit code. */
const EXIT_CODE = (0x10 << 1) | 1;

/** In the agent's own run directory, always the same: what a killed agent leaves of it is replaced, and removed, by the next. */
export const PROBE_FILE = 'kvm-probe.rom';

/** Runs a guest of a few instructions in KVM, long mode and SSE2 among them. /dev/kvm alone proves nothing. */
export async function kvmWorks(qemuBinary: string, runDir: string): Promise<boolean> {
  return await access('/dev/kvm', constants.R_OK | constants.W_OK).then(() => runsProbe(qemuBinary, runDir, 'kvm'), () => false);
}

/** The probe in an accelerator of choice. */
export async function runsProbe(qemuBinary: string, runDir: string, accelerator: 'kvm' | 'tcg'): Promise<boolean> {
  const rom = join(runDir, PROBE_FILE);
  try {
    await mkdir(runDir, { recursive: true, mode: 0o700 });
    await writeFile(rom, probeRom(), { mode: 0o600 });
    const { exitCode } = await run(qemuBinary, [
      '-machine', 'pc', '-accel', accelerator, '-m', '16', '-nodefaults', '-no-user-config', '-display', 'none',
      '-bios', rom, '-device', 'isa-debug-exit,iobase=0xf4,iosize=4',
    ], { timeoutMs: TIMEOUT_MS });
    return exitCode === EXIT_CODE;
  } finally {
    await rm(rom, { force: true });
  }
}

/** `kvm-probe.S`, assembled: code from 0, a jump to it at the reset vector, nothing in between. */
export function probeRom(): Buffer {
  const rom = Buffer.alloc(0x10000);
  Buffer.from(CODE, 'base64').copy(rom, 0);
  Buffer.from(RESET_VECTOR, 'hex').copy(rom, 0xfff0);
  return rom;
}

const CODE = [
  'LmYPARbwAA8gwGaDyAEPIsBm6hkA//8IAGa4EACO2I7AjtC/ABAAADHAuQAQAADzq8cFABAAAAMgAADHBQAgAAADMAAAxwUYIAAA',
  'A0AAAL8AMAAAuIMAAAC5AAIAAIkHg8cIBQAAIADi9L8AQAAAuIMAAMC5AAIAAIkHg8cIBQAAIADi9A8g4A0gBgAADyLguAAQAAAP',
  'Iti5gAAAwA8yDQABAAAPMA8gwIPg+w0CAACADyLA6rsA//8YALgBAAAAD6IPKMhmD9TBsBDm9PRmkAAAAAAAAAAA//8AAACbzwD/',
  '/wAAAJPPAP//AAAAm68AHwDQAP//',
].join('');
const RESET_VECTOR = 'e90d';
