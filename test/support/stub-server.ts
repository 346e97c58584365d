// Servers on 127.0.0.1 that stand for a service on the internet.
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";

export interface Listening {
	/** Such as http://127.0.0.1:40000. */
	origin: string;
	close(): Promise<void>;
}

/** Starts the server on a free port. */
export async function listen(server: Server): Promise<Listening> {
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	return {
		origin: `http://127.0.0.1:${port}`,
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

const stubs: { close(): Promise<void> }[] = [];

export function closeAfterTests(stub: { close(): Promise<void> }): void {
	stubs.push(stub);
}

afterAll(async () => {
	for (const { close } of stubs.splice(0)) await close();
});
