// GitHub on 127.0.0.1, as far as the GPU runtime needs it: the release API, and an archive that is
// redirected once.
import {
	createServer,
	type IncomingHttpHeaders,
	type ServerResponse,
} from "node:http";
import { sendContent, sendJson, sha256 } from "./hub-stub.js";
import { closeAfterTests, listen } from "./stub-server.js";

export const archiveName = "onnxruntime-linux-x64-gpu_cuda13-1.30.0.tgz";

/** Answers the request for the archive in place of the stub. Returns true if it has. */
export type ArchiveAnswer = (
	headers: IncomingHttpHeaders,
	response: ServerResponse,
	// biome-ignore lint/suspicious/noConfusingVoidType: answers that do nothing return nothing.
) => boolean | void;

export class ReleaseStub {
	readonly origin: string;
	requests: { path: string; headers: IncomingHttpHeaders }[] = [];
	content = Buffer.alloc(0);
	answerArchive: ArchiveAnswer = () => {};
	/** What the API lists. With undefined, the API fails. */
	assets: (() => unknown) | undefined;

	constructor(origin: string) {
		this.origin = origin;
	}

	/** Serves the archive, without the changes of earlier tests. */
	reset(content: Buffer): void {
		this.content = content;
		this.requests = [];
		this.answerArchive = () => {};
		this.assets = () => [
			{ name: "other.tgz" },
			{
				name: archiveName,
				size: content.length,
				digest: `sha256:${sha256(content)}`,
				browser_download_url: "http://127.0.0.1:9/never",
			},
		];
	}

	handle(
		path: string,
		headers: IncomingHttpHeaders,
		response: ServerResponse,
	): void {
		this.requests.push({ path, headers });
		if (path === "/repos/microsoft/onnxruntime/releases/tags/v1.30.0") {
			if (this.assets) sendJson(response, { assets: this.assets() });
			else sendJson(response, { message: "rate limit" }, 403);
		} else if (path === `/v1.30.0/${archiveName}`) {
			const location = `/store/${archiveName}?signature=abc`;
			response.writeHead(302, { location }).end();
		} else if (!path.startsWith("/store/")) {
			sendJson(response, {}, 404);
		} else if (!this.answerArchive(headers, response)) {
			sendContent(this.content, { headers }, response);
		}
	}
}

export async function releaseStub(): Promise<ReleaseStub> {
	const server = createServer(({ url = "", headers }, response) => {
		response.on("error", () => {});
		stub.handle(url, headers, response);
	});
	const listening = await listen(server);
	closeAfterTests(listening);
	const stub = new ReleaseStub(listening.origin);
	return stub;
}
