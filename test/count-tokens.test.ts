import { expect, test } from "vitest";
import { Engine } from "../dist/index.js";
import { readExpected } from "./support/expected.js";
import { tinyModel } from "./support/paths.js";

test("countTokens counts start and end, and the tokens beyond the model's context", async () => {
	await using engine = await Engine.open({ model: tinyModel });
	const { texts, ids } = readExpected("tiny-open-clip-gelu");
	for (const [i, text] of texts.entries()) {
		const count = await engine.countTokens(text);
		if (ids[i]!.length < 77) expect(count).toBe(ids[i]!.length);
		else expect(count).toBeGreaterThanOrEqual(77);
	}
	expect(await engine.countTokens("crack ".repeat(100))).toBeGreaterThan(100);
});
