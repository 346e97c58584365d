// A server with the OpenAI API's form on 127.0.0.1 that answers as a test wants: well, late, cut
// off, or with anything at all.
import {
	createServer,
	type IncomingHttpHeaders,
	type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";

export interface Asked {
	model: string;
	text: string;
	form: "json_schema" | "json_object" | "plain";
	headers: IncomingHttpHeaders;
	path: string;
	label: "normal" | "abnormal" | "descriptors";
}
export type Behaviour = (
	asked: Asked,
	reply: Reply,
	count: number,
) => void | Promise<void>;

export class Reply {
	constructor(readonly response: ServerResponse) {}

	/** A chat completion with that content. */
	says(
		content: unknown,
		usage: unknown = { prompt_tokens: 100, completion_tokens: 50 },
	): void {
		this.json(200, {
			id: "x",
			object: "chat.completion",
			choices: [
				{
					index: 0,
					message: { role: "assistant", content },
					finish_reason: "stop",
				},
			],
			usage,
		});
	}

	lists(items: readonly string[]): void {
		this.says(JSON.stringify({ prompts: items }));
	}

	json(
		status: number,
		body: unknown,
		headers: Record<string, string> = {},
	): void {
		this.raw(status, JSON.stringify(body), {
			"content-type": "application/json",
			...headers,
		});
	}

	raw(
		status: number,
		body: string | Buffer,
		headers: Record<string, string> = {},
	): void {
		this.response.writeHead(status, headers).end(body);
	}

	fails(
		status: number,
		message = "so it is",
		headers?: Record<string, string>,
	): void {
		this.json(
			status,
			{ error: { message, type: "stub", code: null } },
			headers,
		);
	}

	/** Promises more than it sends, then drops the connection. */
	cutOff(): void {
		this.response.writeHead(200, {
			"content-type": "application/json",
			"content-length": "5000",
		});
		this.response.write(
			'{"choices":[{"message":{"content":"{\\"prompts\\":[\\"An abnormal',
		);
		setTimeout(() => this.response.destroy(), 5);
	}
}

export interface Stub {
	baseURL: string;
	host: string;
	asked: Asked[];
	behaviour: Behaviour;
	most: number;
}

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
	for (const close of closing.splice(0)) await close();
});

export async function llmStub(behaviour: Behaviour): Promise<Stub> {
	let now = 0;
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		stub.most = Math.max(stub.most, ++now);
		response.on("close", () => now--);
		request.on("data", (chunk: Buffer) => chunks.push(chunk));
		request.on("end", () => {
			const { model, messages, response_format } = JSON.parse(
				Buffer.concat(chunks).toString(),
			);
			const text: string = messages.at(-1).content;
			const label = /descriptions for distinguishing/.test(text)
				? "descriptors"
				: /identify a normal/.test(text)
					? "normal"
					: "abnormal";
			const asked: Asked = {
				model,
				text,
				form: response_format?.type ?? "plain",
				headers: request.headers,
				path: request.url!,
				label,
			};
			stub.asked.push(asked);
			void stub.behaviour(asked, new Reply(response), stub.asked.length);
		});
	});
	await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
	closing.push(
		() =>
			new Promise((closed) => {
				server.close(() => closed());
				server.closeAllConnections();
			}),
	);
	const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	const stub: Stub = {
		baseURL: `http://${host}/v1`,
		host,
		asked: [],
		behaviour,
		most: 0,
	};
	return stub;
}

const places = [
	"neck",
	"base",
	"rim",
	"side",
	"shoulder",
	"cap",
	"label",
	"bottom",
];
const states = {
	normal: ["smooth", "clean", "round", "even"],
	abnormal: ["cracked", "chipped", "stained", "scratched"],
};
let serial = 0;

/** Sound answers: eight prompts that no answer before had, or descriptors. */
export function goodItems({ label }: Asked): string[] {
	if (label === "descriptors")
		return states.abnormal.flatMap((state) =>
			places.slice(0, 3).map((place) => `${state} ${place}`),
		);
	const n = ++serial;
	return places.map(
		(place, i) =>
			`${label === "normal" ? "A normal" : "An abnormal"} image of bottle with a ${states[label][i % 4]} ${place} seen from angle ${n}`,
	);
}

export const well: Behaviour = (asked, reply) => reply.lists(goodItems(asked));
