import { z } from 'zod';

/** QEMU's `SocketAddress` (qapi/sockets.json), the two kinds ferry uses. A port is text there. */
export type QemuAddress =
  | { readonly type: 'unix'; readonly path: string }
  | { readonly type: 'inet'; readonly host: string; readonly port: string };

const Address = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('unix'), path: z.string() }),
  z.looseObject({ type: z.literal('inet'), host: z.string(), port: z.string() }),
]);

/** Addresses as QEMU reports them; kinds ferry does not use are left out. */
export const Addresses = z.array(z.unknown()).transform((list): QemuAddress[] => list.flatMap((item) => {
  const parsed = Address.safeParse(item);
  return parsed.success ? [parsed.data] : [];
}));

/** `migrate` and `migrate-incoming` in their `channels` form. */
export const mainChannel = (address: QemuAddress): unknown => [{ 'channel-type': 'main', addr: { transport: 'socket', ...address } }];
