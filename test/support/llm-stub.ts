// A server with the OpenAI API on 127.0.0.1. It answers as a test wants: well, late, partially, or with
// anything at all.
import {
	createServer,
	type IncomingHttpHeaders,
	type IncomingMessage,
	type ServerResponse,
} from "node:http";
import { closeAfterTests, listen } from "./stub-server.js";

export interface LlmRequest {
	model: string;
	/** The question. */
	text: string;
	/** The form of the answer that is asked for. */
	form: "json_schema" | "json_object" | "plain";
	headers: IncomingHttpHeaders;
	path: string;
	/** What the question is about. */
	label: "normal" | "abnormal" | "descriptors";
}

/** Answers a request. `count` is the number of requests so far, this one included. */
export type Behaviour = (
	request: LlmRequest,
	reply: Reply,
	count: number,
) => void | Promise<void>;

export interface LlmStub {
	baseURL: string;
	host: string;
	requests: LlmRequest[];
	behaviour: Behaviour;
	/** The most requests that were open at the same time. */
	maxConcurrent: number;
}

export async function llmStub(behaviour: Behaviour): Promise<LlmStub> {
	let open = 0;
	const server = createServer(async (request, response) => {
		stub.maxConcurrent = Math.max(stub.maxConcurrent, ++open);
		response.on("close", () => open--);
		const llmRequest = await readRequest(request);
		stub.requests.push(llmRequest);
		const reply = new Reply(response);
		await stub.behaviour(llmRequest, reply, stub.requests.length);
	});
	const listening = await listen(server);
	closeAfterTests(listening);
	const stub: LlmStub = {
		baseURL: `${listening.origin}/v1`,
		host: new URL(listening.origin).host,
		requests: [],
		behaviour,
		maxConcurrent: 0,
	};
	return stub;
}

async function readRequest(request: IncomingMessage): Promise<LlmRequest> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	const { model, messages, response_format } = JSON.parse(
		Buffer.concat(chunks).toString(),
	);
	const text: string = messages.at(-1).content;
	return {
		model,
		text,
		form: response_format?.type ?? "plain",
		headers: request.headers,
		path: request.url!,
		label: labelOf(text),
	};
}

function labelOf(question: string): LlmRequest["label"] {
	if (question.includes("descriptions for distinguishing"))
		return "descriptors";
	return question.includes("identify a normal") ? "normal" : "abnormal";
}

export class Reply {
	readonly response: ServerResponse;

	constructor(response: ServerResponse) {
		this.response = response;
	}

	/** Sends a chat completion with that content. */
	sendContent(
		content: unknown,
		usage: unknown = { prompt_tokens: 100, completion_tokens: 50 },
	): void {
		const message = { role: "assistant", content };
		this.sendJson(200, {
			id: "x",
			object: "chat.completion",
			choices: [{ index: 0, message, finish_reason: "stop" }],
			usage,
		});
	}

	/** Sends a chat completion with these prompts. */
	sendList(items: readonly string[]): void {
		this.sendContent(JSON.stringify({ prompts: items }));
	}

	sendJson(
		status: number,
		body: unknown,
		headers: Record<string, string> = {},
	): void {
		this.send(status, JSON.stringify(body), {
			"content-type": "application/json",
			...headers,
		});
	}

	send(
		status: number,
		body: string | Buffer,
		headers: Record<string, string> = {},
	): void {
		this.response.writeHead(status, headers).end(body);
	}

	/** Sends an error in the form of the API. */
	sendError(
		status: number,
		message = "an error",
		headers?: Record<string, string>,
	): void {
		const error = { message, type: "stub", code: null };
		this.sendJson(status, { error }, headers);
	}

	/** Announces more bytes than it sends, and closes the connection. */
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

const parts = [
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
let answers = 0;

/** Good items for an answer: eight prompts that no earlier answer had, or twelve descriptors. */
export function goodItems({ label }: LlmRequest): string[] {
	if (label === "descriptors") {
		return states.abnormal.flatMap((state) =>
			parts.slice(0, 3).map((part) => `${state} ${part}`),
		);
	}
	answers++;
	const prefix = label === "normal" ? "A normal" : "An abnormal";
	return parts.map((part, i) => {
		const state = states[label][i % 4];
		return `${prefix} image of bottle with a ${state} ${part} seen from angle ${answers}`;
	});
}

export const answerWell: Behaviour = (request, reply) =>
	reply.sendList(goodItems(request));
