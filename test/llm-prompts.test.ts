// generatePrompts: what it asks a language model's server, and what it makes of good, unusual and
// late answers.
import { describe, expect, test } from "vitest";
import { generatePrompts } from "../dist/index.js";
import { expectGoodResult, generate, key } from "./support/llm-generate.js";
import {
	answerWell,
	type Behaviour,
	goodItems,
	llmStub,
} from "./support/llm-stub.js";

describe("a server that answers well", () => {
	test("gives a prompt set with its source and usage", async () => {
		const stub = await llmStub(answerWell);
		const progress: unknown[] = [];
		const result = await generate(stub, {
			class: "_bottle_",
			onProgress: (each) => progress.push(each),
			llm: { price: { prompt: 1, completion: 10 } },
		});
		expectGoodResult(result);
		const { prompts, usage } = result;
		expect(prompts).toMatchObject({
			class: "bottle",
			source: {
				kind: "llm",
				model: "stub-1",
				baseURL: stub.host,
				questionsVersion: 1,
				samples: 9,
			},
		});
		const date = Date.parse(prompts.source["date"] as string);
		expect(date).toBeGreaterThan(Date.now() - 60_000);
		expect(prompts.normal).toHaveLength(32);
		expect(prompts.descriptors).toHaveLength(12);
		expect(usage).toEqual({
			requests: 9,
			retries: 0,
			promptTokens: 900,
			completionTokens: 450,
			cost: 0.0054,
		});
		expect(result).toMatchObject({ dropped: [], failures: [] });
		expect(progress).toHaveLength(9);
		expect(progress.at(-1)).toEqual({
			answered: 9,
			planned: 9,
			requests: 9,
			retries: 0,
			kept: { normal: 32, abnormal: 32, descriptors: 12 },
		});
	});

	test("is asked the paper's questions", async () => {
		const stub = await llmStub(answerWell);
		await generate(stub);
		const texts = stub.requests.map(({ text }) => text);
		expect(new Set(texts).size).toBe(9);
		for (const words of [
			"How to identify an abnormal bottle in an image?",
			"How to identify a normal bottle in an image?",
			"State the description beginning with: An abnormal image of bottle",
			"State the description beginning with: A normal image of bottle",
			"What are useful descriptions for distinguishing an anomaly bottle in a photo?",
		])
			expect(texts.join("\n")).toContain(words);
	});

	test("gets the key and the user's headers, and nothing about the machine", async () => {
		const stub = await llmStub(answerWell);
		await generate(stub, { llm: { headers: { "X-Team": "inspection" } } });
		for (const { headers, path, model, form } of stub.requests) {
			expect({ path, model, form }).toEqual({
				path: "/v1/chat/completions",
				model: "stub-1",
				form: "json_schema",
			});
			expect(headers).toMatchObject({
				authorization: `Bearer ${key}`,
				"x-team": "inspection",
			});
			const clientHeaders = Object.keys(headers).filter((name) =>
				/stainless|openai/.test(name),
			);
			expect(clientHeaders).toEqual([]);
		}
	});

	test("gets at most llm.concurrency requests at once", async () => {
		const stub = await llmStub((request, reply) => {
			setTimeout(() => answerWell(request, reply, 0), 10);
		});
		await generate(stub, { llm: { concurrency: 3 } });
		expect(stub.maxConcurrent).toBe(3);
	});

	test("is not asked further once there are perLabel.max prompts", async () => {
		const { prompts, dropped } = await generate(await llmStub(answerWell), {
			perLabel: { max: 16 },
			samples: 3,
		});
		expect(prompts.abnormal).toHaveLength(16);
		expect(dropped.every(({ reason }) => reason === "surplus")).toBe(true);
	});

	test("is asked further below perLabel.min prompts", async () => {
		const stub = await llmStub(answerWell);
		const { prompts } = await generate(stub, {
			perLabel: { min: 20 },
			samples: 1,
			descriptors: 0,
		});
		expect(prompts.normal).toHaveLength(24);
		expect(stub.requests).toHaveLength(6);
	});

	test("may give near duplicates, which are dropped if texts can be embedded", async () => {
		/** The first two texts have the same embedding. */
		const embedding = (i: number) => {
			const row = Array(100).fill(0);
			row[i < 2 ? 0 : i] = 1;
			return row;
		};
		const { prompts, dropped } = await generate(await llmStub(answerWell), {
			embed: (texts) => new Float32Array(texts.flatMap((_, i) => embedding(i))),
		});
		expect(prompts.normal).toHaveLength(31);
		const nearDuplicates = dropped.filter(
			({ reason }) => reason === "near-duplicate",
		);
		expect(nearDuplicates).toHaveLength(2);
	});

	test("gets no key, or one from the environment", async () => {
		const stub = await llmStub(answerWell);
		const generateWithoutKey = () =>
			generatePrompts({
				class: "bottle",
				llm: { baseURL: stub.baseURL, model: "stub-1" },
				samples: 2,
			});
		const names = ["ALFA_LLM_KEY", "OPENAI_API_KEY"];
		const saved = names.map((name) => process.env[name]);
		try {
			for (const name of names) delete process.env[name];
			await generateWithoutKey();
			process.env["OPENAI_API_KEY"] = "sk-of-openai";
			await generateWithoutKey();
			process.env["ALFA_LLM_KEY"] = `${key}\n`;
			await generateWithoutKey();
		} finally {
			names.forEach((name, i) => {
				if (saved[i] === undefined) delete process.env[name];
				else process.env[name] = saved[i];
			});
		}
		const sent = stub.requests.map(({ headers }) => headers.authorization);
		expect([...new Set(sent)]).toEqual([
			undefined,
			"Bearer sk-of-openai",
			`Bearer ${key}`,
		]);
	});
});

describe("an answer of another form", () => {
	test.each<[string, (items: string[]) => string]>([
		[
			"a numbered list",
			(items) => items.map((item, i) => `${i + 1}. ${item}`).join("\n"),
		],
		[
			"bullets in a fence",
			(items) => `Sure:\n\`\`\`\n- ${items.join("\n- ")}\n\`\`\``,
		],
		[
			"JSON in prose",
			(items) => `Here it is: ${JSON.stringify({ prompts: items })}. Enjoy!`,
		],
		[
			"another schema",
			(items) => {
				const list = items.map((value) => ({ value, score: 1 }));
				return JSON.stringify({ data: { list } });
			},
		],
	])("is read: %s", async (_, format) => {
		const stub = await llmStub((request, reply) =>
			reply.sendContent(format(goodItems(request))),
		);
		expectGoodResult(await generate(stub));
	});

	test.each([
		["json_schema", ["json_schema"], "json_object", 400],
		[
			"json_schema and json_object",
			["json_schema", "json_object"],
			"plain",
			422,
		],
	] as const)(
		"is requested from a server that refuses %s",
		async (_, refused, accepted, status) => {
			const stub = await llmStub((request, reply) => {
				if ((refused as readonly string[]).includes(request.form))
					reply.sendError(status, "'response_format' is not supported");
				else if (request.form === "plain")
					reply.sendContent(`- ${goodItems(request).join("\n- ")}`);
				else answerWell(request, reply, 0);
			});
			const result = await generate(stub);
			expectGoodResult(result);
			expect(result.usage.retries).toBe(0);
			const answered = stub.requests.filter(({ form }) => form === accepted);
			expect(answered).toHaveLength(9);
			expect(stub.requests.length).toBeLessThanOrEqual(9 + 2 * 2);
		},
	);
});

describe("a server that first fails", () => {
	const failTwice =
		(fail: Behaviour): Behaviour =>
		(request, reply, count) =>
			(count <= 2 ? fail : answerWell)(request, reply, count);

	test.each<[string, Behaviour]>([
		["with 503", (_, reply) => reply.sendError(503)],
		["with a broken connection", (_, reply) => reply.cutOff()],
		["with no answer in time", () => {}],
		[
			"with text that is not JSON",
			(_, reply) =>
				reply.send(200, "G4rb4ge", { "content-type": "application/json" }),
		],
		[
			"with an HTML page",
			(_, reply) =>
				reply.send(502, "<html><script>alert(1)</script></html>", {
					"content-type": "text/html",
				}),
		],
	])("%s is asked again", async (_, fail) => {
		const stub = await llmStub(failTwice(fail));
		const result = await generate(stub, { llm: { timeout: 300 } });
		expectGoodResult(result);
		expect(result.usage).toMatchObject({ requests: 11, retries: 2 });
	});

	test("with 429 is asked again after Retry-After", async () => {
		const times: number[] = [];
		const stub = await llmStub((request, reply, count) => {
			times.push(performance.now());
			if (count === 1)
				reply.sendError(429, "slow down", { "retry-after": "0.4" });
			else answerWell(request, reply, count);
		});
		expectGoodResult(
			await generate(stub, {
				llm: { concurrency: 1, backoff: { first: 1, max: 2000 } },
			}),
		);
		expect(times[1]! - times[0]!).toBeGreaterThan(390);
	});

	test("with a Retry-After of an hour is asked again after the longest delay", async () => {
		const stub = await llmStub(
			failTwice((_, reply) =>
				reply.sendError(429, "later", { "retry-after": "3600" }),
			),
		);
		const start = performance.now();
		expectGoodResult(
			await generate(stub, { llm: { backoff: { first: 1, max: 60 } } }),
		);
		expect(performance.now() - start).toBeLessThan(5000);
	});
});

test("a question without an answer is reported, and the set is complete", async () => {
	const stub = await llmStub((request, reply, count) =>
		request.label === "descriptors"
			? reply.sendError(500, "no descriptors today")
			: answerWell(request, reply, count),
	);
	const result = await generate(stub);
	expectGoodResult(result);
	expect(result.prompts).not.toHaveProperty("descriptors");
	expect(result.failures).toMatchObject([
		{ label: "descriptors", code: "ERR_ALFA_LLM_SERVER" },
		{ label: "descriptors" },
	]);
});
