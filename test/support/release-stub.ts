// GitHub on 127.0.0.1, as far as the GPU runtime is concerned: the release API, and the archive that it redirects to.
import {
	createServer,
	type IncomingHttpHeaders,
	type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";
import { json, serve, sha256 } from "./hub-stub.js";

export const asset = "onnxruntime-linux-x64-gpu_cuda13-1.30.0.tgz";

export interface ReleaseStub {
	origin: string;
	content: Buffer;
	asked: { path: string; headers: IncomingHttpHeaders }[];
	/** true: it has answered the request for the archive. */
	atArchive: (
		headers: IncomingHttpHeaders,
		response: ServerResponse,
	) => boolean | void;
	/** What the API lists; undefined: it is out of order. */
	assets: (() => unknown) | undefined;
	reset(content: Buffer): void;
}

export async function releaseStub(): Promise<ReleaseStub> {
	const stub = { asked: [] } as unknown as ReleaseStub;
	const server = createServer((request, response) => {
		const { url: path = "", headers } = request;
		stub.asked.push({ path, headers });
		response.on("error", () => {});
		if (path === "/repos/microsoft/onnxruntime/releases/tags/v1.30.0")
			return stub.assets
				? json(response, { assets: stub.assets() })
				: json(response, { message: "rate limit" }, 403);
		if (path === `/v1.30.0/${asset}`)
			return void response
				.writeHead(302, { location: `/store/${asset}?signature=abc` })
				.end();
		if (!path.startsWith("/store/")) return json(response, {}, 404);
		if (!stub.atArchive(headers, response))
			serve(stub.content, { headers } as never, response);
	});
	await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
	afterAll(
		() =>
			new Promise<void>((closed) => {
				server.close(() => closed());
				server.closeAllConnections();
			}),
	);
	stub.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	stub.reset = (content) => {
		Object.assign(stub, {
			content,
			asked: [],
			atArchive: () => {},
			assets: () => [
				{ name: "other.tgz" },
				{
					name: asset,
					size: content.length,
					digest: `sha256:${sha256(content)}`,
					browser_download_url: "http://127.0.0.1:9/never",
				},
			],
		});
	};
	return stub;
}
