// Prompts from a language model's server: what it is asked, and what becomes of good, odd and belated answers.
import { describe, expect, test } from "vitest";
import { generatePrompts } from "../dist/prompts/generate.js";
import { expectSound, generate, key } from "./support/llm-generate.js";
import {
	goodItems,
	llmStub,
	well,
	type Behaviour,
} from "./support/llm-stub.js";

describe("a server that answers well", () => {
	test("gives a prompt set, its source and what it took", async () => {
		const stub = await llmStub(well);
		const seen: unknown[] = [];
		const result = await generate(stub, {
			class: "bottle_1",
			onProgress: (progress) => seen.push(progress),
			llm: { price: { prompt: 1, completion: 10 } },
		});
		expectSound(result);
		expect(result.prompts).toMatchObject({
			class: "bottle",
			source: {
				kind: "llm",
				model: "stub-1",
				baseURL: stub.host,
				questionsVersion: 1,
				samples: 9,
			},
		});
		expect(Date.parse(result.prompts.source["date"] as string)).toBeGreaterThan(
			Date.now() - 60_000,
		);
		expect(result.prompts.normal).toHaveLength(32);
		expect(result.prompts.descriptors).toHaveLength(12);
		expect(result.usage).toEqual({
			requests: 9,
			retries: 0,
			promptTokens: 900,
			completionTokens: 450,
			cost: 0.0054,
		});
		expect(result).toMatchObject({ dropped: [], failures: [] });
		expect(seen).toHaveLength(9);
		expect(seen.at(-1)).toEqual({
			answered: 9,
			planned: 9,
			requests: 9,
			retries: 0,
			kept: { normal: 32, abnormal: 32, descriptors: 12 },
		});
	});

	test("is asked the paper's questions, with the key in the header, at most so many at once", async () => {
		const stub = await llmStub(
			(asked, reply) => void setTimeout(() => well(asked, reply, 0), 10),
		);
		await generate(stub, {
			llm: { headers: { "X-Team": "inspection" }, concurrency: 3 },
		});
		expect(stub.most).toBe(3);
		const texts = stub.asked.map(({ text }) => text).join("\n");
		for (const words of [
			"How to identify an abnormal bottle in an image?",
			"How to identify a normal bottle in an image?",
			"State the description beginning with: An abnormal image of bottle",
			"State the description beginning with: A normal image of bottle",
			"What are useful descriptions for distinguishing an anomaly bottle in a photo?",
		])
			expect(texts).toContain(words);
		expect(new Set(stub.asked.map(({ text }) => text)).size).toBe(9);
		for (const { headers, path, model, form } of stub.asked) {
			expect({
				path,
				model,
				form,
				key: headers.authorization,
				team: headers["x-team"],
			}).toEqual({
				path: "/v1/chat/completions",
				model: "stub-1",
				form: "json_schema",
				key: `Bearer ${key}`,
				team: "inspection",
			});
			expect(
				Object.keys(headers).filter((name) => /stainless|openai/.test(name)),
				"the client's own headers tell of the machine",
			).toEqual([]);
		}
	});

	test("stops at perLabel.max and asks on below perLabel.min", async () => {
		const few = await generate(await llmStub(well), {
			perLabel: { max: 16 },
			samples: 3,
		});
		expect(few.prompts.abnormal).toHaveLength(16);
		expect(few.dropped.every(({ reason }) => reason === "surplus")).toBe(true);
		const many = await llmStub(well);
		expect(
			(
				await generate(many, {
					perLabel: { min: 20 },
					samples: 1,
					descriptors: 0,
				})
			).prompts.normal,
		).toHaveLength(24);
		expect(many.asked).toHaveLength(6);
	});

	test("near-duplicates go where texts can be embedded", async () => {
		const { prompts, dropped } = await generate(await llmStub(well), {
			embed: (texts) =>
				new Float32Array(
					texts.flatMap((_, i) =>
						i < 2
							? [1, ...Array(99).fill(0)]
							: Array.from({ length: 100 }, (__, k) => (k === i ? 1 : 0)),
					),
				),
		});
		expect(prompts.normal).toHaveLength(31);
		expect(
			dropped.filter(({ reason }) => reason === "near-duplicate"),
		).toHaveLength(2);
	});

	test("without a key none is sent; the environment gives one", async () => {
		const stub = await llmStub(well);
		const { ALFA_LLM_KEY, OPENAI_API_KEY } = process.env;
		const generateBare = () =>
			generatePrompts({
				class: "bottle",
				llm: { baseURL: stub.baseURL, model: "stub-1" },
				samples: 2,
			});
		try {
			delete process.env["ALFA_LLM_KEY"];
			delete process.env["OPENAI_API_KEY"];
			await generateBare();
			process.env["OPENAI_API_KEY"] = "sk-of-openai";
			await generateBare();
			process.env["ALFA_LLM_KEY"] = `${key}\n`;
			await generateBare();
		} finally {
			for (const [name, value] of Object.entries({
				ALFA_LLM_KEY,
				OPENAI_API_KEY,
			}))
				if (value === undefined) delete process.env[name];
				else process.env[name] = value;
		}
		expect([
			...new Set(stub.asked.map(({ headers }) => headers.authorization)),
		]).toEqual([undefined, "Bearer sk-of-openai", `Bearer ${key}`]);
	});
});

describe("answers that are not of the form asked for", () => {
	const texts: [string, (items: string[]) => unknown][] = [
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
			(items) =>
				JSON.stringify({
					data: { list: items.map((value) => ({ value, score: 1 })) },
				}),
		],
	];
	test.each(texts)("%s", async (_, wrap) => {
		expectSound(
			await generate(
				await llmStub((asked, reply) => reply.says(wrap(goodItems(asked)))),
			),
		);
	});

	test.each([
		["json_schema", "json_object", 400],
		["json_schema and json_object", "plain", 422],
	] as const)(
		"a server that refuses %s is asked for %s",
		async (_, form, status) => {
			const stub = await llmStub((asked, reply) => {
				if (
					asked.form !== form &&
					(form === "plain" || asked.form === "json_schema")
				)
					reply.fails(status, "'response_format' is not supported");
				else if (form === "plain")
					reply.says(
						goodItems(asked)
							.map((item) => `- ${item}`)
							.join("\n"),
					);
				else well(asked, reply, 0);
			});
			const result = await generate(stub);
			expectSound(result);
			expect(result.usage.retries).toBe(0);
			expect(stub.asked.filter((asked) => asked.form === form)).toHaveLength(9);
			expect(stub.asked.length).toBeLessThanOrEqual(9 + 2 * 2);
		},
	);
});

describe("servers with bad moments", () => {
	const first =
		(bad: Behaviour): Behaviour =>
		(asked, reply, count) =>
			count <= 2 ? bad(asked, reply, count) : well(asked, reply, count);
	test.each<[string, Behaviour]>([
		["503", (_, reply) => reply.fails(503)],
		["a connection cut off", (_, reply) => reply.cutOff()],
		["no answer in time", () => {}],
		[
			"garbage",
			(_, reply) =>
				reply.raw(200, "G4rb4ge", { "content-type": "application/json" }),
		],
		[
			"a page of HTML",
			(_, reply) =>
				reply.raw(502, "<html><script>alert(1)</script></html>", {
					"content-type": "text/html",
				}),
		],
	])("%s, then well", async (_, bad) => {
		const result = await generate(await llmStub(first(bad)), {
			llm: { timeout: 300 },
		});
		expectSound(result);
		expect(result.usage).toMatchObject({ requests: 11, retries: 2 });
	});

	test("429 with Retry-After: as long as asked for, then well", async () => {
		const times: number[] = [];
		const stub = await llmStub((asked, reply, count) => {
			times.push(performance.now());
			return count === 1
				? reply.fails(429, "slow down", { "retry-after": "0.4" })
				: well(asked, reply, count);
		});
		expectSound(
			await generate(stub, {
				llm: { concurrency: 1, backoff: { first: 1, max: 2000 } },
			}),
		);
		expect(times[1]! - times[0]!).toBeGreaterThan(390);
	});

	test("Retry-After of an hour waits no longer than the bound", async () => {
		const started = performance.now();
		expectSound(
			await generate(
				await llmStub(
					first((_, reply) =>
						reply.fails(429, "later", { "retry-after": "3600" }),
					),
				),
				{ llm: { backoff: { first: 1, max: 60 } } },
			),
		);
		expect(performance.now() - started).toBeLessThan(5000);
	});

	test("one question that stays without an answer is told, the set is whole", async () => {
		const stub = await llmStub((asked, reply, count) =>
			asked.label === "descriptors"
				? reply.fails(500, "no descriptors today")
				: well(asked, reply, count),
		);
		const result = await generate(stub);
		expectSound(result);
		expect(result.prompts).not.toHaveProperty("descriptors");
		expect(result.failures).toMatchObject([
			{ label: "descriptors", code: "ERR_ALFA_LLM_SERVER" },
			{ label: "descriptors" },
		]);
	});
});
