// Sound answers of language models in other shapes than the requested one are used. Useless answers end the call after
// the first few, and the error says what came.
import { describe, expect, test } from "vitest";
import {
	expectGenerateError,
	expectGoodResult,
	generate,
} from "./support/llm-generate.js";
import {
	type Behaviour,
	goodItems,
	type LlmRequest,
	llmStub,
	type Reply,
} from "./support/llm-stub.js";

const jsonType = { "content-type": "application/json" };
const list = (items: string[]) => JSON.stringify({ prompts: items });

/** What one answer to a request looks like. */
type Shape = (items: string[], request: LlmRequest) => unknown;

const completion = (message: object) => ({
	id: "x",
	object: "chat.completion",
	choices: [{ index: 0, message: { role: "assistant", ...message } }],
	usage: { prompt_tokens: 100, completion_tokens: 50 },
});

const chunks = (text: string) => text.match(/.{1,40}/gs)!;

const envelopes: Record<string, Shape> = {
	"content as parts": (items) =>
		completion({ content: [{ type: "text", text: list(items) }] }),
	"content as several parts": (items) =>
		completion({
			content: chunks(list(items)).map((text) => ({ type: "text", text })),
		}),
	"content as an object": (items) => completion({ content: { list: items } }),
	"content as a list": (items) => completion({ content: items }),
	"a tool call": (items) =>
		completion({
			content: null,
			tool_calls: [
				{
					id: "1",
					type: "function",
					function: { name: "prompts", arguments: list(items) },
				},
			],
		}),
	"a tool call with an object": (items) =>
		completion({
			content: "",
			tool_calls: [{ function: { name: "x", arguments: { prompts: items } } }],
		}),
	"a function call": (items) =>
		completion({ function_call: { name: "x", arguments: list(items) } }),
	"reasoning beside the content": (items) =>
		completion({
			content: list(items),
			reasoning_content: "A normal image of bottle shows a bottle, I think",
		}),
	"the answer in reasoning_content": (items) =>
		completion({ content: null, reasoning_content: list(items) }),
	"the answer in reasoning": (items) =>
		completion({ content: "", reasoning: list(items) }),
	"a parsed answer": (items) => completion({ parsed: { prompts: items } }),
	"a text completion": (items) => ({ choices: [{ text: list(items) }] }),
	"the second choice": (items) => ({
		choices: [
			{ message: { content: "" } },
			{ message: { content: list(items) } },
		],
	}),
	"a list of one completion": (items) => [completion({ content: list(items) })],
	"Ollama's chat": (items) => ({
		message: { role: "assistant", content: list(items) },
		done: true,
	}),
	"Ollama's generate": (items) => ({ response: list(items), done: true }),
	"OpenAI's responses": (items) => ({
		output: [
			{ type: "reasoning", summary: [] },
			{
				type: "message",
				content: [{ type: "output_text", text: list(items) }],
			},
		],
	}),
	"Anthropic's messages": (items) => ({
		role: "assistant",
		content: [{ type: "text", text: list(items) }],
	}),
	"Gemini's candidates": (items) => ({
		candidates: [{ content: { parts: [{ text: list(items) }] } }],
	}),
	"the list without an envelope": (items) => ({ prompts: items }),
	"a bare array": (items) => items,
};

const texts: Record<string, (items: string[]) => string> = {
	"another key": (items) => JSON.stringify({ sentences: items }),
	"objects with other keys": (items) =>
		JSON.stringify(items.map((item, id) => ({ id, description: item }))),
	"numbers as keys": (items) =>
		JSON.stringify(Object.fromEntries(items.map((item, i) => [i + 1, item]))),
	"the prompts as keys": (items) =>
		JSON.stringify(Object.fromEntries(items.map((item) => [item, "good"]))),
	"one string with lines": (items) =>
		JSON.stringify({ prompts: items.join("\n") }),
	"JSON in a string of JSON": (items) => JSON.stringify(list(items)),
	"JSON in a fence": (items) => `Sure:\n\`\`\`json\n${list(items)}\n\`\`\`\n`,
	"numbers inside the JSON": (items) =>
		list(items.map((item, i) => `${i + 1}. ${item}`)),
	"one prompt per line": (items) => items.join("\n"),
	"lines with CRLF": (items) => items.join("\r\n"),
	"numbered lines": (items) =>
		items.map((item, i) => `${i + 1}. ${item}`).join("\n"),
	"numbers in bold": (items) =>
		items.map((item, i) => `**${i + 1}.** ${item}`).join("\n"),
	"numbers with a hash": (items) =>
		items.map((item, i) => `#${i + 1}: ${item}`).join("\n"),
	"numbers with a dash": (items) =>
		items.map((item, i) => `${i + 1} - ${item}`).join("\n"),
	"numbers without a space": (items) =>
		items.map((item, i) => `${i + 1}.${item}`).join("\n"),
	"headings before each prompt": (items) =>
		items.map((item, i) => `Prompt ${i + 1}: ${item}`).join("\n"),
	"a table": (items) =>
		[
			"| # | Description |",
			"|---|:-----------|",
			...items.map((item, i) => `| ${i + 1} | ${item} |`),
		].join("\n"),
	tags: (items) =>
		`<prompts>\n${items.map((item) => `  <li>${item}</li>`).join("\n")}\n</prompts>`,
	YAML: (items) =>
		`prompts:\n${items.map((item) => `  - "${item}"`).join("\n")}`,
	"a list of Python": (items) =>
		`[${items.map((item) => `'${item}'`).join(", ")}]`,
	"one paragraph": (items) => items.map((item) => `${item}.`).join(" "),
	"one JSON object per line": (items) =>
		items.map((text) => JSON.stringify({ text })).join("\n"),
	"thoughts before the answer": (items) =>
		`<think>A normal image of bottle? Maybe [1, 2]</think>\n${list(items)}`,
};

const sse = (events: unknown[]) =>
	`${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")}data: [DONE]\n\n`;

const bodies: Record<string, (items: string[], reply: Reply) => void> = {
	"JSON as text/plain": (items, reply) =>
		reply.send(200, JSON.stringify(completion({ content: list(items) })), {
			"content-type": "text/plain; charset=utf-8",
		}),
	"JSON without a content type": (items, reply) =>
		reply.send(200, JSON.stringify(completion({ content: list(items) }))),
	"JSON as text/html": (items, reply) =>
		reply.send(200, JSON.stringify(completion({ content: list(items) })), {
			"content-type": "text/html",
		}),
	"JSON in UTF-16": (items, reply) =>
		reply.send(
			200,
			Buffer.from(
				`\ufeff${JSON.stringify(completion({ content: list(items) }))}`,
				"utf16le",
			),
			{ "content-type": "application/json; charset=utf-16le" },
		),
	"comments before the JSON": (items, reply) =>
		reply.send(
			200,
			`: PROCESSING\n\n: PROCESSING\n\n${JSON.stringify(completion({ content: list(items) }))}`,
			jsonType,
		),
	"a stream of events": (items, reply) =>
		reply.send(
			200,
			sse([
				{ choices: [{ delta: { role: "assistant", content: "" } }] },
				...chunks(list(items)).map((content) => ({
					choices: [{ index: 0, delta: { content } }],
				})),
				{ choices: [{ delta: {}, finish_reason: "stop" }] },
				{ choices: [], usage: { prompt_tokens: 100, completion_tokens: 50 } },
			]),
			{ "content-type": "text/event-stream" },
		),
	"a stream of events that is declared as JSON": (items, reply) =>
		reply.send(
			200,
			sse([{ choices: [{ delta: { content: list(items) } }] }]),
			jsonType,
		),
	"a stream of lines": (items, reply) =>
		reply.send(
			200,
			chunks(list(items))
				.map((content) => JSON.stringify({ message: { content }, done: false }))
				.join("\n"),
			{ "content-type": "application/x-ndjson" },
		),
};

async function expectUsable(behaviour: Behaviour): Promise<void> {
	const stub = await llmStub(behaviour);
	const result = await generate(stub);
	expectGoodResult(result);
	expect(stub.requests).toHaveLength(9);
	expect(result.failures).toEqual([]);
	expect(result.prompts.normal).toHaveLength(32);
	expect(result.prompts.abnormal).toHaveLength(32);
}

describe("sound answers", () => {
	test.each(Object.entries(envelopes))("%s", (_, shape) =>
		expectUsable((request, reply) =>
			reply.sendJson(200, shape(goodItems(request), request)),
		),
	);

	test.each(Object.entries(texts))("%s as content", (_, text) =>
		expectUsable((request, reply) =>
			reply.sendContent(text(goodItems(request))),
		),
	);

	test.each(Object.entries(bodies))("%s", (_, send) =>
		expectUsable((request, reply) => send(goodItems(request), reply)),
	);
});

describe("useless answers end the call after at most three per label", () => {
	test.each<[string, unknown, string]>([
		["another sentence", "I like bottles very much", "I like bottles"],
		["nothing", "", "no text"],
		["lists of another topic", '["red apples", "green pears"]', "beginning"],
		["a refusal", "I'm sorry, I cannot help with that.", "instruction"],
	])("%s", async (_, content, part) => {
		const stub = await llmStub((_, reply) => reply.sendContent(content));
		const error = await expectGenerateError(stub, "ERR_ALFA_LLM_TOO_FEW");
		expect(error.message).toContain(part);
		expect(error.message).toContain("0 usable normal prompts");
		expect(stub.requests.length).toBeLessThanOrEqual(5);
	});

	test("an error with status 200: the message contains the server's text", async () => {
		const stub = await llmStub((_, reply) =>
			reply.sendJson(200, { error: { message: "model is loading" } }),
		);
		const error = await expectGenerateError(stub, "ERR_ALFA_LLM_RESPONSE");
		expect(error.message).toContain("model is loading");
	});

	test("another JSON: the message contains its keys", async () => {
		const stub = await llmStub((_, reply) =>
			reply.sendJson(200, { status: "ok", version: 3 }),
		);
		const error = await expectGenerateError(stub, "ERR_ALFA_LLM_RESPONSE");
		expect(error.message).toContain("status, version");
	});

	test("10,000 levels of nesting: no raw error", async () => {
		const nested = "[".repeat(10_000) + "]".repeat(10_000);
		const stub = await llmStub((_, reply) => reply.send(200, nested, jsonType));
		await expectGenerateError(stub, "ERR_ALFA_LLM_RESPONSE");
		stub.behaviour = (_, reply) => reply.sendContent(nested);
		await expectGenerateError(stub, "ERR_ALFA_LLM_TOO_FEW");
	});
});
