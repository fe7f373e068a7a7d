import { MIB } from '../units.js';

/** QEMU's own memory beside the guest's: code, device state, page tables. */
const QEMU_OVERHEAD_BYTES = 128 * MIB;
const QEMU_OVERHEAD_SHARE = 0.05;

/** What a running VM with so much memory takes of its node. */
export const qemuMemoryBytes = (guestBytes: number): number => guestBytes * (1 + QEMU_OVERHEAD_SHARE) + QEMU_OVERHEAD_BYTES;
