// A model hub on 127.0.0.1 for @huggingface/hub. Like the real hub, it has a second server for large
// files. A test may answer any request itself, also wrongly or incompletely.
import { createHash } from "node:crypto";
import {
	createServer,
	type IncomingHttpHeaders,
	type ServerResponse,
} from "node:http";
import { closeAfterTests, listen } from "./stub-server.js";

export interface HubFile {
	content: Buffer;
	/** Whether the file is in Git LFS, and so on the second server. */
	lfs: boolean;
}

/** The files of each repository, by their names. */
export type Repositories = Record<string, Record<string, HubFile>>;

export interface HubRequest {
	/** 'cdn' is the server for large files. */
	server: "hub" | "cdn";
	method: string;
	path: string;
	headers: IncomingHttpHeaders;
	body: string;
}

/** Answers a request in place of the stub. Returns true if it has. */
export type Answer = (
	request: HubRequest,
	response: ServerResponse,
	file: HubFile | undefined,
	// biome-ignore lint/suspicious/noConfusingVoidType: answers that do nothing return nothing.
) => boolean | void;

export interface HubStub {
	endpoint: string;
	cdn: string;
	requests: HubRequest[];
	answer: Answer;
	close(): Promise<void>;
}

export const commit = "c0ffee".padEnd(40, "0");

export const sha256 = (content: Buffer) =>
	createHash("sha256").update(content).digest("hex");

const gitHash = (content: Buffer) =>
	createHash("sha1")
		.update(`blob ${content.length}\0`)
		.update(content)
		.digest("hex");

export async function hubStub(repositories: Repositories): Promise<HubStub> {
	const handle = (request: HubRequest, response: ServerResponse) => {
		stub.requests.push(request);
		const file = findFile(repositories, request.path);
		if (stub.answer(request, response, file)) return;
		if (request.path.startsWith("/api/models/"))
			answerApi(repositories, request, response);
		else if (file) answerFile(stub.cdn, file, request, response);
		else sendJson(response, { error: "Repository not found" }, 404);
	};
	const hub = await listen(hubServer("hub", handle));
	const cdn = await listen(hubServer("cdn", handle));
	const stub: HubStub = {
		endpoint: hub.origin,
		cdn: cdn.origin,
		requests: [],
		answer: () => {},
		close: async () => {
			await hub.close();
			await cdn.close();
		},
	};
	closeAfterTests(stub);
	return stub;
}

function hubServer(
	server: HubRequest["server"],
	handle: (request: HubRequest, response: ServerResponse) => void,
) {
	return createServer((request, response) => {
		const { method = "", url: path = "", headers } = request;
		let body = "";
		response.on("error", () => {});
		request.setEncoding("utf8");
		request.on("data", (text: string) => {
			body += text;
		});
		request.on("end", () =>
			handle({ server, method, path, headers, body }, response),
		);
	});
}

function findFile(
	repositories: Repositories,
	path: string,
): HubFile | undefined {
	const pattern =
		/^(?:\/api\/resolve-cache\/models)?\/([^/]+\/[^/]+)(?:\/resolve)?\/[^/]+\/([^?]+)/;
	const [, repo = "", name = ""] = pattern.exec(path) ?? [];
	return repositories[repo]?.[name];
}

function answerApi(
	repositories: Repositories,
	request: HubRequest,
	response: ServerResponse,
): void {
	const [, repo = "", call] =
		/^\/api\/models\/([^/]+\/[^/]+)\/(revision|paths-info)\//.exec(
			request.path,
		) ?? [];
	const files = repositories[repo];
	if (!files || call === undefined)
		sendJson(response, { error: "Repository not found" }, 404);
	else if (call === "revision")
		answerRevision(repo, Object.keys(files), request, response);
	else answerPathsInfo(files, request, response);
}

function answerRevision(
	id: string,
	names: string[],
	{ path }: HubRequest,
	response: ServerResponse,
): void {
	const [revision = ""] = path.split("/revision/")[1]!.split("?");
	if (!["main", commit].includes(decodeURIComponent(revision))) {
		sendJson(response, { error: "Invalid rev id" }, 404);
		return;
	}
	sendJson(response, {
		_id: "1",
		id,
		sha: commit,
		private: false,
		gated: false,
		lastModified: "2024-01-01T00:00:00.000Z",
		siblings: names.map((rfilename) => ({ rfilename })),
	});
}

function answerPathsInfo(
	files: Record<string, HubFile>,
	{ body }: HubRequest,
	response: ServerResponse,
): void {
	const paths = JSON.parse(body).paths as string[];
	const entries = paths
		.filter((path) => files[path])
		.map((path) => listEntry(path, files[path]!));
	sendJson(response, entries);
}

/** The hub redirects each file: large ones to the second server, small ones to a cache of its own. */
function answerFile(
	cdn: string,
	file: HubFile,
	request: HubRequest,
	response: ServerResponse,
): void {
	const { server, path } = request;
	const { content, lfs } = file;
	if (server === "cdn" || path.startsWith("/api/resolve-cache")) {
		const etag = server === "cdn" ? "of-the-store" : gitHash(content);
		sendContent(content, request, response, {
			etag: `"${etag}"`,
			"x-repo-commit": commit,
		});
		return;
	}
	const location = lfs
		? `${cdn}${path}?signature=abc`
		: `/api/resolve-cache/models${path.replace("/resolve", "")}`;
	const hash = lfs ? sha256(content) : gitHash(content);
	response
		.writeHead(lfs ? 302 : 307, {
			location,
			"x-repo-commit": commit,
			"x-linked-etag": `"${hash}"`,
			"x-linked-size": String(content.length),
		})
		.end();
}

/** A file's entry in the hub's answer. */
export function listEntry(
	path: string,
	{ content, lfs }: HubFile,
): Record<string, unknown> {
	const pointer = {
		oid: sha256(content),
		size: content.length,
		pointerSize: 134,
	};
	return {
		type: "file",
		path,
		size: content.length,
		oid: gitHash(lfs ? Buffer.from("pointer") : content),
		...(lfs && { lfs: pointer }),
	};
}

/** Sends the content, or the part that the request asks for. */
export function sendContent(
	content: Buffer,
	{ headers }: { headers: IncomingHttpHeaders },
	response: ServerResponse,
	extraHeaders: Record<string, string> = {},
): void {
	const [, start] = /^bytes=(\d+)-$/.exec(headers.range ?? "") ?? [];
	if (start === undefined) {
		response
			.writeHead(200, { "content-length": content.length, ...extraHeaders })
			.end(content);
		return;
	}
	if (Number(start) >= content.length) {
		response.writeHead(416, extraHeaders).end();
		return;
	}
	const rest = content.subarray(Number(start));
	response
		.writeHead(206, {
			"content-length": rest.length,
			"content-range": `bytes ${start}-${content.length - 1}/${content.length}`,
			...extraHeaders,
		})
		.end(rest);
}

/** Announces the complete content, sends `bytes` of it, and closes the connection. */
export function cutOff(
	content: Buffer,
	bytes: number,
	response: ServerResponse,
): true {
	response
		.writeHead(200, { "content-length": content.length })
		.write(content.subarray(0, bytes));
	setTimeout(() => response.destroy(), 30);
	return true;
}

/** Sends the chunk again and again until the connection is closed. */
export function sendWithoutEnd(
	chunk: Buffer | string,
	response: ServerResponse,
): true {
	const sendMore = () => {
		while (!response.destroyed && response.write(chunk));
	};
	response.writeHead(200).on("drain", sendMore);
	sendMore();
	return true;
}

export function sendJson(
	response: ServerResponse,
	value: unknown,
	status = 200,
): void {
	response
		.writeHead(status, { "content-type": "application/json" })
		.end(JSON.stringify(value));
}
