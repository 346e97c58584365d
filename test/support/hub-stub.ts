// A model hub on 127.0.0.1 as @huggingface/hub knows it, with a second server that has the large files, as the real one's CDN.
// A test may answer any request itself: well, cut off, or with anything at all.
import { createHash } from "node:crypto";
import {
	createServer,
	type IncomingHttpHeaders,
	type Server,
	type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";

export interface HubFile {
	content: Buffer;
	lfs: boolean;
}
export type Repositories = Record<string, Record<string, HubFile>>;
export interface HubRequest {
	on: "hub" | "cdn";
	method: string;
	path: string;
	headers: IncomingHttpHeaders;
	body: string;
}
/** true: it has answered. */
export type Answer = (
	request: HubRequest,
	response: ServerResponse,
	file: HubFile | undefined,
) => boolean | void;

export const commit = "c0ffee".padEnd(40, "0");
export const sha256 = (content: Buffer) =>
	createHash("sha256").update(content).digest("hex");
const gitHash = (content: Buffer) =>
	createHash("sha1")
		.update(`blob ${content.length}\0`)
		.update(content)
		.digest("hex");

export interface HubStub {
	endpoint: string;
	cdn: string;
	asked: HubRequest[];
	answer: Answer;
	close(): Promise<void>;
}

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
	for (const close of closing.splice(0)) await close();
});

async function listen(
	handle: (request: HubRequest, response: ServerResponse) => void,
	on: HubRequest["on"],
): Promise<{ server: Server; origin: string }> {
	const server = createServer((request, response) => {
		let body = "";
		response.on("error", () => {});
		request
			.setEncoding("utf8")
			.on("data", (text: string) => {
				body += text;
			})
			.on("end", () =>
				handle(
					{
						on,
						method: request.method!,
						path: request.url!,
						headers: request.headers,
						body,
					},
					response,
				),
			);
	});
	await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
	return {
		server,
		origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
	};
}

/** The content, or the part of it that is asked for. */
export function serve(
	content: Buffer,
	{ headers }: HubRequest,
	response: ServerResponse,
	more: Record<string, string> = {},
): void {
	const [, start] = /^bytes=(\d+)-$/.exec(headers.range ?? "") ?? [];
	if (start === undefined)
		return void response
			.writeHead(200, { "content-length": content.length, ...more })
			.end(content);
	if (Number(start) >= content.length)
		return void response.writeHead(416, more).end();
	const rest = content.subarray(Number(start));
	response
		.writeHead(206, {
			"content-length": rest.length,
			"content-range": `bytes ${start}-${content.length - 1}/${content.length}`,
			...more,
		})
		.end(rest);
}

/** Says that all of it comes, sends `bytes` of it, and drops the connection. */
export function cut(
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

export const json = (
	response: ServerResponse,
	value: unknown,
	status = 200,
) => {
	response
		.writeHead(status, { "content-type": "application/json" })
		.end(JSON.stringify(value));
};

export async function hubStub(repositories: Repositories): Promise<HubStub> {
	const fileAt = (path: string) => {
		const [, repo, file] =
			/^(?:\/api\/resolve-cache\/models)?\/([^/]+\/[^/]+)(?:\/resolve)?\/[^/]+\/([^?]+)/.exec(
				path,
			) ?? [];
		return repositories[repo ?? ""]?.[file ?? ""];
	};
	const handle = (request: HubRequest, response: ServerResponse) => {
		stub.asked.push(request);
		const { path, body, on } = request;
		const file = fileAt(path);
		if (stub.answer(request, response, file)) return;
		const [, repo, what] =
			/^\/api\/models\/([^/]+\/[^/]+)\/(revision|paths-info)\//.exec(path) ??
			[];
		const files = repositories[repo ?? ""];
		if (what === "revision" && files) {
			const revision = decodeURIComponent(
				path.split("/revision/")[1]!.split("?")[0]!,
			);
			if (!["main", commit].includes(revision))
				return json(response, { error: "Invalid rev id" }, 404);
			return json(response, {
				_id: "1",
				id: repo,
				sha: commit,
				private: false,
				gated: false,
				lastModified: "2024-01-01T00:00:00.000Z",
				siblings: Object.keys(files).map((rfilename) => ({ rfilename })),
			});
		}
		if (what === "paths-info" && files) {
			return json(
				response,
				(JSON.parse(body).paths as string[])
					.filter((each) => files[each])
					.map((each) => stated(each, files[each]!)),
			);
		}
		if (!file) return json(response, { error: "Repository not found" }, 404);
		if (on === "cdn" || path.startsWith("/api/resolve-cache"))
			return serve(file.content, request, response, {
				etag: on === "cdn" ? '"of-the-store"' : `"${gitHash(file.content)}"`,
				"x-repo-commit": commit,
			});
		const location = file.lfs
			? `${stub.cdn}${path}?signature=abc`
			: `/api/resolve-cache/models${path.replace("/resolve", "")}`;
		response
			.writeHead(file.lfs ? 302 : 307, {
				location,
				"x-repo-commit": commit,
				"x-linked-etag": `"${file.lfs ? sha256(file.content) : gitHash(file.content)}"`,
				"x-linked-size": String(file.content.length),
			})
			.end();
	};
	const hub = await listen(handle, "hub"),
		cdn = await listen(handle, "cdn");
	const close = async () => {
		for (const { server } of [hub, cdn])
			await new Promise<void>((closed) => {
				server.close(() => closed());
				server.closeAllConnections();
			});
	};
	closing.push(close);
	const stub: HubStub = {
		endpoint: hub.origin,
		cdn: cdn.origin,
		asked: [],
		answer: () => {},
		close,
	};
	return stub;
}

/** As the hub lists it. */
export function stated(
	path: string,
	{ content, lfs }: HubFile,
): Record<string, unknown> {
	return {
		type: "file",
		path,
		size: content.length,
		oid: gitHash(lfs ? Buffer.from("pointer") : content),
		...(lfs && {
			lfs: { oid: sha256(content), size: content.length, pointerSize: 134 },
		}),
	};
}
